-- SPDX-License-Identifier: PostgreSQL
-- The rows a forecast reads, read by one plain statement as an application would write it: the meal with its person
-- and active model, the level of 30 days, the readings of the window, the mean carbohydrate. The bounds are computed
-- before they are compared, so that they reach the index under row-level security too.
\set i random(1, :meals)
WITH asked AS MATERIALIZED (
  SELECT m.*, p.time_zone, v.version, v.algorithm, v.sha256, m.eaten_at - interval '720 hours' AS since,
         m.eaten_at - interval '3 hours' AS window_start
  FROM glucose.meal m JOIN glucose.person p USING (person_id) JOIN glucose.model_version v USING (person_id)
  WHERE m.meal_id = glucose.key(:i::bigint) AND v.model_type = 'glucose' AND v.is_active
)
SELECT asked.*, level.*, history.*, carbs.*
FROM asked, LATERAL (
  SELECT avg(r.mg_dl), stddev_samp(r.mg_dl) FROM glucose.glucose_reading r
  WHERE r.person_id = asked.person_id AND r.measured_at > asked.since AND r.measured_at <= asked.eaten_at) level
, LATERAL (
  SELECT array_agg(r.mg_dl ORDER BY r.measured_at) AS readings FROM glucose.glucose_reading r
  WHERE r.person_id = asked.person_id AND r.measured_at > asked.window_start AND r.measured_at <= asked.eaten_at) history
, LATERAL (
  SELECT avg(o.carbs_g) AS mean_carbs FROM glucose.meal o
  WHERE o.person_id = asked.person_id AND o.eaten_at >= asked.since AND o.eaten_at < asked.eaten_at) carbs;
