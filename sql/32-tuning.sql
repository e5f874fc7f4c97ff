-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.tune_model(person_id uuid, algorithm text, search jsonb DEFAULT '{}',
  options jsonb DEFAULT '{}', model_type text DEFAULT 'glucose',
  OUT params jsonb, OUT mae real, OUT rmse real, OUT n integer, OUT rank integer) RETURNS SETOF record
LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 20 AS 'MODULE_PATHNAME', 'glucose_tune_model';
COMMENT ON FUNCTION glucose.tune_model(uuid, text, jsonb, jsonb, text) IS
'Searches options for one person by rolling-origin validation, within a time budget; rank 1 has the smallest rmse. '
'It writes nothing: pass params on to train_model().';
