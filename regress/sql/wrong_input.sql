-- SPDX-License-Identifier: PostgreSQL
-- One table of calls with wrong or absurd arguments and the SQLSTATE each must give. Nothing may be half written, and
-- no internal error (class XX) may show.
\getenv here PG_ABS_SRCDIR
\set test wrong_input
\i :here/include/begin.sql

-- {p} a person with 20 days and a model, {m} its last meal; {q} the same without a model; {x} {xm} somebody else's;
-- {e} {em} a person without readings; {1} {1m} with one reading; {f} nobody's id; {old} an id of a meal in year 294276.
CREATE TABLE test.id (token text PRIMARY KEY, id uuid);
GRANT SELECT, INSERT ON test.id TO PUBLIC;
INSERT INTO test.id VALUES ('{f}', key('nobody'));
-- Far from now is refused on entry; what is there already, as in a table from before, must be survived.
SELECT test.expect($$ INSERT INTO meal (person_id, eaten_at, meal_type) VALUES (key(1), '2200-01-01', 'snack') $$),
       test.expect($$ INSERT INTO glucose_reading (person_id, measured_at, mg_dl) VALUES (key(1), '1899-12-31', 99) $$);
ALTER TABLE meal DROP CONSTRAINT meal_time_is_sane;
ALTER TABLE glucose_reading DROP CONSTRAINT glucose_reading_time_is_sane;
SET ROLE ben;
INSERT INTO test.id SELECT '{x}', simulate_person(1, 3);
INSERT INTO test.id SELECT '{xm}', meal_id FROM meal ORDER BY eaten_at LIMIT 1;
SET ROLE anna;
INSERT INTO test.id SELECT '{p}', test.eater(1, 20);
INSERT INTO test.id SELECT '{m}', meal_id FROM meal ORDER BY eaten_at DESC LIMIT 1;
SELECT is_active FROM train_model((SELECT id FROM test.id WHERE token = '{p}'), 'glucose', 'ridge');
INSERT INTO test.id SELECT '{q}', simulate_person(2, 5);
INSERT INTO person (person_id) VALUES (key('empty')), (key('one')), (key('late'));
INSERT INTO meal (person_id, meal_id, eaten_at, meal_type) VALUES
  (key('empty'), key('empty meal'), '2026-03-01', 'snack'), (key('one'), key('one meal'), '2026-03-01', 'snack'),
  (key('late'), key('late meal'), '294276-12-31 23:59:59', 'snack');
INSERT INTO glucose_reading (person_id, measured_at, mg_dl) VALUES (key('one'), '2026-02-28 23:55', 120),
  (key('late'), '294276-12-31 23:55', 120);
-- One reading of the year 1000 beside three weeks of them: neither memory nor time grows with the span.
INSERT INTO person (person_id) VALUES (key('wide'));
INSERT INTO meal (person_id, meal_id, eaten_at, meal_type) SELECT key('wide'), gen_random_uuid(), eaten_at, meal_type
  FROM meal
  WHERE person_id = (SELECT id FROM test.id WHERE token = '{p}');
INSERT INTO glucose_reading (person_id, measured_at, mg_dl) SELECT key('wide'), measured_at, mg_dl FROM glucose_reading
  WHERE person_id = (SELECT id FROM test.id WHERE token = '{p}');
INSERT INTO glucose_reading (person_id, measured_at, mg_dl) VALUES (key('wide'), '1000-01-01', 100);
INSERT INTO test.id VALUES ('{w}', key('wide')), ('{e}', key('empty')), ('{em}', key('empty meal')),
  ('{1}', key('one')),
  ('{1m}', key('one meal')), ('{late}', key('late')), ('{latem}', key('late meal'));
RESET ROLE;

