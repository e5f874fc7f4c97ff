-- SPDX-License-Identifier: PostgreSQL
-- What of the planted was found, told and handled. A line for each; it fails when one is not so.
\pset tuples_only on
\pset format unaligned
CREATE TEMP TABLE verdict (i serial, is_so boolean, says text);
CREATE FUNCTION pg_temp.after(at timestamptz, hours integer) RETURNS text LANGUAGE sql AS $$
  SELECT round(extract(epoch FROM at - m.begins) / 3600 - hours, 1) || ' h' FROM week.moment m $$;
CREATE TEMP VIEW alert AS SELECT p.i, p.fault, a.* FROM person_alert a JOIN week.person p USING (person_id);

INSERT INTO verdict (is_so, says)
SELECT count(d.person_id) >= :least_drifts AND count(a.person_id) = count(d.person_id)
       AND count(j.state) = count(d.person_id),
       format('drift: %s of %s found (%s), %s told as alerts, %s retrained or looked at by a worker',
       count(d.person_id),
              count(*), string_agg(format('%s: %s', p.fault, coalesce(format('%s days after the training',
                extract(day FROM d.at - m.trained)), 'not')), ', ' ORDER BY p.i),
              count(a.person_id), count(j.state))
FROM week.person p CROSS JOIN week.moment m
LEFT JOIN LATERAL (SELECT min(x.at) AS at, x.person_id FROM week.drift x WHERE x.person_id = p.person_id GROUP BY 2) d
  ON true
LEFT JOIN LATERAL (SELECT x.person_id FROM alert x WHERE x.person_id = p.person_id AND x.kind = 'drift' LIMIT 1) a
  ON true
LEFT JOIN LATERAL (SELECT x.state FROM training_job x WHERE x.person_id = p.person_id AND x.reason LIKE 'drift of %'
                     AND x.state = 'done' LIMIT 1) j ON true
WHERE p.fault IN ('carbs and fat mixed up', 'sensor 60 too high', 'nutrients missing');

INSERT INTO verdict (is_so, says)
SELECT count(*) = 1 AND bool_and(a.resolved_at IS NOT NULL),
       format('stuck sensor: told %s after it stuck, resolved %s after it said something else again',
              pg_temp.after(min(a.first_seen), 34), pg_temp.after(min(a.resolved_at), 42))
FROM alert a CROSS JOIN week.moment m WHERE a.kind = 'sensor_stuck' AND a.fault = 'stuck';

-- A bad model is gone when it was rolled back or withdrawn, or when the drift of its errors led to a better one.
INSERT INTO verdict (is_so, says)
SELECT count(*) FILTER (WHERE b.outcomes <= 30) >= :least_bad
  AND count(b.outcomes) = count(*) FILTER (WHERE b.is_told AND b.outcomes > 0),
       format('bad models: %s of %s taken from service, %s of them within 30 meals (median %s, at most %s): %s '
              'rolled back or withdrawn, %s replaced by a retraining after drift; %s told', count(b.outcomes), count(*),
              count(*) FILTER (WHERE b.outcomes <= 30), percentile_disc(0.5) WITHIN GROUP (ORDER BY b.outcomes),
              max(b.outcomes), count(b.checked_at), count(b.replaced_at) FILTER (WHERE b.checked_at IS NULL),
              count(*) FILTER (WHERE b.is_told))
FROM (SELECT c.checked_at, r.replaced_at,
             CASE WHEN coalesce(c.checked_at, r.replaced_at) IS NOT NULL THEN
               (SELECT count(*) FROM meal l CROSS JOIN week.moment m WHERE l.person_id = p.person_id
                  AND l.eaten_at BETWEEN m.begins AND least(c.checked_at, r.replaced_at)) END AS outcomes,
             EXISTS (SELECT FROM alert x WHERE x.person_id = p.person_id
                       AND x.kind IN ('model_rolled_back', 'model_withdrawn', 'drift')) AS is_told
      FROM week.person p CROSS JOIN week.moment m
      LEFT JOIN LATERAL (SELECT min(x.checked_at) AS checked_at FROM model_check x WHERE x.person_id = p.person_id) c
      ON true
      LEFT JOIN LATERAL (SELECT min(x.deployed_at) AS replaced_at FROM deployment x WHERE x.person_id = p.person_id
                           AND x.previous_version = '1.1.0' AND x.reason LIKE 'retraining%') r ON true
      WHERE p.fault = 'bad') b;

