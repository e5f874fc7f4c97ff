-- SPDX-License-Identifier: PostgreSQL
\set i random(:first, :last)
SELECT f.* FROM bench.asked a, glucose.cgm_forecast(a.person_id, a.reading_at) f WHERE a.i = :i;
