-- SPDX-License-Identifier: PostgreSQL
-- What a simple model needs, as an application would read it: a meal, a stored baseline, 37 readings.
\set i random(:first, :last)
SELECT m.eaten_at, m.meal_type, m.calories, m.carbs_g, m.protein_g, m.fat_g, m.fiber_g, a.mean, a.sd,
       (SELECT array_agg(r.mg_dl ORDER BY r.measured_at) FROM glucose.glucose_reading r WHERE r.person_id = a.person_id
        AND r.measured_at >= a.window_start AND r.measured_at <= a.eaten_at)
FROM bench.asked a JOIN glucose.meal m ON m.person_id = a.person_id AND m.meal_id = a.meal_id WHERE a.i = :i;
