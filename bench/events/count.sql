-- SPDX-License-Identifier: PostgreSQL
-- How often which event comes, per person and day with readings; the median person's, and the most of anybody's.
\set QUIET on
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET search_path = glucose, public;
\ir ../load/load.sql
CREATE TEMP TABLE happened AS SELECT k.label, e.* FROM known_person k, glucose_events(k.person_id, '-infinity', 'infinity') e;
CREATE TEMP TABLE lived AS
  SELECT k.label, (glucose_statistics(k.person_id, '-infinity', 'infinity')).days FROM known_person k;
SELECT format('%s persons, %s days with readings', count(*), sum(days)) FROM lived;
SELECT '| | events | certainty of a half | a day of the median person | of the person with most |';
SELECT '|---|---|---|---|---|';
SELECT format('| %s | %s | %s | %s | %s |', kind, sum(n), sum(sure),
              round((percentile_cont(0.5) WITHIN GROUP (ORDER BY n::float8 / days))::numeric, 2),
              round(max(n::float8 / days)::numeric, 2))
FROM (SELECT k.kind, l.label, l.days, count(h.kind) AS n, count(h.kind) FILTER (WHERE h.certainty >= 0.5) AS sure
      FROM lived l CROSS JOIN (SELECT DISTINCT kind FROM happened) k
      LEFT JOIN happened h ON h.label = l.label AND h.kind = k.kind GROUP BY 1, 2, 3) c
GROUP BY kind ORDER BY kind;
