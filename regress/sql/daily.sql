-- SPDX-License-Identifier: PostgreSQL
-- Days: the catalog, values and who may enter them, imports, sources, what readings make, the 51 features against SQL,
-- correlations against SQL, quality.
\getenv here PG_ABS_SRCDIR
\set test daily
\i :here/include/begin.sql
\pset format unaligned
\pset tuples_only on

-- The catalog: every metric that a feature names is in it, and every metric of devices has a range.
SELECT DISTINCT word[1] AS not_in_the_catalog FROM feature_schema('daily51/1') f,
  regexp_matches(f.source, '\m([A-Z]{2,}_[A-Z_]+|STEPS|DISTANCE|SEDENTARY|WORKOUTS|STRAIN)\M', 'g') word
WHERE word[1] NOT IN (SELECT name FROM metric);
SELECT count(*), count(DISTINCT name), bool_and(source <> '') FROM feature_schema('daily51/1');
SELECT name FROM metric WHERE low IS NULL OR high IS NULL;
SELECT kind, count(*) FROM metric GROUP BY 1 ORDER BY 1;

-- Metrics of an application's own: the steward defines, others do not.
SET ROLE anna;
INSERT INTO person (person_id, time_zone) VALUES (key('anna'), 'Europe/Berlin');
SELECT test.expect($$ SELECT glucose.define_metric('MOOD', 'points') $$);
SELECT test.expect($$ INSERT INTO metric (name, unit) VALUES ('MOOD', 'points') $$);
SET ROLE dora;
SELECT define_metric('MOOD', 'points', 1, 5, 'higher');
SELECT define_metric('MOOD', 'points', 1, 10, 'higher', 'of the morning');
SELECT unit, low, high, better, description, kind FROM metric WHERE name = 'MOOD';
SELECT call, test.expect(format('SELECT glucose.define_metric(%s)', call)) FROM unnest(ARRAY[
  $$'MOOD', 'percent'$$, $$'mood', 'points'$$, $$NULL, 'points'$$, $$'OTHER', ''$$, $$'OTHER', 'points', 5, 5$$,
  $$'OTHER', 'points', better => 'up'$$, $$'OTHER', 'points', sources => NULL$$]) call;

-- Values: the unit is filled in, unit and range are looked at, one a day, metric and source.
SET ROLE anna;
INSERT INTO daily_metric (person_id, day, metric, value) VALUES (key('anna'), '2026-01-05', 'RESTING_HEART_RATE', 58)
RETURNING unit, source, recorded_at, entered_by;
SELECT v,
  test.expect(format('INSERT INTO daily_metric (person_id, day, metric, value, unit, source) VALUES (key(%L), %s)',
                             'anna', v))
FROM unnest(ARRAY[$$'2026-01-05', 'RESTING_HEART_RATE', 60, NULL, 'unknown'$$,
  $$'2026-01-05', 'RESTING_HEART_RATE', 300, NULL, 'b'$$, $$'2026-01-05', 'RESTING_HEART_RATE', 60, 'Hz', 'b'$$,
  $$'2026-01-05', 'NO_SUCH_THING', 60, NULL, 'b'$$, $$'2026-01-05', 'MOOD', 'NaN', NULL, 'b'$$,
  $$'infinity', 'MOOD', 5, NULL, 'b'$$, $$'2026-01-05', 'MOOD', 5, NULL, ''$$]) v;
SELECT test.expect($$ UPDATE daily_metric SET value = 900 $$), test.expect($$ UPDATE daily_metric SET value = 59 $$);
SET ROLE dora;
SELECT test.expect($$ DELETE FROM metric WHERE name = 'RESTING_HEART_RATE' $$);

-- Levels of sharing, as for meals.
SET ROLE anna;
INSERT INTO person_access (person_id, identity, level)
  VALUES (key('anna'), 'ben', 'view'), (key('anna'), 'cara', 'record');
SET ROLE ben;
SELECT count(*) FROM daily_metric;
SELECT test.expect($$ SELECT import_daily(key('anna'), '[]') $$),
  test.expect($$ INSERT INTO daily_metric (person_id, day, metric, value)
  VALUES (key('anna'), '2026-01-06', 'MOOD', 5) $$),
  test.expect($$ INSERT INTO source_preference VALUES (key('anna'), 'MOOD', '{a}') $$);
