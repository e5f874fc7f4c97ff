-- SPDX-License-Identifier: PostgreSQL
-- What every other test stands on: the extension and its tables, and that both can be had twice.
CREATE EXTENSION pg_glucose;
SELECT glucose.version() = extversion AS same_version FROM pg_extension WHERE extname = 'pg_glucose';
