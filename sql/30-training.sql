-- SPDX-License-Identifier: PostgreSQL
CREATE TYPE glucose.training_result AS (
  person_id uuid, model_type text, version text, algorithm text, is_active boolean,
  n_train integer, n_validation integer, n_test integer, mae real, rmse real, r2 real,
  training_ms real, is_production_ready boolean, quality_issues text[]);
COMMENT ON TYPE glucose.training_result IS
'What a training led to; mae, rmse (mg/dL) and r2 are of the test rows, mean over horizons.';

CREATE FUNCTION glucose.train_model(person_id uuid, model_type text DEFAULT 'glucose', algorithm text DEFAULT 'auto',
  options jsonb DEFAULT '{}') RETURNS glucose.training_result
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_train_model';
COMMENT ON FUNCTION glucose.train_model(uuid, text, text, jsonb) IS
'Trains a new version of the person''s model from its meals and readings (model_type cgm: from readings alone, on top of the population''s when there is one) and stores it; the first good one becomes active. Algorithms and options are listed by algorithms(). Deterministic by the option seed. Errors: P0002; 22023 for an unknown option or a value out of range, naming the key; MG002 under 7 days of readings or 21 usable meals, with the counts; 53200 above glucose.max_train_memory; 57014 when cancelled, and then nothing is stored. Options of model_type cgm: start_at, end_at, min_days (7), l2 (the penalty in rows; null: 300), deploy.';

CREATE FUNCTION glucose.model_types(OUT model_type text, OUT unit text, OUT about_meals boolean, OUT rows_are text,
  OUT units_are text) RETURNS SETOF record
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 2 AS 'MODULE_PATHNAME', 'glucose_model_types';
COMMENT ON FUNCTION glucose.model_types() IS
'The kinds of forecast there are: the unit of each, whether it is asked about meals or about moments, what is counted when a retraining asks for anything new (rows_are), and what is paired when two versions are compared (units_are).';

CREATE FUNCTION glucose.model_type(name text, OUT model_type text, OUT unit text, OUT about_meals boolean,
  OUT rows_are text, OUT units_are text)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  SELECT t.* INTO model_type, unit, about_meals, rows_are, units_are FROM glucose.model_types() t
  WHERE t.model_type = split_part(name, ':', 1);
  IF NOT FOUND THEN
    RAISE EXCEPTION 'unrecognized model_type "%"', name
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Model types are listed by glucose.model_types().';
  END IF;
END
$fn$;
COMMENT ON FUNCTION glucose.model_type(text) IS 'The row of model_types() of a model_type. Errors: 22023.';

CREATE FUNCTION glucose.algorithms(model_type text DEFAULT 'glucose', OUT algorithm text, OUT description text,
  OUT default_options jsonb) RETURNS SETOF record
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 8 AS 'MODULE_PATHNAME', 'glucose_algorithms';
COMMENT ON FUNCTION glucose.algorithms(text) IS
'The algorithms of train_model() with what they are and the options each listens to, at their defaults. For all: horizons (minutes), min_days, min_meals, start_at, end_at, deploy. A null l2 means that the penalty is chosen by cross-validation, of model_type cgm that it is 300.';

CREATE FUNCTION glucose.train_population_model(model_type text DEFAULT 'glucose', algorithm text DEFAULT 'auto',
  options jsonb DEFAULT '{}') RETURNS glucose.training_result
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_train_population_model';
COMMENT ON FUNCTION glucose.train_population_model(text, text, jsonb) IS
'Trains a model for persons without one of their own, from all persons who share their data (shares_data) and whom the caller sees, one after the other; stores weights and counts only, never an id. The first good one of a type becomes active. The steward runs it. Model type glucose: algorithm ridge, trees, lstm (a network alone, without a memory of earlier meals) or auto; auto judges trees and, from 500 meals on, a network on persons left out and keeps what helps beyond chance; a person''s lstm of the same layers and horizons begins with that network. Its options are those of train_model(), min_meals counting for each person. Model type cgm: algorithm linear, or auto, which from 20,000 windows of 10 persons on adds boosted trees at the horizons where persons left out gain beyond chance (then stored as trees); options start_at, end_at, min_days (of each person, 1), l2 (over the number of persons; null: 300), deploy. Errors: 42501; 22023; MG002 when nobody has enough readings; 57014 when cancelled, and then nothing is stored.';
