-- SPDX-License-Identifier: PostgreSQL
-- Learning between trainings: what is a person's own is learnt anew, as a PATCH version, when it is not worse.
\getenv here PG_ABS_SRCDIR
\set test updating
\i :here/include/begin.sql
\pset format unaligned
\pset tuples_only on

-- A person whose glucose answers more to carbohydrate from day to day; it has yet to eat most of its meals.
SET ROLE anna;
SELECT key('ada') AS ada \gset
INSERT INTO person (person_id, diabetes_type) VALUES (:'ada', 't2d');
INSERT INTO meal (person_id, meal_id, eaten_at, meal_type, calories, carbs_g, protein_g, fat_g, fiber_g)
  SELECT :'ada', key(n::text), timestamptz '2026-01-05 07:00+00' + n / 3 * interval '1 day' + n % 3 * interval '6 h',
    (ARRAY['breakfast', 'lunch', 'dinner'])[1 + n % 3], 200 + 6 * c, c, 10 + n % 20, 5 + n % 15, 3 + n % 7
  FROM generate_series(0, 335) n, LATERAL (SELECT 15 + (n * 37 + 11) % 83) m (c);
INSERT INTO glucose_reading (person_id, measured_at, mg_dl)
  SELECT :'ada', timestamptz '2026-01-05 00:00+00' + i * interval '5 min', 110 + (i * 7919 + 1) % 7 * 0.4
    + CASE WHEN minute < 420 THEN 0 ELSE (1 + i / 288 / 50.0::float8)
      * (15 + ((3 * (i / 288) + (minute - 420) / 360) * 37 + 11) % 83) * 0.8 * x * exp(1 - x) END
  FROM generate_series(0, 112 * 288 - 1) i, LATERAL (SELECT i % 288 * 5) m (minute),
    LATERAL (SELECT (minute - 420) % 360 / 60.0::float8) t (x);
CREATE TEMP TABLE still_to_come AS SELECT * FROM meal WHERE person_id = :'ada' AND eaten_at > '2026-02-18';
DELETE FROM meal WHERE person_id = :'ada' AND eaten_at > '2026-02-18';
CREATE FUNCTION pg_temp.eats_until(day date) RETURNS bigint LANGUAGE sql AS $$
  WITH eaten AS (DELETE FROM still_to_come WHERE eaten_at < day RETURNING *),
       stored AS (INSERT INTO glucose.meal SELECT * FROM eaten RETURNING 1) SELECT count(*) FROM stored $$;
SELECT updated, status, reason FROM update_model(:'ada');
SELECT version FROM train_model(:'ada', 'glucose', 'ridge');
SELECT needed, reasons, new_outcomes, version, why_not FROM check_update(:'ada');
SELECT updated, status, reason, current_version FROM update_model(:'ada');
-- When it is asked for, it is tried: there is nothing to compare on.
SELECT updated, status, version, reason, n FROM update_model(:'ada', options => '{"force": true}');
SELECT status, version, reason, due_because, n FROM model_update;
DELETE FROM model_update;

-- Due with 100 new outcomes, or after a week with one.
RESET ROLE;
DELETE FROM model_update;
SET ROLE anna;
SELECT pg_temp.eats_until('2026-03-01');
SELECT needed, reasons, new_outcomes FROM check_update(:'ada');
SET glucose.update_outcomes = 30;
SELECT needed, reasons, new_outcomes FROM check_update(:'ada');
SET glucose.update_outcomes = 34;
SELECT needed, reasons, new_outcomes FROM check_update(:'ada');
SET glucose.update_interval = 0;
SELECT needed, array_length(reasons, 1), new_outcomes FROM check_update(:'ada');
RESET glucose.update_interval;
SET glucose.update_outcomes = 20;
SELECT test.expect('SET glucose.update_outcomes = 0'),
  split_part(test.expect('SET glucose.update_interval = ''-1 d'''), ' (', 1);

-- Better on what came since, on the same meals: it serves, as a PATCH version, and says why.
SELECT updated, status, version, current_version, n, mae_candidate < mae_current,
  reason ~ '^MAE [0-9.]+ instead of [0-9.]+ mg/dL on 24 meals since$' FROM update_model(:'ada');
SELECT version, is_active, status, algorithm, has_artifact FROM list_model_versions(:'ada');
SELECT version, previous_version, reason ~ '^update: MAE' FROM deployment ORDER BY deployed_at DESC LIMIT 1;
SELECT m.metadata ->> 'refreshes', m.hyperparameters = t.hyperparameters, m.training_end > t.training_end
FROM model_version m, model_version t WHERE m.version = '1.0.1' AND t.version = '1.0.0';
SELECT predict_glucose(meal_id) #>> '{provenance,modelVersion}' FROM meal WHERE person_id = :'ada'
  ORDER BY eaten_at DESC LIMIT 1;
