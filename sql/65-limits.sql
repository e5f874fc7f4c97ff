-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.rate_limits(OUT identity text, OUT kind text, OUT per_minute integer, OUT available integer,
  OUT next_at timestamptz) RETURNS SETOF record
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED ROWS 100 AS 'MODULE_PATHNAME', 'glucose_rate_limits';
COMMENT ON FUNCTION glucose.rate_limits() IS
'Who has asked in the last minute and how many calls each has left; the owner of the tables and stewards see '
'everybody, others themselves.';

CREATE FUNCTION glucose.call_costs(OUT function_name text, OUT kind text) RETURNS SETOF record
LANGUAGE c STABLE STRICT PARALLEL SAFE ROWS 50 AS 'MODULE_PATHNAME', 'glucose_call_costs';
COMMENT ON FUNCTION glucose.call_costs() IS
'Which functions the rate limits count, and whether as a prediction or as expensive.';