SET ROLE cara;
INSERT INTO daily_metric (person_id, day, metric, value, source) VALUES (key('anna'), '2026-01-06', 'MOOD', 5, 'cara')
RETURNING entered_by;
UPDATE daily_metric SET value = 4 RETURNING metric, source;
SELECT test.expect($$ INSERT INTO source_preference VALUES (key('anna'), 'MOOD', '{a}') $$);
SET ROLE eve;
SELECT count(*) FROM daily_metric;
SELECT f, test.expect(format('SELECT * FROM %s', f)) FROM unnest(ARRAY[
  $$daily_values(key('anna'), '2026-01-01', '2026-01-09')$$, $$daily_features(key('anna'), '2026-01-05')$$,
  $$correlations(key('anna'), 'MOOD')$$, $$data_quality_score(key('nobody'))$$,
  $$import_daily(key('anna'), '[]')$$]) f;

-- Imports: one value or many of a day, units of devices, again, corrected, refused.
SET ROLE anna;
SELECT import_daily(key('anna'),
  '[{"day": "2026-02-01", "values": {"STEPS": 8000, "SLEEP_DURATION": 440, "MOOD": null}},
  {"day": "2026-02-01", "metric": "DISTANCE", "value": 6.5, "unit": "km", "source": "phone"},
  {"day": "2026-02-02", "metric": "SLEEP_DURATION", "value": 7.5, "unit": "h", "recorded_at": "2026-02-03T08:00"},
  {"day": "2026-02-02", "metric": "GLUCOSE_MEAN", "value": 7, "unit": "mmol/L"}]', '{"source": "watch"}');
SELECT day, metric, source, value, unit, recorded_at FROM daily_metric WHERE day >= '2026-02-01' ORDER BY 1, 2;
SELECT import_daily(key('anna'), (SELECT jsonb_agg(d) FROM daily_metric d));
SELECT import_daily(key('anna'), '[{"day": "2026-02-01", "metric": "STEPS", "value": 9000}]',
  '{"source": "watch", "on_change": "keep"}');
SELECT import_daily(key('anna'), '[{"day": "2026-02-01", "metric": "STEPS", "value": 8500},
  {"day": "2026-02-01", "metric": "STEPS", "value": 9000}]', '{"source": "watch", "recorded_at": "2026-02-05T00:00Z"}');
SELECT value, recorded_at FROM daily_metric WHERE metric = 'STEPS';
SELECT import_daily(key('anna'), '[1, {}, {"day": "2026-02-01"}, {"day": "2026-02-01T00:00Z", "values": {}},
  {"day": "2026-02-30", "values": {"STEPS": 1}}, {"day": "2026-02-01", "values": {"STEPPS": 1, "STEPS": "x"}},
  {"day": "2026-02-01", "metric": "STEPS", "value": -1},
  {"day": "2026-02-01", "metric": "STEPS", "value": 1, "unit": "h"},
  {"day": "1979-12-31", "metric": "STEPS", "value": 1}, {"day": "2190-02-01", "metric": "STEPS", "value": 1},
  {"day": "2026-02-01", "metric": "MOOD", "value": 1e300}, {"day": "2026-02-01", "metric": "STEPS", "value": true},
  {"day": "2026-02-01", "metric": "STEPS", "value": 1, "person_id": "5e1f6a52-0000-4000-8000-000000000000"},
  {"day": "2026-02-01", "metric": "STEPS", "value": 1, "values": {"MOOD": 1}}]');
-- Beyond either end of its range, beside one that is within it.
SELECT import_daily(key('anna'), '[{"day": "2026-02-03", "metric": "STEPS", "value": 200001},
  {"day": "2026-02-03", "metric": "RESTING_HEART_RATE", "value": 24.9},
  {"day": "2026-02-03", "values": {"RESTING_HEART_RATE": 150.1, "STEPS": 200000}}]');
DELETE FROM daily_metric WHERE person_id = key('anna') AND day = '2026-02-03';
SELECT call, test.expect(format('SELECT import_daily(%s)', call))
  FROM unnest(ARRAY[$$NULL, '[]'$$, $$key('anna'), '{}'$$,
  $$key('anna'), '[{"dday": 1}]'$$, $$key('anna'), '[]', '{"unit": "h"}'$$, $$key('anna'), '[]', '{"source": ""}'$$,
  $$key('anna'), '[{"day": "2026-02-01", "values": {"STEPPS": 1}}]', '{"strict": true}'$$]) call;

-- Several sources of a day: by name, by the metric's order, by the person's.
SELECT import_daily(key('anna'), '[{"day": "2026-02-01", "metric": "STEPS", "value": 1, "source": "a"},
  {"day": "2026-02-01", "metric": "STEPS", "value": 2, "source": "b"},
  {"day": "2026-02-01", "metric": "STEPS", "value": 3, "source": "c"}]');
