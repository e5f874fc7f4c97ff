-- SPDX-License-Identifier: PostgreSQL
-- psql -v source=NAME: one source in its own database.
CALL bench.run(:'source', 'full', NULL, '{0,1,3,7,14,30}');
UPDATE glucose.meal SET calories = NULL, carbs_g = NULL, protein_g = NULL, fat_g = NULL, fiber_g = NULL;
UPDATE bench.later_meal SET calories = NULL, carbs_g = NULL, protein_g = NULL, fat_g = NULL, fiber_g = NULL;
CALL bench.run(:'source', 'no nutrients', '{auto}', '{}');
UPDATE glucose.meal SET meal_type = 'snack';
UPDATE bench.later_meal SET meal_type = 'snack';
CALL bench.run(:'source', 'no meal', '{auto}', '{}');
