-- SPDX-License-Identifier: PostgreSQL
\set i random(1, :meals)
SELECT * FROM glucose.glucose_forecast(glucose.key(:i::bigint));