SELECT value, source FROM daily_values(key('anna'), '2026-02-01', '2026-02-01', '{STEPS}');
SET ROLE dora;
SELECT define_metric('STEPS', 'count', 0, 200000, sources => '{watch,c}');
SET ROLE anna;
SELECT value, source FROM daily_values(key('anna'), '2026-02-01', '2026-02-01', '{STEPS}');
INSERT INTO source_preference (person_id, metric, sources) VALUES (key('anna'), 'STEPS', '{none,b}');
SELECT value, source FROM daily_values(key('anna'), '2026-02-01', '2026-02-01', '{STEPS}');
SELECT (daily_features(key('anna'), '2026-02-01'))[17];
SELECT count(*) FROM daily_metric WHERE metric = 'STEPS';
-- Of many: the person's order, a name twice, then that for all, then names.
INSERT INTO daily_metric (person_id, day, metric, value, source)
  SELECT key('anna'), '2026-02-08', 'DISTANCE', i, 'source ' || i FROM generate_series(10, 90) i;
INSERT INTO source_preference (person_id, metric, sources)
  VALUES (key('anna'), 'DISTANCE', '{source 77,none,source 12,source 77}');
SELECT value, source FROM daily_values(key('anna'), '2026-02-08', '2026-02-08', '{DISTANCE}');
DELETE FROM daily_metric WHERE source = 'source 77';
SELECT value, source FROM daily_values(key('anna'), '2026-02-08', '2026-02-08', '{DISTANCE}');
RESET ROLE;
UPDATE metric SET sources = '{source 50,source 49}' WHERE name = 'DISTANCE';
SET ROLE anna;
DELETE FROM source_preference WHERE metric = 'DISTANCE';
SELECT value, source FROM daily_values(key('anna'), '2026-02-08', '2026-02-08', '{DISTANCE}');
RESET ROLE;
UPDATE metric SET sources = '{}' WHERE name = 'DISTANCE';
SET ROLE anna;
SELECT value, source FROM daily_values(key('anna'), '2026-02-08', '2026-02-08', '{DISTANCE}');
DELETE FROM daily_metric WHERE metric = 'DISTANCE' AND day = '2026-02-08';
SELECT day, known FROM person_days(key('anna'), '2026-02-01', '2026-02-02');
SELECT call, test.expect(format('SELECT * FROM %s', call)) FROM unnest(ARRAY[
  $$daily_values(key('anna'), '2026-02-01', '2026-02-02', '{STEPPS}')$$,
  $$daily_values(key('anna'), 'infinity', '2026-02-02')$$, $$daily_values(key('anna'), '2006-01-01', '2026-02-02')$$,
  $$daily_features(key('anna'), '2026-02-01', 'STEPPS')$$, $$daily_features(key('anna'), NULL)$$,
  $$lag_analysis(key('anna'), 'STEPS', 'a_stepps')$$, $$lag_analysis(key('anna'), 'STEPS', 'a_steps', 31)$$,
  $$correlations(key('anna'), 'STEPS', lang => 'fr')$$, $$correlations(key('anna'), 'STEPS', 2)$$]) call;

-- A simulated person of New York with readings, meals and a watch, against SQL. Views of what each day has.
SELECT simulate_person(5, 100, 't1d') AS sim \gset
UPDATE person SET time_zone = 'America/New_York' WHERE person_id = :'sim';
UPDATE glucose_reading SET recorded_at = measured_at + interval '2 days' WHERE person_id = :'sim'
  AND measured_at >= '2026-02-20 06:00' AND measured_at < '2026-02-20 18:00';
CREATE TEMP VIEW clock AS
  SELECT d::date AS day, d::timestamp AT TIME ZONE 'America/New_York' AS since,
         (d::timestamp + interval '1 day') AT TIME ZONE 'America/New_York' AS until
  FROM generate_series(date '2026-01-05', date '2026-04-14', interval '1 day') d;
CREATE TEMP TABLE value AS
  SELECT c.day, m.metric, m.value FROM clock c LEFT JOIN daily_metric m ON m.person_id = :'sim' AND m.day = c.day;
CREATE FUNCTION pg_temp.v(on_day date, of text) RETURNS real LANGUAGE sql AS $$
  SELECT value FROM value WHERE day = on_day AND metric = of $$;
