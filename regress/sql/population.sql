-- SPDX-License-Identifier: PostgreSQL
-- What is learnt from all who share their meals, and a person's own layer on top of it: consent, a person with nothing,
-- a memory that grows without a training, intervals of any level.
\getenv here PG_ABS_SRCDIR
\set test population
\i :here/include/begin.sql
SET ROLE anna;
SELECT simulate_person(seed, 25, 't2d') IS NOT NULL AS made FROM generate_series(11, 14) seed;
UPDATE person SET shares_data = true;
SET ROLE ben;
SELECT simulate_person(15, 40, 't2d') AS ben \gset
INSERT INTO person (person_id) VALUES (key('new'));
INSERT INTO glucose_reading (person_id, measured_at, mg_dl)
  SELECT key('new'), t, 120 + 20 * sin(extract(epoch FROM t) / 3000)
  FROM generate_series('2026-02-01 06:00+00'::timestamptz, '2026-02-01 12:00+00', '5 min') t;
INSERT INTO meal (person_id, meal_id, eaten_at, meal_type, carbs_g)
  VALUES (key('new'), key('first'), '2026-02-01 12:00+00', 'lunch', 60);
SELECT test.expect('SELECT predict_glucose(key(''first''))') AS nobody_knows;

-- By the steward only; two persons at least; which algorithms there are.
SELECT test.expect('SELECT train_population_model()') AS not_the_steward;
SET ROLE dora;
SELECT call, test.expect('SELECT ' || call), test.hint('SELECT ' || call) IS NOT NULL AS hint
  FROM unnest(ARRAY['train_population_model(algorithm => ''persistence'')',
  'train_population_model(algorithm => ''personal'')',
  'train_population_model(algorithm => ''forest'')', 'train_population_model(options => ''{"min_meals": 1000}'')',
  'train_population_model(options => ''{"horizon": 60}'')',
  'train_population_model(options => ''{"end_at": "2026-01-02"}'')']) call;
SELECT person_id, model_type, version, is_active, n_train > 150 AS train, n_validation > 30 AS validation,
  n_test > 30 AS test, rmse > mae AS sane FROM train_population_model(algorithm => 'ridge');