SELECT status, version, due_because FROM model_update;
-- Once for the same outcomes.
SELECT updated, status, regexp_replace(reason, '[0-9]+ days', 'N days') FROM update_model(:'ada');
-- It is no training: a new one is due as if there had been none, and is not taken for the same again.
SELECT new_rows, days_since FROM check_retraining(:'ada');
SELECT version FROM train_model(:'ada', 'glucose', 'ridge', '{"deploy": false}');
SELECT delete_model(:'ada', 'glucose', '1.1.0');

-- Worse on what came since: nothing is stored. What was eaten before is not what the meals say.
SELECT pg_temp.eats_until('2026-03-20');
CREATE FUNCTION pg_temp.swap(since date) RETURNS void LANGUAGE sql AS $$
  UPDATE glucose.meal SET carbs_g = 113 - carbs_g, calories = 878 - calories
    WHERE eaten_at BETWEEN since AND '2026-03-09' $$;
SELECT pg_temp.swap('2026-02-18');
SELECT updated, status, version, n, mae_candidate > mae_current, reason ~ ', which is worse$'
FROM update_model(:'ada', options => '{"force": true}');
SELECT pg_temp.swap('2026-02-18'), pg_temp.swap('2026-01-01');
SELECT updated, status, version, n, reason ~ ', which is worse$'
  FROM update_model(:'ada', options => '{"force": true}');
SELECT pg_temp.swap('2026-01-01');
SELECT active_model_version(:'ada'), count(*) FROM model_version;

-- Of the patches only the newest keeps its artifact, and what a rollback would go back to.
SELECT version FROM update_model(:'ada', options => '{"force": true}');
SELECT pg_temp.eats_until('2026-04-08');
SELECT updated FROM update_model(:'ada', options => '{"force": true}');
SELECT version, is_active, has_artifact FROM list_model_versions(:'ada');
SELECT test.expect(format(call, :'ada')), test.hint(format(call, :'ada')) FROM unnest(ARRAY[
  'SELECT rollback_model(%L, ''glucose'', ''1.0.1'')', 'SELECT deploy_model(%L, ''glucose'', ''1.0.1'')',
  'SELECT export_model(%L, ''glucose'', ''1.0.1'')', 'SELECT * FROM evaluate_model(%L, ''glucose'', ''1.0.1'')']) call;
SELECT rollback_model(:'ada');
-- Further back it goes past what has none.
SELECT rollback_model(:'ada');
SELECT deploy_model(:'ada', 'glucose', '1.0.3');
SELECT action FROM check_model(:'ada');
-- What an experiment serves keeps it, too.
SELECT pg_temp.eats_until('2026-04-26');
SET ROLE dora;
SELECT start_experiment('trial', '{"algorithm": "mean"}', 50);
RESET ROLE;
INSERT INTO experiment_model (person_id, experiment, version) VALUES (:'ada', 'trial', '1.0.2')
  ON CONFLICT (person_id, experiment) DO UPDATE SET version = '1.0.2', job_id = NULL;
SET ROLE anna;
SELECT updated FROM update_model(:'ada', options => '{"force": true}');
SELECT version, is_active, has_artifact FROM list_model_versions(:'ada');

-- Weights that are not those of its digest, and those of another version fit as well as any, are not learnt from.
SET ROLE anna;
SELECT active_model_version(:'ada') AS serves \gset
RESET ROLE;
BEGIN;
ALTER TABLE model_version DROP CONSTRAINT model_version_check;
UPDATE model_version SET artifact = (SELECT artifact FROM model_version WHERE version = '1.0.0' AND person_id = :'ada')
  WHERE is_active AND person_id = :'ada';