-- What the readings make of days, the one on which the clock is turned included.
CREATE TEMP TABLE made AS
  SELECT c.day, avg(r.mg_dl::float8) AS mean, stddev_samp(r.mg_dl::float8) AS sd,
         100 * avg((r.mg_dl BETWEEN 70 AND 180)::int) AS in_range, 100 * avg((r.mg_dl < 70)::int) AS below,
         count(*) AS n,
         count(*) * least(percentile_disc(0.5) WITHIN GROUP (ORDER BY r.step), 900)
           / extract(epoch FROM c.until - c.since) AS covered
  FROM clock c JOIN LATERAL (
    SELECT r.*, extract(epoch FROM r.measured_at - lag(r.measured_at) OVER (ORDER BY r.measured_at)) AS step
    FROM glucose_reading r
    WHERE r.person_id = :'sim' AND r.measured_at >= c.since AND r.measured_at < c.until) r ON true
  GROUP BY c.day, c.since, c.until;
SELECT count(*) > 90 AS days, count(*) FILTER (WHERE m.covered < 0.7) > 0 AS some_not_covered,
  bool_and(g.n = m.n) AS n, bool_and(test.near(g.covered, least(m.covered, 1)::float8)) AS covered,
  bool_and(CASE WHEN m.covered >= 0.7 THEN test.near(g.mean_mg_dl, m.mean) AND test.near(g.sd_mg_dl, m.sd)
             AND test.near(g.in_range_pct, m.in_range::float8) AND test.near(g.below_70_pct, m.below::float8)
           ELSE g.mean_mg_dl IS NULL AND g.sd_mg_dl IS NULL END) AS values
FROM made m FULL JOIN daily_glucose(:'sim', '2026-01-05', '2026-04-14') g USING (day);
-- The day whose readings came late was not covered at its end, and is later.
SELECT (daily_features(:'sim', '2026-02-20'))[40] IS NULL AS not_yet,
  test.near((daily_features(:'sim', '2026-02-20', as_of => '2026-02-24'))[40], (SELECT mean FROM made
    WHERE day = '2026-02-20')) AS later;
-- Features, one query for each kind.
CREATE TEMP TABLE feature AS
  SELECT c.day, x.value, s.name FROM clock c, unnest(daily_features(:'sim', c.day)) WITH ORDINALITY AS x (value, index)
  JOIN feature_schema('daily51/1') s USING (index) WHERE c.day >= '2026-02-10';
CREATE TEMP TABLE eaten AS
  SELECT c.day, m.eaten_at, m.calories, m.carbs_g,
         extract(epoch FROM m.eaten_at - c.since) / 60 AS minute,
         sum(1) OVER (PARTITION BY c.day ORDER BY m.eaten_at) AS n,
         m.eaten_at - lag(m.eaten_at) OVER (PARTITION BY c.day ORDER BY m.eaten_at) AS step
  FROM clock c JOIN meal m ON m.person_id = :'sim' AND m.eaten_at >= c.since AND m.eaten_at < c.until;
