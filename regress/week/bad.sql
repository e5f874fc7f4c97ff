-- SPDX-License-Identifier: PostgreSQL
-- The models that are planted have learnt from glucose that was 70 mg/dL higher after meals.
BEGIN;
CREATE TEMP TABLE after_meals ON COMMIT DROP AS
SELECT DISTINCT r.person_id, r.measured_at
FROM meal m JOIN week.person p USING (person_id) JOIN glucose_reading r ON r.person_id = m.person_id
  AND r.measured_at > m.eaten_at + interval '30 minutes' AND r.measured_at < m.eaten_at + interval '150 minutes'
WHERE p.fault = 'bad' AND r.mg_dl <= 500;
UPDATE glucose_reading r SET mg_dl = r.mg_dl + 70 FROM after_meals a
WHERE a.person_id = r.person_id AND a.measured_at = r.measured_at;
SELECT count((train_model(person_id, 'glucose', 'ridge', '{"deploy": true}')).version) AS bad_models
FROM week.person WHERE fault = 'bad';
UPDATE glucose_reading r SET mg_dl = r.mg_dl - 70 FROM after_meals a
WHERE a.person_id = r.person_id AND a.measured_at = r.measured_at;
COMMIT;
