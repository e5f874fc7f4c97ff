-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.feature_schema(schema text DEFAULT 'meal28/1', OUT index integer, OUT name text, OUT unit text,
                                       OUT low real, OUT high real, OUT nullable boolean,
                                       OUT source text) RETURNS SETOF record
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 28 AS 'MODULE_PATHNAME', 'glucose_feature_schema';
COMMENT ON FUNCTION glucose.feature_schema(text) IS
'The features of a schema: index from 1, name, unit, range, whether it may be NULL, and where it comes from.';

CREATE FUNCTION glucose.feature_names() RETURNS text[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_feature_names';
COMMENT ON FUNCTION glucose.feature_names() IS
'Names of the 28 features of ''meal28/1'', in order.';

CREATE FUNCTION glucose.validate_features(features double precision[]) RETURNS void
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_validate_features_float8';
COMMENT ON FUNCTION glucose.validate_features(double precision[]) IS
'Checks a vector of the 28 features; an error names the one that is wrong.';

CREATE FUNCTION glucose.extract_meal_features(meal_id uuid, person_id uuid DEFAULT NULL) RETURNS real[]
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_extract_meal_features_of';
COMMENT ON FUNCTION glucose.extract_meal_features(uuid, uuid) IS
'The 13 features of the meal itself: nutrition (NULL = not known), type, clock in the person''s time zone.';

CREATE FUNCTION glucose.extract_glucose_history(person_id uuid, before timestamptz,
  window_hours double precision DEFAULT 3) RETURNS real[]
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_extract_glucose_history_float8';
COMMENT ON FUNCTION glucose.extract_glucose_history(uuid, timestamptz, double precision) IS
'Glucose in mg/dL every 15 minutes over the window that ends at "before", oldest first. NULL where no reading is '
'near enough; nothing measured or recorded later is used.';

CREATE FUNCTION glucose.calculate_user_baseline(person_id uuid, before timestamptz DEFAULT now(),
  window_days integer DEFAULT 30, OUT avg_glucose real, OUT std_glucose real, OUT avg_carbs_per_meal real)
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_calculate_user_baseline';
COMMENT ON FUNCTION glucose.calculate_user_baseline(uuid, timestamptz, integer) IS
'The person''s own level over the days up to "before": mean and sample standard deviation of the readings (mg/dL), '
'mean carbohydrate of the meals (g).';

CREATE FUNCTION glucose.extract_features(meal_id uuid, person_id uuid DEFAULT NULL) RETURNS real[]
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_extract_features_of';
COMMENT ON FUNCTION glucose.extract_features(uuid, uuid) IS
'The 28 features of ''meal28/1'' at the moment of the meal, NULL where not known. Nothing measured, recorded or '
'eaten later is used.';

CREATE FUNCTION glucose.feature_vector(meal_id uuid, schema text DEFAULT 'meal/2',
  person_id uuid DEFAULT NULL) RETURNS real[]
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_feature_vector';
COMMENT ON FUNCTION glucose.feature_vector(uuid, text, uuid) IS
'The features of a schema at the moment of the meal, in the order of feature_schema(), NULL where not known. '
'Nothing that was not known then is used.';

CREATE FUNCTION glucose.training_dataset(person_id uuid, start_at timestamptz DEFAULT '-infinity',
  end_at timestamptz DEFAULT 'infinity', OUT split text, OUT meal_id uuid, OUT eaten_at timestamptz,
  OUT features real[], OUT targets real[]) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL SAFE ROWS 500 AS 'MODULE_PATHNAME', 'glucose_training_dataset';
COMMENT ON FUNCTION glucose.training_dataset(uuid, timestamptz, timestamptz) IS
'The person''s usable meals in time order, split 70/15/15 into train, validation and test: features, and glucose 60 '
'and 120 minutes later.';
