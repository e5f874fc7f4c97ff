-- SPDX-License-Identifier: PostgreSQL
\set i random(:first, :last)
INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl)
SELECT person_id, clock_timestamp() + interval '1 year', 111 FROM bench.asked WHERE i = :i;
