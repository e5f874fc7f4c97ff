-- SPDX-License-Identifier: PostgreSQL
\set i random(:first, :last)
SELECT * FROM glucose.glucose_forecast(glucose.key(:i::bigint));
