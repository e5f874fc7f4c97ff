-- SPDX-License-Identifier: PostgreSQL
-- Every usable meal after the first 70 %, forecast by each algorithm's version and compared with what happened.
-- A version that was rejected in training never serves: there persistence is what the person would be shown.
CREATE TABLE bench.score AS
  SELECT p.source, p.person_id, t.asked, f.minutes_ahead, f.mg_dl, f.lower, f.upper,
         d.targets[CASE f.minutes_ahead WHEN 60 THEN 1 ELSE 2 END] AS happened
  FROM bench.training t
  JOIN bench.person p USING (person_id)
  JOIN bench.training persistence ON persistence.person_id = t.person_id AND persistence.asked = 'persistence'
  CROSS JOIN LATERAL glucose.training_dataset(t.person_id) d
  CROSS JOIN LATERAL glucose.glucose_forecast(d.meal_id, jsonb_build_object(
    'version', CASE WHEN t.rejected THEN persistence.version ELSE t.version END), t.person_id) f
  WHERE t.purpose = 'first 70 %' AND t.version IS NOT NULL AND d.eaten_at >= p.end_at;
