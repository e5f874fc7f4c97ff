-- SPDX-License-Identifier: PostgreSQL
CREATE TYPE glucose.training_result AS (
  person_id uuid, model_type text, version text, algorithm text, is_active boolean,
  n_train integer, n_validation integer, n_test integer, mae real, rmse real, r2 real,
  training_ms real, is_production_ready boolean, quality_issues text[], train_loss real, val_loss real,
  best_val_loss real, r2_score real, mape real, epochs_trained integer, early_stopped boolean,
  training_time_seconds real, total_samples integer, sequence_length integer, num_features integer,
  model_size_mb real);
COMMENT ON TYPE glucose.training_result IS
'What a training led to; mae, rmse (in the unit of what is forecast), r2, r2_score and mape (percent) are of the test '
'rows, mean over horizons; losses are mean squared errors. What an algorithm has none of is NULL.';

CREATE FUNCTION glucose.train_model(person_id uuid, model_type text DEFAULT 'glucose', algorithm text DEFAULT 'auto',
  options jsonb DEFAULT '{}') RETURNS glucose.training_result
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_train_model';
COMMENT ON FUNCTION glucose.train_model(uuid, text, text, jsonb) IS
'Trains a new version of the person''s model and stores it; the first good one becomes active. Model type glucose '
'forecasts after meals, cgm from readings alone.';

CREATE FUNCTION glucose.model_types(OUT model_type text, OUT unit text, OUT about_meals boolean, OUT rows_are text,
  OUT units_are text) RETURNS SETOF record
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 2 AS 'MODULE_PATHNAME', 'glucose_model_types';
COMMENT ON FUNCTION glucose.model_types() IS
'The kinds of forecast there are: the unit of each, whether it is asked about meals or about moments, what counts '
'as new for a retraining, and what is paired when two versions are compared.';

CREATE FUNCTION glucose.task_name(model_type text) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_task_name';
COMMENT ON FUNCTION glucose.task_name(text) IS
'Internal: the kind of forecast that a model type is of, NULL when there is none.';

CREATE FUNCTION glucose.model_type(name text, OUT model_type text, OUT unit text, OUT about_meals boolean,
  OUT rows_are text, OUT units_are text)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  SELECT t.* INTO model_type, unit, about_meals, rows_are, units_are FROM glucose.model_types() t
  WHERE t.model_type = glucose.task_name(name);
  IF NOT FOUND THEN
    RAISE EXCEPTION 'unrecognized model_type "%"', name
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Model types are listed by glucose.model_types().';
  END IF;
END
$fn$;
COMMENT ON FUNCTION glucose.model_type(text) IS
'Internal: the row of model_types() of a model type, else raises 22023.';

CREATE FUNCTION glucose.unit_of(model_type text) RETURNS text
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN coalesce((SELECT m.unit FROM glucose.metric m
                   WHERE m.name = substr(model_type, nullif(strpos(model_type, ':'), 0) + 1)),
                  (glucose.model_type(model_type)).unit);
END
$fn$;
COMMENT ON FUNCTION glucose.unit_of(text) IS
'Internal: the unit of what models of a type forecast: the metric''s own, else that of the kind of forecast.';

CREATE FUNCTION glucose.algorithms(model_type text DEFAULT 'glucose', OUT algorithm text, OUT description text,
  OUT default_options jsonb) RETURNS SETOF record
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 8 AS 'MODULE_PATHNAME', 'glucose_algorithms';
COMMENT ON FUNCTION glucose.algorithms(text) IS
'The algorithms of train_model() with what they are and the options each listens to, at their defaults.';

CREATE FUNCTION glucose.train_population_model(model_type text DEFAULT 'glucose', algorithm text DEFAULT 'auto',
  options jsonb DEFAULT '{}') RETURNS glucose.training_result
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_train_population_model';
COMMENT ON FUNCTION glucose.train_population_model(text, text, jsonb) IS
'Trains a model for persons without one of their own, from all persons who share their data and whom the caller '
'sees; it keeps weights and counts, never an id. The steward runs it.';
