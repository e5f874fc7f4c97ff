-- SPDX-License-Identifier: PostgreSQL
-- Persons and days of a folder with person.csv and day.csv.gz, as the application's own role would bring them.
-- :source: whose persons; bench.raw_day and bench.raw_person are there.
INSERT INTO glucose.person (person_id, time_zone, shares_data)
SELECT glucose.key(person_id), 'UTC', true FROM bench.raw_person WHERE source = :'source';
INSERT INTO glucose.daily_metric (person_id, day, metric, source, value, unit)
SELECT glucose.key(d.person_id), d.day, m.metric, :'source', m.value, c.unit
FROM bench.raw_day d JOIN bench.raw_person p USING (person_id)
CROSS JOIN LATERAL (VALUES
  ('RESTING_HEART_RATE', d.resting_heart_rate), ('HEART_RATE_VARIABILITY_RMSSD', d.hrv_rmssd_ms),
  ('HEART_RATE_VARIABILITY_SDNN', d.hrv_sdnn_ms), ('SLEEP_DURATION', d.sleep_minutes),
  ('TIME_IN_BED', d.in_bed_minutes), ('SLEEP_EFFICIENCY', d.sleep_efficiency_pct),
  ('SLEEP_DEEP', d.sleep_deep_minutes), ('SLEEP_REM', d.sleep_rem_minutes), ('SLEEP_ONSET', d.sleep_onset_minute),
  ('RECOVERY_SCORE', d.recovery_score), ('HEART_RATE_MEAN', d.heart_rate_mean),
  ('STRESS_SCORE', d.stress_score), ('RESPIRATORY_RATE', d.respiratory_rate), ('SKIN_TEMPERATURE', d.skin_temp_c), ('STEPS', d.steps),
  ('DISTANCE', d.distance_m), ('FLOORS_CLIMBED', d.floors), ('ACTIVE_LIGHT', d.active_light_minutes),
  ('ACTIVE_MODERATE', d.active_moderate_minutes), ('ACTIVE_VIGOROUS', d.active_vigorous_minutes),
  ('SEDENTARY', d.sedentary_minutes), ('ACTIVE_ENERGY', d.active_kcal), ('TOTAL_ENERGY', d.total_kcal),
  ('WORKOUTS', d.workouts), ('WORKOUT_DURATION', d.workout_minutes), ('TRAINING_LOAD', d.training_load),
  ('EATING_OCCASIONS', d.meals), ('ENERGY_INTAKE', d.kcal_in), ('CARBOHYDRATE_INTAKE', d.carbs_g),
  ('PROTEIN_INTAKE', d.protein_g), ('FAT_INTAKE', d.fat_g), ('FIBER_INTAKE', d.fiber_g),
  ('ALCOHOL_INTAKE', d.alcohol), ('GLUCOSE_MEAN', d.glucose_mean_mg_dl),
  ('GLUCOSE_TIME_IN_RANGE', d.glucose_tir_pct)) AS m (metric, value)
JOIN glucose.metric c ON c.name = m.metric
WHERE p.source = :'source' AND m.value IS NOT NULL
  AND m.value BETWEEN coalesce(c.low, '-Infinity') AND coalesce(c.high, 'Infinity');
ANALYZE;