CREATE TABLE test.call (id integer GENERATED ALWAYS AS IDENTITY, want text, call text);
GRANT SELECT ON test.call TO PUBLIC;
INSERT INTO test.call (want, call) VALUES
  ('ok', $$ training_dataset('{w}') $$), ('MG001', $$ evaluate_model('{w}', 'cgm') $$),
  -- values
  ('22023', $$ to_mg_dl(5, 'mg') $$), ('22023', $$ to_mg_dl(5, '') $$), ('22023', $$ to_mg_dl(5, 'MMOL') $$),
  ('22003', $$ to_mg_dl('NaN', 'mg/dL') $$), ('22003', $$ to_mg_dl('Infinity', 'mmol/L') $$),
  ('22003', $$ to_mg_dl('-Infinity', 'mg/dL') $$), ('22003', $$ to_mg_dl(1e308, 'mmol/L') $$),
  ('22023', $$ disclaimer('fr') $$), ('22023', $$ disclaimer('') $$),
  ('22023', $$ disclaimer(repeat('x', 1000000)) $$),
  -- features
  ('22023', $$ validate_features(NULL) $$), ('22023', $$ validate_features('{}') $$),
  ('22023', $$ validate_features(array_fill(1::real, '{27}')) $$),
  ('22023', $$ validate_features(array_fill(1::real, '{29}')) $$),
  ('22023', $$ validate_features(array_fill(1::real, '{4,7}')) $$),
  ('22023', $$ validate_features(array_fill(1::real, '{1,28}')) $$),
  ('22023', $$ validate_features(array_fill(NULL::real, '{28}')) $$),
  ('22003', $$ validate_features(array_fill('NaN'::real, '{28}')) $$),
  ('22003', $$ validate_features(array_fill('Infinity'::real, '{28}')) $$),
  ('22003', $$ validate_features(array_fill('-Infinity'::real, '{28}')) $$),
  ('22003', $$ validate_features(array_fill(3e38::real, '{28}')) $$),
  ('22023', $$ validate_features(array_fill(1::real, '{1000000}')) $$),
  ('22003', $$ validate_features(array_fill(1::real, '{28}', '{-5}')) $$),
  ('22023', $$ extract_meal_features(NULL) $$), ('22023', $$ extract_features(NULL) $$),
  ('P0002', $$ extract_meal_features('{f}') $$), ('P0002', $$ extract_features('{f}') $$),
  ('P0002', $$ extract_meal_features('{xm}') $$), ('P0002', $$ extract_features('{xm}') $$),
  ('P0002', $$ extract_features('{p}') $$), ('22P02', $$ extract_features('meal 7') $$),
  ('ok', $$ extract_features('{em}') $$), ('ok', $$ extract_features('{latem}') $$),
  ('22023', $$ extract_glucose_history(NULL, now()) $$), ('22023', $$ extract_glucose_history('{p}', NULL) $$),
  ('22023', $$ extract_glucose_history('{p}', now(), NULL) $$),
  ('22023', $$ extract_glucose_history('{p}', 'infinity') $$),
  ('22023', $$ extract_glucose_history('{p}', '-infinity') $$),
  ('22023', $$ extract_glucose_history('{p}', now(), 0) $$), ('22023', $$ extract_glucose_history('{p}', now(), -3) $$),
  ('22023', $$ extract_glucose_history('{p}', now(), 'NaN') $$),
  ('22023', $$ extract_glucose_history('{p}', now(), 'Infinity') $$),
  ('22023', $$ extract_glucose_history('{p}', now(), 1e30::real) $$),
  ('22023', $$ extract_glucose_history('{p}', now(), 168.1::real) $$),
  ('ok', $$ extract_glucose_history('{p}', now(), 168) $$),
  ('ok', $$ extract_glucose_history('{p}', '294276-12-31 23:59:59.999999') $$),
  ('ok', $$ extract_glucose_history('{p}', '4714-11-24 00:00:00+00 BC') $$),
  ('P0002', $$ extract_glucose_history('{x}', now()) $$), ('P0002', $$ extract_glucose_history('{f}', now()) $$),
  ('22023', $$ calculate_user_baseline(NULL) $$), ('22023', $$ calculate_user_baseline('{p}', NULL) $$),
  ('22023', $$ calculate_user_baseline('{p}', now(), NULL) $$),
  ('22023', $$ calculate_user_baseline('{p}', now(), 0) $$),
  ('22023', $$ calculate_user_baseline('{p}', now(), -7) $$),
  ('22023', $$ calculate_user_baseline('{p}', now(), 366) $$),
  ('22023', $$ calculate_user_baseline('{p}', now(), 2147483647) $$),
  ('22023', $$ calculate_user_baseline('{p}', 'infinity') $$), ('ok', $$ calculate_user_baseline('{e}') $$),
  ('ok', $$ calculate_user_baseline('{p}', '4714-11-24 00:00:00+00 BC', 365) $$),
  ('ok', $$ calculate_user_baseline('{p}', '294276-12-31 23:59:59.999999', 365) $$),
  ('P0002', $$ calculate_user_baseline('{x}') $$),
  ('22023', $$ training_dataset(NULL) $$), ('22023', $$ training_dataset('{p}', NULL, 'infinity') $$),
  ('22023', $$ training_dataset('{p}', '-infinity', NULL) $$), ('P0002', $$ training_dataset('{x}') $$),
  ('P0002', $$ training_dataset('{f}') $$), ('ok', $$ training_dataset('{e}') $$),
  ('ok', $$ training_dataset('{p}', 'infinity', '-infinity') $$),
  ('ok', $$ training_dataset('{p}', '4714-11-24 00:00:00+00 BC', '294276-12-31 23:59:59') $$),
  ('ok', $$ training_dataset('{late}') $$),
  -- training
  ('22023', $$ train_model(NULL) $$), ('22023', $$ train_model('{p}', NULL) $$),
  ('22023', $$ train_model('{p}', 'insulin') $$),
  ('22023', $$ train_model('{p}', repeat('glucose', 100000)) $$),
  ('22023', $$ train_model('{p}', 'glucose', NULL) $$), ('22023', $$ train_model('{p}', 'glucose', 'RIDGE') $$),
  ('22023', $$ train_model('{p}', 'glucose', '') $$), ('22023', $$ train_model('{p}', 'glucose', 'ridge', NULL) $$),
  ('22023', $$ train_model('{p}', 'glucose', 'ridge', '[]') $$),
  ('22023', $$ train_model('{p}', 'glucose', 'ridge', '1') $$),
  ('22023', $$ train_model('{p}', 'glucose', 'ridge', 'null') $$),
  ('22023', $$ train_model('{p}', 'glucose', 'ridge', '"{}"') $$),
  ('22023', $$ train_model('{p}', 'glucose', 'ridge', '{"sed": 1}') $$),
  ('22023', $$ train_model('{p}', 'glucose', 'ridge', '{"": 1}') $$),
  ('22023', $$ train_model('{p}', 'glucose', 'ridge', jsonb_build_object(repeat('ä', 2000), 1)) $$),
  ('22023', $$ train_model('{p}', 'glucose', 'ridge', jsonb_build_object('x' || repeat('ä', 2000), 1)) $$),
  ('22023', $$ train_model('{p}', 'glucose', repeat('ä', 2000)) $$),
  ('22023', $$ train_model('{p}', 'glucose', 'x' || repeat('ä', 2000)) $$),
  ('22023', $$ train_model('{p}', 'glucose', 'ridge', '{"seed": {"seed": 1}}') $$),
  ('22023', $$ train_model('{p}', 'glucose', 'ridge', '{"horizons": [[60], [120]]}') $$),
  ('22023', $$ train_model('{p}', 'glucose', 'ridge', '{"horizons": {"a": 60}}') $$),
  ('22023', $$ train_model('{p}', 'glucose', 'ridge',
  (SELECT jsonb_build_object('horizons', jsonb_agg(h)) FROM generate_series(1, 100000) h)) $$),
  ('22023', $$ train_model('{p}', 'glucose', 'ridge', '{"start_at": 20260101}') $$),
  ('22007', $$ train_model('{p}', 'glucose', 'ridge', '{"start_at": "the other day"}') $$),
  ('22008', $$ train_model('{p}', 'glucose', 'ridge', '{"start_at": "2026-02-31"}') $$),
  ('22008', $$ train_model('{p}', 'glucose', 'ridge', '{"end_at": "300000-01-01"}') $$),
  ('22023', $$ train_model('{p}', 'glucose', 'ridge', '{"start_at": "infinity"}') $$),
  ('22023', $$ train_model('{p}', 'glucose', 'ridge', '{"start_at": "2026-02-02", "end_at": "2026-02-01"}') $$),
  ('22023', $$ train_model('{p}', 'glucose', 'lstm', '{"hidden": []}') $$),
  ('22023', $$ train_model('{p}', 'glucose', 'ridge', '{"min_days": -7}') $$),
  ('22023', $$ train_model('{p}', 'glucose', 'ridge', '{"l2": 1e400}') $$),
  ('MG002', $$ train_model('{e}') $$), ('MG002', $$ train_model('{1}') $$), ('MG002', $$ train_model('{q}') $$),
  ('MG002', $$ train_model('{late}') $$),
  ('22023', $$ train_model('{p}', 'glucose', 'ridge', '{"end_at": "-infinity", "start_at": "-infinity"}') $$),
  ('P0002', $$ train_model('{x}') $$), ('P0002', $$ train_model('{f}') $$),
  ('22023', $$ evaluate_model(NULL) $$), ('22023', $$ evaluate_model('{p}', NULL) $$),
  ('MG001', $$ evaluate_model('{q}') $$),
  ('22023', $$ evaluate_model('{p}', 'insulin') $$), ('P0002', $$ evaluate_model('{p}', 'glucose', '9.9.9') $$),
  ('P0002', $$ evaluate_model('{x}') $$), ('ok', $$ evaluate_model('{p}', 'glucose', NULL, 'infinity', '-infinity') $$),
  -- versions
  ('22023', $$ require_person(NULL) $$), ('P0002', $$ require_person('{x}') $$),
  ('22023', $$ list_model_versions(NULL) $$), ('P0002', $$ list_model_versions('{x}') $$),
  ('22023', $$ active_model_version(NULL) $$), ('P0002', $$ active_model_version('{f}') $$),
  ('22023', $$ deploy_model(NULL, 'glucose', '1.0.0') $$), ('P0002', $$ deploy_model('{p}', 'glucose', '1.0') $$),
  ('22023', $$ deploy_model('{p}', 'insulin', '1.0.0') $$), ('P0002', $$ deploy_model('{x}', 'glucose', '1.0.0') $$),
  ('22023', $$ deploy_model('{p}', 'glucose', NULL) $$), ('22023', $$ deploy_model('{p}', NULL, '1.0.0') $$),
  -- prediction
  ('22023', $$ predict_glucose(NULL) $$), ('22023', $$ predict_glucose('{m}', NULL) $$),
  ('P0002', $$ predict_glucose('{f}') $$),
  ('P0002', $$ predict_glucose('{xm}') $$), ('P0002', $$ predict_glucose('{m}', '{}', '{q}') $$),
  ('P0002', $$ predict_glucose('{m}', '{}', '{x}') $$), ('P0002', $$ predict_glucose('{xm}', '{}', '{x}') $$),
  ('22023', $$ predict_glucose('{m}', '{"lang": "fr"}') $$), ('22023', $$ predict_glucose('{m}', '{"lang": null}') $$),
  ('22023', $$ predict_glucose('{m}', '{"lang": "enenenenenen"}') $$),
  ('22023', $$ predict_glucose('{m}', '{"log": true}') $$),
  ('22023', $$ predict_glucose('{m}', '{"log": false}') $$), ('22023', $$ predict_glucose('{m}', '{"horizon": 60}') $$),
  ('22023', $$ predict_glucose('{m}', '[{"log": true}]') $$), ('22023', $$ predict_glucose('{m}', '{"version": 1}') $$),
  ('P0002', $$ predict_glucose('{m}', '{"version": "9.9.9"}') $$),
  ('22023', $$ predict_glucose('{m}', '{"model_type": "insulin"}') $$),
  ('22023', $$ predict_glucose('{m}', '{"model_type": "cgm"}') $$),
  ('22023', $$ predict_glucose('{m}', '{"minutes": 30}') $$),
  ('22023', $$ predict_glucose('{m}', jsonb_build_object('model_type', repeat('ö', 1000))) $$),
  ('22023', $$ predict_glucose('{m}', jsonb_build_object('version', repeat('1', 1000))) $$),
  ('MG001', $$ predict_glucose('{em}') $$), ('MG001', $$ predict_meal('{q}', '{}') $$),
  ('22023', $$ predict_meal(NULL, '{}') $$), ('22023', $$ predict_meal('{p}', NULL) $$),
  ('22023', $$ predict_meal('{p}', '{}', NULL) $$),
  ('22023', $$ predict_meal('{p}', '[]') $$), ('22023', $$ predict_meal('{p}', '{"carbs": 40}') $$),
  ('22023', $$ predict_meal('{p}', '{"carbs_g": "40"}') $$), ('22023', $$ predict_meal('{p}', '{"carbs_g": [40]}') $$),
  ('22023', $$ predict_meal('{p}', '{"carbs_g": {"g": 40}}') $$),
  ('22023', $$ predict_meal('{p}', '{"carbs_g": true}') $$),
  ('22003', $$ predict_meal('{p}', '{"carbs_g": -1}') $$), ('22003', $$ predict_meal('{p}', '{"carbs_g": 500.1}') $$),
  ('22003', $$ predict_meal('{p}', '{"carbs_g": 1e400}') $$),
  ('22003', $$ predict_meal('{p}', '{"fiber_g": -1e400}') $$),
  ('22003', $$ predict_meal('{p}', '{"calories": 5001}') $$),
  ('22003', $$ predict_meal('{p}', '{"calories": 10, "fat_g": 400}') $$),
  ('22023', $$ predict_meal('{p}', '{"meal_type": "brunch"}') $$),
  ('22023', $$ predict_meal('{p}', '{"meal_type": 7}') $$),
  ('22023', $$ predict_meal('{p}', '{"eaten_at": null}') $$),
  ('22023', $$ predict_meal('{p}', '{"eaten_at": "infinity"}') $$),
  ('22007', $$ predict_meal('{p}', '{"eaten_at": "noon-ish"}') $$),
  ('22023', $$ predict_meal('{p}', '{"eaten_at": 12}') $$),
  ('MG002', $$ predict_meal('{p}', '{"eaten_at": "1900-01-01"}') $$),
  ('MG002', $$ predict_meal('{p}', '{"eaten_at": "294276-12-31"}') $$),
  ('22007', $$ predict_meal('{p}', '{"eaten_at": "4714-11-24 00:00:00+00 BC"}') $$),
  ('P0002', $$ predict_meal('{x}', '{}') $$), ('P0002', $$ predict_meal('{f}', '{"carbs_g": 40}') $$),
  ('22023', $$ glucose_forecast(NULL) $$), ('22023', $$ glucose_forecast('{m}', NULL) $$),
  ('P0002', $$ glucose_forecast('{xm}') $$),
  ('22023', $$ glucose_forecast('{m}', '{"hours": 3}') $$), ('MG001', $$ glucose_forecast('{1m}') $$),
  ('MG001', $$ glucose_forecast('{latem}') $$),
  -- readings alone
  ('22023', $$ cgm_forecast(NULL, now()) $$), ('22023', $$ cgm_forecast('{p}', NULL) $$),
  ('22023', $$ cgm_forecast('{p}', now(), NULL) $$),
  ('22023', $$ cgm_forecast('{p}', 'infinity') $$), ('22023', $$ cgm_forecast('{p}', '-infinity') $$),
  ('22008', $$ cgm_forecast('{p}', '294276-12-31 23:59:59') $$),
  ('MG001', $$ cgm_forecast('{p}', '4714-11-24 00:00:00+00 BC') $$),
  ('22023', $$ cgm_forecast('{p}', now(), '{"minutes": 1e400}') $$),
  ('22023', $$ cgm_forecast('{p}', now(), '{"minutes": [[5]]}') $$),
  ('22023', $$ cgm_forecast('{p}', now(), (SELECT jsonb_build_object('minutes', jsonb_agg(m))
  FROM generate_series(1, 1000) m)) $$),
  ('22023', $$ cgm_forecast('{p}', now(), jsonb_build_object('version', repeat('1', 1000))) $$),
  ('22023', $$ cgm_forecast('{p}', now(), jsonb_build_object(repeat('ä', 2000), 1)) $$),
  ('MG001', $$ cgm_forecast('{p}', now()) $$), ('P0002', $$ cgm_forecast('{x}', now()) $$),
  ('P0002', $$ cgm_forecast('{f}', now()) $$),
  ('22023', $$ train_model(NULL, 'cgm') $$), ('22023', $$ train_model('{p}', 'cgm', NULL) $$),
  ('22023', $$ train_model('{p}', 'cgm', 'auto', NULL) $$),
  ('22023', $$ train_model('{p}', 'cgm', repeat('ä', 2000)) $$),
  ('22023', $$ train_model('{p}', 'cgm', 'auto', '{"min_days": [1, 2]}') $$),
  ('22007', $$ train_model('{p}', 'cgm', 'auto', '{"start_at": "the other day"}') $$),
  ('22023', $$ train_model('{p}', 'cgm', 'auto', '{"start_at": "infinity"}') $$),
  ('MG002', $$ train_model('{e}', 'cgm') $$), ('MG002', $$ train_model('{1}', 'cgm') $$),
  ('MG002', $$ train_model('{late}', 'cgm') $$), ('P0002', $$ train_model('{x}', 'cgm') $$),
  ('42501', $$ train_population_model('cgm') $$), ('42501', $$ train_population_model() $$),
  ('22023', $$ train_population_model('insulin') $$),
  ('42501', $$ deploy_population_model('cgm', '1.0.0') $$), ('42501', $$ rollback_population_model('cgm') $$),
  ('ok', $$ list_population_models('cgm') $$),
  -- simulation
  ('22023', $$ simulate_person(NULL) $$), ('22023', $$ simulate_person(1, NULL) $$),
  ('22023', $$ simulate_person(1, 0) $$),
  ('22023', $$ simulate_person(1, -30) $$), ('22023', $$ simulate_person(1, 3651) $$),
  ('22023', $$ simulate_person(1, 2147483647) $$),
  ('22023', $$ simulate_person(1, 30, NULL) $$), ('22023', $$ simulate_person(1, 30, 't3d') $$),
  ('22023', $$ simulate_person(1, 30, '') $$),
  ('22023', $$ simulate_person(1, 30, repeat('t2d', 1000)) $$),
  -- set-up
  ('42704', $$ setup('nobody') $$), ('42501', $$ setup('ben') $$), ('42501', $$ add_steward('ben') $$),
  ('22004', $$ grant_access(NULL) $$),
  -- what the tables refuse
  ('23514', $$ INSERT INTO glucose_reading VALUES ('{p}', '2027-01-01', 'NaN') $$),
  ('23514', $$ INSERT INTO glucose_reading VALUES ('{p}', '2027-01-01', 'Infinity') $$),
  ('23514', $$ INSERT INTO glucose_reading VALUES ('{p}', '2027-01-01', 5.5) $$),
  ('23514', $$ INSERT INTO glucose_reading VALUES ('{p}', 'infinity', 100) $$),
  ('23502', $$ INSERT INTO glucose_reading VALUES ('{p}', '2027-01-01', NULL) $$),
  ('23505', $$ INSERT INTO glucose_reading VALUES ('{p}', '2027-01-01', 100), ('{p}', '2027-01-01', 101) $$),
  ('23514', $$ INSERT INTO meal VALUES ('{p}', default, '2027-01-01', 'lunch', 'NaN') $$),
  ('23514', $$ INSERT INTO meal VALUES ('{p}', default, '2027-01-01', 'lunch', 5001) $$),
  ('23514', $$ INSERT INTO meal VALUES ('{p}', default, '2027-01-01', 'lunch', 500, -1) $$),
  ('23514', $$ INSERT INTO meal VALUES ('{p}', default, '2027-01-01', 'brunch') $$),
  ('23514', $$ INSERT INTO meal VALUES ('{p}', default, '-infinity', 'lunch') $$),
  ('22023', $$ INSERT INTO person (time_zone) VALUES ('Mars/Olympus') $$),
  ('23514', $$ INSERT INTO person (diabetes_type) VALUES ('type 2') $$);