SET ROLE anna;
SELECT status, reason, current_version = :'serves' FROM update_model(:'ada', options => '{"force": true}');
RESET ROLE;
UPDATE model_version SET artifact = set_byte(artifact, 100, get_byte(artifact, 100) # 1)
  WHERE is_active AND person_id = :'ada';
SET ROLE anna;
SELECT status, reason FROM update_model(:'ada', options => '{"force": true}');
ROLLBACK;
SET ROLE anna;

-- What there is to learn anew depends on the model.
SELECT version FROM train_model(:'ada', 'glucose', 'persistence', '{"deploy": true}');
SELECT status, reason FROM update_model(:'ada', options => '{"force": true}');
SELECT import_model(:'ada', export_model(:'ada', 'glucose', '1.0.0'), '{"deploy": true}');
SELECT status, reason FROM update_model(:'ada', options => '{"force": true}');
SELECT status, reason FROM unnest('{daily:STEPS,event:strain}'::text[]) t (model_type),
  update_model(:'ada', t.model_type);
SELECT call, test.expect(format(call, :'ada'))
  FROM unnest(ARRAY['SELECT update_model(NULL)', 'SELECT update_model(%L, NULL)',
  'SELECT update_model(%L, ''glucose'', NULL)', 'SELECT update_model(%L, ''sugar'')',
  'SELECT update_model(%L, ''glucose'', ''[]'')',
  'SELECT update_model(%L, ''glucose'', ''{"forced": true}'')',
  'SELECT update_model(%L, ''glucose'', ''{"force": 1}'')',
  'SELECT check_update(NULL)', 'SELECT check_update(%L, NULL)', 'CALL update_due(NULL)',
  'CALL update_due(max_persons => 0)',
  'INSERT INTO model_update (person_id, model_type, status, reason, current_version)
     VALUES (%L, ''glucose'', ''kept'', '''', '''')']) call;
SET ROLE ben;
SELECT test.expect(format('SELECT update_model(%L)', :'ada')) = 'P0002 person ' || :'ada' || ' not found',
  test.expect(format('SELECT check_update(%L)', :'ada')) = 'P0002 person ' || :'ada' || ' not found';
SELECT count(*) FROM model_update;
SET ROLE anna;
INSERT INTO person_access (person_id, identity, level) VALUES (:'ada', 'cara', 'record');
SET ROLE cara;
SELECT replace(test.expect(format('SELECT update_model(%L)', :'ada')), :'ada', 'ada');

-- From readings alone, on the population's model or without one.
SET ROLE anna;
SELECT simulate_person(1, 36) AS bea \gset
SELECT max(measured_at) AS until FROM glucose_reading WHERE person_id = :'bea' \gset
SELECT version, algorithm
  FROM train_model(:'bea', 'cgm', 'linear', jsonb_build_object('end_at', timestamptz :'until' - interval '12 days'));
SELECT new_outcomes, reasons[1] FROM check_update(:'bea', 'cgm');
SELECT status, n AS compared FROM update_model(:'bea', 'cgm') \gset
SELECT :'status', c.n = :compared
  FROM compare_versions(:'bea', 'cgm', '1.0.0', '1.0.1', (SELECT max((metadata ->> 'test_start')::timestamptz)
  FROM model_version WHERE person_id = :'bea')) c;
RESET ROLE;
SELECT count(simulate_person(100 + n, 5)) FROM generate_series(1, 10) n;
UPDATE person SET shares_data = true WHERE owner <> 'anna';
SET ROLE dora;
SELECT version FROM train_population_model('cgm', 'linear');
SET ROLE anna;
SELECT version FROM train_model(:'bea', 'cgm', 'linear',
  jsonb_build_object('deploy', true, 'end_at', timestamptz :'until' - interval '12 days'));
SET ROLE dora;
SELECT version FROM train_population_model('cgm', 'linear', '{"deploy": true, "l2": 10000}');
SET ROLE anna;
SELECT status <> 'skipped', n > 20 FROM update_model(:'bea', 'cgm', '{"force": true}');
SELECT metadata ->> 'population_version' FROM model_version WHERE person_id = :'bea' AND model_type = 'cgm'
  ORDER BY trained_at DESC LIMIT 1;
RESET ROLE;
DELETE FROM population_model WHERE version = '1.0.0';
SET ROLE anna;
SELECT status, reason FROM update_model(:'bea', 'cgm', '{"force": true}');

-- Everyone who is due, one after the other; not those whose policy is by hand.
RESET ROLE;
DELETE FROM model_update;
SET ROLE anna;
SELECT simulate_person(3, 50) AS carl, simulate_person(4, 50) AS dan \gset
SELECT count(train_model(p, 'glucose', 'ridge', jsonb_build_object('end_at', timestamptz '2026-02-04')))
FROM unnest(ARRAY[:'carl', :'dan']::uuid[]) p;
INSERT INTO retraining_override (person_id, model_type, manual) VALUES (:'dan', 'glucose', true);
SET ROLE dora;
SET client_min_messages = notice;
CALL update_due(max_persons => 1);
CALL update_due();
CALL update_due('cgm', time_budget => '1 minute');
SELECT m.status, m.n > 5 FROM model_update m WHERE m.person_id IN (:'carl', :'dan');
SET ROLE anna;
SELECT status, regexp_replace(reason, '[0-9]+', 'N', 'g') FROM update_model(:'dan');
SELECT status FROM update_model(:'dan', options => '{"force": true}');
\set VERBOSITY terse
BEGIN;
CALL update_due();
ROLLBACK;
-- The first thing a session does.
\c -
SET ROLE anna;
SELECT why_not FROM check_update(:'dan');
