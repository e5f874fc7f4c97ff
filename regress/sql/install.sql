-- SPDX-License-Identifier: PostgreSQL
-- What every other test stands on: the extension and its tables, and that both can be had twice.
CREATE EXTENSION pg_glucose;
SELECT glucose.version() = extversion AS same_version FROM pg_extension WHERE extname = 'pg_glucose';
SELECT glucose.setup() IS NOT NULL AS set_up;
SELECT glucose.setup() IS NOT NULL AS set_up_again;
-- The rows are the user's: while policies use its functions, the extension does not go, and never takes a table along.
\set VERBOSITY terse
DROP EXTENSION pg_glucose;