-- How many rows each table has and what is deployed; as the owner of the database, who sees all.
CREATE FUNCTION test.rows() RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = glucose, public AS $$
  SELECT concat_ws(',', (SELECT count(*) FROM person), (SELECT count(*) FROM person_access),
    (SELECT count(*) FROM meal),
    (SELECT count(*) FROM glucose_reading), (SELECT count(*) FROM model_version), (SELECT count(*) FROM model_metric),
    (SELECT count(*) FROM deployment), (SELECT count(*) FROM population_model), (SELECT count(*) FROM prediction),
    (SELECT count(*) FROM schema_version), (SELECT string_agg(v::text, '' ORDER BY v.person_id, version) FROM
     (SELECT person_id, version, is_active, status FROM model_version) v)) $$;
CREATE FUNCTION test.with_ids(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  i record;
BEGIN
  FOR i IN SELECT * FROM test.id LOOP
    statement := replace(statement, i.token, i.id::text);
  END LOOP;
  RETURN statement;
END
$$;
SET ROLE anna;
CREATE TEMP TABLE outcome (id integer, got text, wrote boolean);
DO $$
DECLARE
  c record;
  before text;
  got text;
BEGIN
  FOR c IN SELECT * FROM test.call ORDER BY id LOOP
    before := test.rows();
    got := test.expect(test.with_ids(CASE WHEN c.call LIKE ' INSERT %' THEN '' ELSE 'SELECT * FROM' END || c.call));
    INSERT INTO outcome VALUES (c.id, got, before <> test.rows());
  END LOOP;
END
$$;
SELECT count(*) >= 80 AS enough, count(*) - count(o.id) AS not_run FROM test.call LEFT JOIN outcome o USING (id);
-- Violations, of which none is expected: another SQLSTATE than wanted, an internal error, something written.
SELECT want, got, call FROM test.call JOIN outcome USING (id) WHERE split_part(got, ' ', 1) <> want ORDER BY id;
SELECT got, call FROM test.call JOIN outcome USING (id) WHERE got LIKE 'XX%' ORDER BY id;
SELECT call FROM test.call JOIN outcome USING (id) WHERE wrote ORDER BY id;
-- Messages are short, valid in the database's encoding, and repeat no value of glucose or a meal.
SELECT call FROM test.call JOIN outcome USING (id)
WHERE length(got) > 300 OR test.expect(format('SELECT convert_from(%L, ''UTF8'')', convert_to(got, 'UTF8'))) <> 'ok'
  ORDER BY id;
-- And the backend works as before.
SELECT jsonb_array_length(predict_glucose(id) -> 'predictions') AS horizons FROM test.id WHERE token = '{m}';
RESET ROLE;
SELECT '1e-310'::float8 > 0 AS denormals_are_numbers,
       pg_read_file(format('/proc/%s/status', pg_backend_pid())) ~ 'Threads:\t1\n' AS one_thread;
-- A trigger of the owner's that keeps a job out of the queue.
CREATE FUNCTION test.nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER nothing BEFORE INSERT ON training_job FOR EACH ROW EXECUTE FUNCTION test.nothing();
SET ROLE anna;
SELECT test.expect(format('SELECT train_model_async(%L)', id)) FROM test.id WHERE token = '{p}';
SELECT queue_retraining(id, 'glucose') AS queued FROM test.id WHERE token = '{p}';
RESET ROLE;
-- And what keeps a version, its deployment, its deletion and a batch's questions from being written.
SELECT test.expect(format('SELECT train_model(%L, algorithm => ''mean'')', id)) FROM test.id WHERE token = '{p}';
SELECT export_model(id, 'glucose') AS exported FROM test.id WHERE token = '{p}' \gset
CREATE TRIGGER nothing BEFORE INSERT ON model_version FOR EACH ROW EXECUTE FUNCTION test.nothing();
SET ROLE anna;
SELECT test.expect(format('SELECT import_model(%L, %L)', id, :'exported')) FROM test.id WHERE token = '{p}';
RESET ROLE;
DROP TRIGGER nothing ON model_version;
SELECT import_model(id, :'exported') AS imported FROM test.id WHERE token = '{p}' \gset
CREATE TRIGGER nothing BEFORE INSERT ON deployment FOR EACH ROW EXECUTE FUNCTION test.nothing();
CREATE TRIGGER nothing BEFORE DELETE ON model_version FOR EACH ROW EXECUTE FUNCTION test.nothing();
CREATE TRIGGER nothing BEFORE INSERT ON batch_answer FOR EACH ROW EXECUTE FUNCTION test.nothing();
SET ROLE anna;
SELECT test.expect(format('SELECT deploy_model(%L, ''glucose'', %L)', id, :'imported'))
FROM test.id WHERE token = '{p}';
SELECT test.expect(format('SELECT delete_model(%L, ''glucose'', %L)', id, :'imported'))
FROM test.id WHERE token = '{p}';
SELECT test.expect(format('SELECT predict_async(''glucose'', ARRAY[%L::uuid])', id)) FROM test.id WHERE token = '{m}';
RESET ROLE;