SELECT min(step) > interval '15 min' AS each_line_is_a_meal FROM eaten WHERE day >= '2026-02-10';
CREATE TEMP TABLE own AS
  SELECT c.day, 'n_kcal' AS name, e.kcal AS value FROM clock c LEFT JOIN LATERAL (
    SELECT CASE WHEN count(*) = count(calories) THEN sum(calories) END AS kcal, count(*) AS n, sum(calories) AS known
    FROM eaten e WHERE e.day = c.day) e ON e.n >= 2 OR e.known >= 500
  UNION ALL SELECT c.day, 'n_meals', e.n FROM clock c LEFT JOIN LATERAL (
    SELECT count(*) AS n, sum(calories) AS known FROM eaten e WHERE e.day = c.day) e ON e.n >= 2 OR e.known >= 500
  UNION ALL SELECT c.day, 'a_steps', CASE WHEN pg_temp.v(c.day, 'WEAR_TIME') >= 600 THEN pg_temp.v(c.day, 'STEPS') END
    FROM clock c
  UNION ALL SELECT c.day, 'a_workouts', CASE WHEN pg_temp.v(c.day, 'WEAR_TIME') >= 600
    THEN coalesce(pg_temp.v(c.day, 'WORKOUTS'), 0) ELSE pg_temp.v(c.day, 'WORKOUTS') END FROM clock c
  UNION ALL SELECT c.day, 'h_rhr', pg_temp.v(c.day, 'RESTING_HEART_RATE') FROM clock c
  UNION ALL SELECT c.day, 'h_glucose_mean', m.mean FROM clock c LEFT JOIN made m ON m.day = c.day AND m.covered >= 0.7
    AND m.day <> '2026-02-20'
  UNION ALL SELECT c.day, 'h_temp_dev', pg_temp.v(c.day, 'SKIN_TEMPERATURE') - b.mean FROM clock c, LATERAL (
    SELECT CASE WHEN count(value) >= 7 THEN avg(value::float8) END AS mean FROM value v
    WHERE v.metric = 'SKIN_TEMPERATURE' AND v.day BETWEEN c.day - 30 AND c.day - 1) b
  UNION ALL SELECT c.day, 't_dow_sin', sin(2 * pi() * extract(dow FROM c.day + 1)::float8 / 7) FROM clock c
  UNION ALL SELECT c.day, 't_season_cos', cos(2 * pi() * extract(doy FROM c.day + 1)::float8 / 365.25) FROM clock c
  UNION ALL SELECT c.day, 't_gap_days', least(14, c.day - max(v.day)) FROM clock c JOIN value v
    ON v.metric = 'RESTING_HEART_RATE' AND v.day <= c.day GROUP BY c.day
  UNION ALL SELECT c.day, 'x_sleep_debt', d.debt FROM clock c, LATERAL (
    SELECT CASE WHEN count(*) FILTER (WHERE day > c.day - 7) >= 4
                THEN sum(greatest(0, mean - value)) FILTER (WHERE day > c.day - 7) END AS debt
    FROM (SELECT v.day, v.value, avg(v.value::float8) OVER () AS mean FROM value v
          WHERE v.metric = 'SLEEP_DURATION' AND v.value BETWEEN 60 AND 960 AND v.day BETWEEN c.day - 29 AND c.day) s) d
  UNION ALL SELECT c.day, 'x_strain', CASE WHEN h.z IS NULL AND r.z IS NULL THEN NULL
      ELSE coalesce(h.z, 0) - coalesce(r.z, 0) END
    FROM clock c, LATERAL (
      SELECT CASE WHEN count(*) >= 7 THEN (pg_temp.v(c.day, 'RESTING_HEART_RATE') - avg(value::float8))
               / nullif(stddev_samp(value::float8), 0) END AS z
      FROM value v WHERE v.metric = 'RESTING_HEART_RATE' AND v.day BETWEEN c.day - 30 AND c.day - 1) h, LATERAL (
      SELECT CASE WHEN count(*) >= 7 THEN (ln(pg_temp.v(c.day, 'HEART_RATE_VARIABILITY_RMSSD')::float8)
               - avg(ln(value::float8))) / nullif(stddev_samp(ln(value::float8)), 0) END AS z
      FROM value v WHERE v.metric = 'HEART_RATE_VARIABILITY_RMSSD' AND v.day BETWEEN c.day - 30 AND c.day - 1) r
  UNION ALL SELECT c.day, 'n_last_meal_min', CASE WHEN e.n >= 2 OR e.known >= 500 THEN floor(e.last) - 1080 END
    FROM clock c, LATERAL (SELECT count(*) AS n, sum(calories) AS known,
    max(minute) FILTER (WHERE minute >= 240) AS last
      FROM eaten e WHERE e.day = c.day AND c.day <> '2026-03-08') e WHERE c.day <> '2026-03-08';
SELECT name, count(*) > 50 AS days, count(f.value) > 20 AS known,
  count(*) FILTER (WHERE NOT test.near(f.value, o.value, 1e-4 * greatest(1, abs(o.value)))) AS different
FROM own o JOIN feature f USING (day, name) GROUP BY name ORDER BY name;
-- The rest are there, too.
SELECT string_agg(name, ' ' ORDER BY name) AS never_known FROM (
  SELECT name FROM feature GROUP BY name HAVING count(value) = 0) f;
-- The summary of days, and what goes together, against corr() and ranks.
SELECT bool_and(test.near(s.known_share, o.known) AND test.near(s.mean, o.mean, 1e-3) AND test.near(s.sd, o.sd, 1e-3)
  AND test.near(s.last, o.last)) AS same
FROM daily_feature_summary(:'sim', '2026-02-10', '2026-04-14') s JOIN LATERAL (
  SELECT count(v.value)::float8 / 64 AS known, avg(v.value::float8) AS mean, stddev_samp(v.value::float8) AS sd,
         (array_agg(v.value ORDER BY v.day DESC))[1] AS last
  FROM value v WHERE v.day >= '2026-02-10' AND v.metric = CASE s.feature WHEN 'h_rhr' THEN 'RESTING_HEART_RATE'
    WHEN 'h_deep_min' THEN 'SLEEP_DEEP' WHEN 'n_water_ml' THEN 'WATER_INTAKE' END) o ON true
