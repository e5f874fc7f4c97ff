-- SPDX-License-Identifier: PostgreSQL
\set i random(:first, :last)
INSERT INTO bench.plain_reading (person_id, measured_at, mg_dl)
SELECT person_id, clock_timestamp() + interval '2 years' + n * interval '1 us', 111
FROM bench.asked, generate_series(1, 1000) n WHERE i = :i;
