-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.simulate_person(seed bigint, days integer DEFAULT 30, profile text DEFAULT 't2d') RETURNS uuid
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_simulate_person';
COMMENT ON FUNCTION glucose.simulate_person(bigint, integer, text) IS
'Adds a simulated person of the caller with meals, 5-minute sensor glucose from a physiological model and what a watch '
'says of its days, starting 2026-01-05 in UTC; returns its person_id.';