WHERE s.feature IN ('h_rhr', 'h_deep_min', 'n_water_ml');
CREATE FUNCTION pg_temp.pairs(of text, later integer, OUT n bigint, OUT pearson float8, OUT spearman float8)
LANGUAGE sql AS $$
  SELECT count(*), corr(x, y), corr(rx, ry) FROM (
    SELECT a.value::float8 AS x, b.value::float8 AS y,
           (rank() OVER (ORDER BY a.value) + count(*) OVER (PARTITION BY a.value) / 2.0)::float8 AS rx,
           (rank() OVER (ORDER BY b.value) + count(*) OVER (PARTITION BY b.value) / 2.0)::float8 AS ry
    FROM value a JOIN value b ON b.day = a.day + later AND b.metric = 'RESTING_HEART_RATE'
    WHERE a.metric = of AND a.day > (SELECT max(day) - 90 FROM value WHERE metric = 'RESTING_HEART_RATE')) p $$;
SELECT c.feature, c.n = p.n AS n, test.near(c.pearson, p.pearson, 1e-6) AS pearson,
  test.near(c.spearman, p.spearman, 1e-6) AS spearman, c.n_effective BETWEEN 3 AND c.n AS effective,
  c.p_value BETWEEN 0 AND 1 AND c.false_discovery_rate BETWEEN c.p_value AND 1 AS sure
FROM (VALUES ('h_rhr', 'RESTING_HEART_RATE'), ('h_deep_min', 'SLEEP_DEEP'), ('n_water_ml', 'WATER_INTAKE'),
  ('h_recovery', 'RECOVERY_SCORE')) f (feature, metric),
  pg_temp.pairs(f.metric, 1) p JOIN correlations(:'sim', 'RESTING_HEART_RATE') c ON true
WHERE c.feature = f.feature ORDER BY 1;
SELECT l.lag, l.n = p.n AS n, test.near(l.pearson, p.pearson, 1e-6) AS pearson, test.near(l.spearman, p.spearman, 1e-6)
  AS spearman
FROM lag_analysis(:'sim', 'RESTING_HEART_RATE', 'h_recovery', 3) l, pg_temp.pairs('RECOVERY_SCORE', l.lag) p;
-- Benjamini and Hochberg over all of a call.
SELECT bool_and(test.near(false_discovery_rate, rate, 1e-9)) AS rates FROM (
  SELECT false_discovery_rate, min(least(1, p_value * asked / place)) OVER (ORDER BY p_value DESC, place DESC) AS rate
  FROM (SELECT c.*, row_number() OVER (ORDER BY p_value) AS place, count(*) OVER () AS asked
        FROM correlations(:'sim', 'SLEEP_DURATION', 60, 0) c WHERE p_value IS NOT NULL) c) r;
SELECT s ->> 'metric', s ->> 'days', (s ->> 'found')::int > 0 AS found, s ->> 'note',
  s ->> 'disclaimer' = disclaimer('de'),
  jsonb_array_length(s -> 'strongest') BETWEEN 1 AND 5 AS strongest
FROM correlation_summary(:'sim', 'RESTING_HEART_RATE', lang => 'de') s;
-- A metric that readings make is one like any.
SELECT count(*) > 40 AS lags_of_time_in_range FROM correlations(:'sim', 'GLUCOSE_TIME_IN_RANGE', lag => 0);
SELECT count(*) FROM correlations(key('anna'), 'TRAINING_LOAD');
-- Quality falls with what is missing.
SELECT q.now > 0.7 AS good, q.now > q.later AS later, q.later > q.never AS never, q.never FROM (
  SELECT data_quality_score(:'sim', 'RESTING_HEART_RATE', '2026-04-14') AS now,
         data_quality_score(:'sim', 'RESTING_HEART_RATE', '2026-04-22') AS later,
         data_quality_score(:'sim', 'RESTING_HEART_RATE', '2026-09-01') AS never) q;
SELECT d, test.expect(format('SELECT data_quality_score(%L, days => %s)', :'sim', d)) FROM unnest('{0,366}'::int[]) d;
-- Erased with the person.
DELETE FROM person WHERE person_id = :'sim';
SELECT count(*) FROM daily_metric WHERE source = 'watch' AND day > '2026-02-05';
