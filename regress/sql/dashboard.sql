-- SPDX-License-Identifier: PostgreSQL
-- The operators' page and numbers for Prometheus: for whom, well-formed, and nothing of a person.
\getenv here PG_ABS_SRCDIR
\set test dashboard
\i :here/include/begin.sql
\pset format unaligned
\pset tuples_only on

-- Empty tables are a page, too.
SET ROLE dora;
SELECT dashboard() ~ '^<!DOCTYPE html>\n<html lang="en">.*</html>\n$';
SET ROLE anna;
SELECT simulate_person(1, 30) AS ada \gset
SELECT algorithm FROM train_model(:'ada', 'glucose', 'ridge');
SELECT count(predict_glucose(meal_id)) > 50 FROM meal WHERE person_id = :'ada';
SELECT test.expect('SELECT dashboard()'), test.expect('SELECT openmetrics()'), test.expect('SELECT gauges()');
RESET ROLE;
-- What somebody wrote is text on the page, and no markup.
INSERT INTO system_alert (kind, subject, severity, message)
  VALUES ('x', '<b>', 'critical', '"><script>alert(1)</script>');
INSERT INTO performance_log (person_id, model_type, day, source, version, minutes_ahead, n, sum_error, sum_absolute,
                             sum_squared, n_inside, sum_level)
SELECT :'ada', 'glucose', current_date - d, 'personal', '1.0.0', 60, 4, 0, 48, 700, 3, 3.6 FROM generate_series(1, 9) d;
-- What is of the same moment are rows of their own all the same.
INSERT INTO system_alert (kind, subject, severity, message, first_seen)
SELECT 'same' || i, '', 'info', 'moment ' || i, '2026-01-01Z' FROM generate_series(1, 3) i;
UPDATE prediction SET issued_at = now();
SELECT start_experiment('<i>', '{"algorithm": "lad"}', 10) IS NOT NULL;
SET ROLE dora;
SELECT dashboard() AS page \gset
SELECT :'page' !~ '<script|<b>|<i>|https?:|url\(|@import' AS nothing_from_elsewhere,
       strpos(:'page', '&quot;&gt;&lt;script&gt;') > 0 AS said_as_text, strpos(:'page', :'ada') = 0 AS nobody_named,
       :'page' ~ 'default-src ''none''' AS loads_nothing;
-- XML has stricter rules than HTML: what is between the tags of the body fits together.
SELECT xml_is_well_formed_document(substring(:'page' FROM '<body>.*</body>')) AS well_formed;
SELECT (xpath('count(//h2)', x))[1]::text, (xpath('count(//svg[@role="img"][@aria-label])', x))[1]::text,
       (xpath('count(//table[caption])', x))[1]::text, (xpath('count(//table[not(caption)])', x))[1]::text,
       (xpath('count(//section[@class="wide"][@tabindex][@aria-label])', x))[1]::text
FROM (SELECT substring(:'page' FROM '<body>.*</body>')::xml) v (x);
CREATE TEMP TABLE cells AS
SELECT t.table, r.n, array_agg(c.cell ORDER BY c.i) AS cells
FROM (SELECT (xpath('string(/table/caption)', x))[1]::text AS table, x
      FROM unnest(xpath('//table', substring(:'page' FROM '<body>.*</body>')::xml)) x) t,
     unnest(xpath('//tbody/tr', t.x)) WITH ORDINALITY r (x, n), LATERAL (
       SELECT (xpath('string(/*)', x))[1]::text AS cell, i FROM unnest(xpath('/tr/*', r.x)) WITH ORDINALITY c (x, i)) c
GROUP BY 1, 2;
SELECT split_part((xpath('string(/li)', x))[1]::text, ' since', 1)
FROM unnest(xpath('//ul[@class="alerts"]/li', substring(:'page' FROM '<body>.*</body>')::xml)) x;
SELECT count(*), bool_and(cells[1] ~ '^20..-' AND cells[2] = 'glucose' AND cells[3] = 'personal'
                          AND cells[4] = '1.0.0' AND cells[5] ~ '^[0-9.]+$') AS rows_are_rows
FROM cells WHERE "table" LIKE 'The last twenty%';
SELECT test.expect($$ SELECT dashboard('infinity') $$), dashboard('1900-01-01') IS NOT NULL;
-- OpenMetrics: names, labels, numbers, the end.
SELECT count(*) > 10, bool_and(line ~ ('^(# (HELP|TYPE) pg_glucose_[a-z0-9_]+ .+|'
  'pg_glucose_[a-z0-9_]+({[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*})? -?[0-9.]+|# EOF|)$'))
FROM regexp_split_to_table(openmetrics(), E'\n') line;
SELECT right(openmetrics(), 6) = E'# EOF\n', strpos(openmetrics(), :'ada') = 0;
SELECT line FROM regexp_split_to_table(openmetrics(), E'\n') line
WHERE line ~ '^pg_glucose_(active_models|error_mean|coverage_ratio|jobs|alerts_open{severity="info|models_withdrawn)';
-- What has no number is not said; one gauge alone says what it says among all; and the exporter's names are
-- unambiguous.
SELECT test.expect($$ SELECT gauges('pg_glucose') $$);
SELECT name FROM gauge_names() WHERE name NOT IN (SELECT name FROM gauges()) ORDER BY i;
SELECT count(*) FROM (SELECT * FROM gauges() EXCEPT SELECT g.* FROM gauge_names() n, gauges(n.name) g) x
WHERE name !~ '_(age_seconds|bytes)$';
SELECT count(*) FROM gauges() g JOIN gauge_names() n USING (name)
WHERE ARRAY(SELECT jsonb_object_keys(g.labels) ORDER BY 1) <> ARRAY(SELECT unnest(n.labels) ORDER BY 1);
SELECT count(*) = count(DISTINCT regexp_replace(name, '_[^_]+$', '')) FROM gauge_names();
SELECT test.expect($$ SELECT svg_lines('x', 'y', '{a,b}', '{s}', '{1}') $$), svg_lines('x', 'y', '{}', '{s}', '{}'),
       html('<&>"'''), html_table('none', '{a}', '{}');
-- No cell is markup, short or long, nor is what heads it.
SELECT string_agg(html_table(c.cell, ARRAY[c.cell, c.cell], ARRAY[c.cell, c.cell, 'b', c.cell]), '') !~ '<x' AS as_text
FROM unnest(ARRAY['<x', '<x' || repeat('a', 40)]) c (cell);