INSERT INTO verdict (is_so, says)
SELECT count(*) = 1 AND bool_and(s.severity = 'critical' AND s.resolved_at IS NOT NULL),
       format('stopped gateway: told %s after it stopped, resolved %s after it was back: %s',
              pg_temp.after(min(s.first_seen), 84), pg_temp.after(min(s.resolved_at), 116), min(s.message))
FROM system_alert s CROSS JOIN week.moment m WHERE s.kind = 'data_stopped';

INSERT INTO verdict (is_so, says)
SELECT count(*) FILTER (WHERE s.kind = 'jobs_full') = 1 AND count(*) FILTER (WHERE s.kind = 'jobs_waiting') = 1
       AND bool_and(s.resolved_at IS NOT NULL)
       AND NOT EXISTS (SELECT FROM training_job j WHERE j.state IN ('queued', 'running')),
       format('full queue: %s; resolved when the workers had done it',
              string_agg(format('%s after %s', s.message, pg_temp.after(s.first_seen, 30)), ', '
                         ORDER BY s.first_seen))
FROM system_alert s CROSS JOIN week.moment m WHERE s.kind LIKE 'jobs_%';

SELECT make_interval(mins => (health_options(:'limits') ->> 'cooldown_minutes')::integer) AS cooldown \gset
-- Once a cooldown, and the day's settings, which somebody looks after, once.
INSERT INTO verdict (is_so, says)
SELECT min(t.apart) >= :'cooldown' AND count(*) > 10
       AND (SELECT bool_and(n = 1)
       FROM (SELECT count(*) AS n FROM week.told WHERE kind = 'setting' GROUP BY subject) x),
       format('once a cooldown: %s tellings of %s open alerts, at least %s and at most %s apart',
       count(*) + count(DISTINCT t.alert),
              count(DISTINCT t.alert), min(t.apart), max(t.apart))
FROM (SELECT x.alert_id::text AS alert, x.told_at - lag(x.told_at) OVER (PARTITION BY x.alert_id
  ORDER BY x.told_at) AS apart
      FROM week.told_person x
      UNION ALL
      SELECT s.alert_id::text, x.at - lag(x.at) OVER (PARTITION BY s.alert_id ORDER BY x.at)
      FROM week.told x JOIN system_alert s ON s.kind = x.kind AND s.subject = x.subject
        AND x.at >= s.first_seen AND x.at <= coalesce(s.resolved_at, 'infinity') WHERE x.persons IS NULL) t
WHERE t.apart IS NOT NULL;

INSERT INTO verdict (is_so, says)
SELECT count(a.kinds) <= greatest(0.05 * count(*), 1),
       format('healthy: %s of %s persons with an alert in the week (%s)', count(a.kinds), count(*),
              coalesce(string_agg(a.kinds, '; '), 'none'))
FROM week.person p
LEFT JOIN LATERAL (SELECT string_agg(DISTINCT x.kind, ', ') AS kinds FROM alert x CROSS JOIN week.moment m
                   WHERE x.person_id = p.person_id AND x.last_seen >= m.begins) a ON true
WHERE p.fault IS NULL;
INSERT INTO verdict (is_so, says)
SELECT true, format('healthy before the week, 14 days: %s of %s persons with an alert (%s)', count(a.kinds), count(*),
                    coalesce(string_agg(a.kinds, '; '), 'none'))
FROM week.person p
LEFT JOIN LATERAL (SELECT string_agg(DISTINCT x.kind, ', ') AS kinds FROM alert x CROSS JOIN week.moment m
                   WHERE x.person_id = p.person_id AND x.first_seen < m.begins) a ON true
WHERE p.fault IS NULL;
-- And of the whole nothing but what was planted.
INSERT INTO verdict (is_so, says)
SELECT count(*) = 0, format('told of the whole beside that: %s',
  coalesce(string_agg(s.kind || ': ' || s.message, '; '), 'nothing'))
FROM system_alert s CROSS JOIN week.moment m
WHERE s.last_seen >= m.begins AND s.kind NOT IN ('data_stopped', 'jobs_full', 'jobs_waiting', 'setting',
  'models_withdrawn');

SELECT CASE WHEN is_so THEN 'ok      ' ELSE 'FAILED  ' END || says FROM verdict ORDER BY i;
SELECT format('%s passed, %s failed', count(*) FILTER (WHERE is_so), count(*) FILTER (WHERE is_so IS NOT TRUE))
  FROM verdict;
SELECT count(*) FILTER (WHERE is_so IS NOT TRUE) = 0 AS all_so FROM verdict \gset
\if :all_so
\else
  DO $$ BEGIN RAISE 'a planted fault was not found, told or handled'; END $$;
\endif
