-- SPDX-License-Identifier: PostgreSQL
\set i random(:first, :last)
SELECT glucose.predict_glucose(glucose.key(:i::bigint));