SELECT algorithm, feature_schema, metadata -> 'persons' AS persons, metadata -> 'persons_sharing' AS sharing,
  (metadata #>> '{candidates,2,validation_rmse}')::float8 < (metadata #>> '{candidates,0,validation_rmse}')::float8
  AS better_than_persistence,
       length(artifact) < 20000 AS weights_only FROM population_model WHERE model_type = 'glucose';
SELECT count(*) AS ids_in_it FROM population_model m, person p
  WHERE position(uuid_send(p.person_id) IN m.artifact) > 0 OR m.metadata::text LIKE '%' || p.person_id || '%';
-- Whoever does not share changes nothing: same bytes again.
SET ROLE ben;
UPDATE glucose_reading SET mg_dl = least(mg_dl + 10, 600) WHERE person_id = :'ben';
SET ROLE dora;
SELECT version FROM train_population_model(algorithm => 'ridge');
SELECT count(DISTINCT sha256) AS same_bytes FROM population_model WHERE model_type = 'glucose';

-- A person with one meal is served at once; every answer is in order at every level.
SET ROLE ben;
SELECT p.d #> '{provenance,source}' AS source, p.d #> '{provenance,features}' AS features,
  p.d #> '{provenance,modelVersion}' AS version, p.d ? 'disclaimer' AS disclaimer
  FROM (SELECT predict_glucose(key('first'), '{}')) p (d);
SELECT minutes_ahead, bool_and(lower <= mg_dl AND mg_dl <= upper) AS in_order,
  bool_and(lower <= before_lower AND upper >= before_upper) AS monotone, count(DISTINCT mg_dl) AS medians
FROM (SELECT *, lag(lower, 1, lower) OVER w AS before_lower, lag(upper, 1, upper) OVER w AS before_upper
      FROM unnest('{0.01,0.2,0.5,0.8,0.9,0.95,0.99}'::float8[]) level,
      glucose_forecast(key('first'), jsonb_build_object('level', level)) WINDOW w AS (PARTITION BY minutes_ahead
      ORDER BY level)) f GROUP BY 1 ORDER BY 1;
SELECT option, test.expect(format('SELECT * FROM glucose_forecast(key(''first''), %L)', option))
  FROM unnest('{"{\"level\": 0}","{\"level\": 1}","{\"level\": \"high\"}","{\"head\": \"mode\"}"}'::text[]) option;
SELECT bool_and((p ->> 'pBelow70')::float8 + (p ->> 'pAbove180')::float8 <= 1
  AND (p ->> 'confidenceScore')::float8 BETWEEN 0 AND 1) AS probabilities
  FROM jsonb_array_elements(predict_glucose(key('first'), '{}') -> 'predictions') p;
SELECT bool_and(m.mg_dl = (p ->> 'mean')::int OR abs(m.mg_dl - (p ->> 'mean')::int) <= 0.5) AS mean_head
  FROM glucose_forecast(key('first'), '{"head": "mean"}') m
  JOIN jsonb_array_elements(predict_glucose(key('first'), '{}') -> 'predictions') p
  ON (p ->> 'minutes_ahead')::int = m.minutes_ahead;

-- What happened after earlier meals is remembered without a training: a day later glucose has always risen by 80.
CREATE TEMP TABLE told AS SELECT 'before' AS "when", f.* FROM glucose_forecast(key('first')) f;
INSERT INTO meal (person_id, meal_id, eaten_at, meal_type, carbs_g)
  SELECT key('new'), key('lunch ' || d), '2026-02-01 12:00+00'::timestamptz + d * interval '1 day', 'lunch', 60
  FROM generate_series(1, 12) d;
INSERT INTO glucose_reading (person_id, measured_at, mg_dl)
  SELECT key('new'), t, 120 + CASE WHEN extract(hour
  FROM t AT TIME ZONE 'UTC') BETWEEN 12 AND 15 THEN 80 * sin(pi() * extract(epoch
  FROM t - date_trunc('day', t AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' - interval '12 h') / 4 / 3600) ELSE 0 END
  FROM generate_series('2026-02-01 12:05+00'::timestamptz, '2026-02-13 12:00+00', '5 min') t;
INSERT INTO told SELECT 'after', f.* FROM glucose_forecast(key('lunch 12')) f;
SELECT a.minutes_ahead, a.mg_dl > b.mg_dl + 15 AS has_learnt FROM told a JOIN told b USING (minutes_ahead)
  WHERE a."when" = 'after' AND b."when" = 'before' ORDER BY 1;
SELECT bool_and(f = t) AS the_past_is_what_it_was
  FROM (SELECT f.mg_dl, f.lower, f.upper FROM glucose_forecast(key('first')) f) f,
  LATERAL (SELECT t.mg_dl, t.lower, t.upper FROM told t
  WHERE t."when" = 'before' AND (t.mg_dl, t.lower, t.upper) = (f.mg_dl, f.lower, f.upper)) t;

-- A personal model stands on the population's; without one of the same horizons it stands alone.
SELECT version, algorithm, is_active FROM train_model(:'ben', algorithm => 'personal');
SELECT v.metadata ->> 'population_version' AS population, v.feature_schema,
  (v.metadata ->> 'meals_remembered')::int > 60 AS remembers FROM model_version v WHERE v.person_id = :'ben';
SELECT version, algorithm
  FROM train_model(:'ben', algorithm => 'personal', options => '{"horizons": [90], "deploy": false}');
SELECT version, metadata -> 'population_version' AS population, hyperparameters -> 'horizons' AS horizons
  FROM model_version WHERE person_id = :'ben' ORDER BY trained_at;
SELECT p.d #> '{provenance,source}' AS source
  FROM (SELECT predict_glucose((SELECT meal_id FROM meal WHERE person_id = :'ben' ORDER BY eaten_at DESC LIMIT 1),
  '{}')) p (d);
-- It carries all it needs: it serves on when the population's versions are gone, and after a move.
CREATE TEMP TABLE kept AS SELECT meal_id, f.*
  FROM (SELECT meal_id FROM meal WHERE person_id = :'ben' ORDER BY eaten_at DESC LIMIT 5) m,
  glucose_forecast(meal_id) f;
RESET ROLE;
DELETE FROM population_model;
SET ROLE ben;
SELECT bool_and(k.mg_dl = f.mg_dl AND k.lower = f.lower AND k.upper = f.upper) AS same
  FROM kept k, glucose_forecast(meal_id) f WHERE f.minutes_ahead = k.minutes_ahead;
SELECT import_model(:'ben', export_model(:'ben', 'glucose')) AS imported,
  import_model(key('new'), export_model(:'ben', 'glucose')) AS of_new \gset
SELECT bool_and(k.mg_dl = f.mg_dl) AS same FROM kept k,
  glucose_forecast(meal_id, jsonb_build_object('version', :'imported')) f WHERE f.minutes_ahead = k.minutes_ahead;
-- Somebody else gets the weights, not the memory.
SELECT length(a.artifact) < length(b.artifact) / 2 AS without_memory, a.feature_schema
  FROM model_version a, model_version b WHERE a.person_id = key('new') AND a.version = :'of_new'
  AND b.person_id = :'ben' AND b.is_active;
SELECT test.expect('SELECT predict_glucose(key(''first''))') AS nobody_knows_again;
RESET ROLE;
SELECT count(*) AS left_behind FROM glucose.population_model;
