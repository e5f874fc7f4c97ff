-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.tune_model(person_id uuid, algorithm text, search jsonb DEFAULT '{}', options jsonb DEFAULT '{}',
  model_type text DEFAULT 'glucose',
  OUT params jsonb, OUT mae real, OUT rmse real, OUT n integer, OUT rank integer) RETURNS SETOF record
LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 20 AS 'MODULE_PATHNAME', 'glucose_tune_model';
COMMENT ON FUNCTION glucose.tune_model(uuid, text, jsonb, jsonb, text) IS
'Tries every combination (at most 200) of the candidates in search, for example {"l2": [10, 30, null]} (null: the default; nothing: a usual grid), of a person''s ridge, lad, trees or lstm, of model_type cgm linear: each learns at four moments, 40, 55, 70 and 85 % of the rows before the test rows, from what was known then and is asked about the rows up to the next. rank 1 has the smallest rmse (mg/dL, mean over horizons), n counts rows, params are options for train_model(); the option time_budget (60 seconds) ends it early with a NOTICE, and it writes nothing. Errors: P0002, 22023, MG002, 0A000, 53200, 57014.';
