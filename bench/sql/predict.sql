-- SPDX-License-Identifier: PostgreSQL
\set i random(1, :meals)
SELECT glucose.predict_glucose(glucose.key(:i::bigint));
