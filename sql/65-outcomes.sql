-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.record_outcome(prediction_id uuid, outcome jsonb, unit text DEFAULT NULL,
  person_id uuid DEFAULT NULL) RETURNS integer
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_record_outcome';
COMMENT ON FUNCTION glucose.record_outcome(uuid, jsonb, text, uuid) IS
'Stores what came of a logged answer, for applications whose truth is not in the tables: a value, true or false, or '
'values by minutes ahead; said again, the last word counts. How many were stored.';
