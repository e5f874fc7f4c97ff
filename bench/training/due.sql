-- SPDX-License-Identifier: PostgreSQL
-- psql -v meals=N: everyone has the first N meals and a model of the older ones, and is due for retraining.
DELETE FROM glucose.meal m
USING (SELECT person_id, meal_id, row_number() OVER (PARTITION BY person_id ORDER BY eaten_at) AS nth
       FROM glucose.meal) AS n
WHERE m.person_id = n.person_id AND m.meal_id = n.meal_id AND n.nth > :meals;
SELECT glucose.train_model(p.person_id, 'glucose', 'mean', jsonb_build_object('deploy', true, 'end_at', (
  SELECT max(m.eaten_at) - interval '3 days' FROM glucose.meal m WHERE m.person_id = p.person_id)))
FROM glucose.person p;
UPDATE glucose.retraining_policy SET min_new_rows = 1 WHERE model_type = 'glucose';
VACUUM ANALYZE;
