-- SPDX-License-Identifier: PostgreSQL
-- What demo/draw.py draws of meal :meal_id of :person_id at :eaten_at, as one JSON document into the file :plot:
-- readings by minutes from the meal, and the forecast as a curve with its intervals of 90 and of 50 %.
\pset tuples_only on
\pset format unaligned
\o :plot
SELECT json_build_object(
  'title', format('%s, %s g carbohydrate', m.meal_type, round(m.carbs_g)),
  'readings', (SELECT json_agg(json_build_array(extract(epoch FROM r.measured_at - m.eaten_at) / 60, r.mg_dl)
  ORDER BY r.measured_at)
               FROM glucose.glucose_reading r WHERE r.person_id = m.person_id
                 AND r.measured_at BETWEEN m.eaten_at - interval '3 h' AND m.eaten_at + interval '3 h'),
  'forecast', (SELECT json_agg(json_build_array(f.minutes_ahead, f.mg_dl) ORDER BY f.minutes_ahead)
               FROM glucose.glucose_forecast(m.meal_id) f),
  'wide', (SELECT json_agg(json_build_array(c.minutes_ahead, c.lower, c.mg_dl, c.upper) ORDER BY c.minutes_ahead)
           FROM glucose.glucose_curve(m.meal_id, 5) c),
  'narrow', (SELECT json_agg(json_build_array(c.minutes_ahead, c.lower, c.mg_dl, c.upper) ORDER BY c.minutes_ahead)
             FROM glucose.glucose_curve(m.meal_id, 5, '{"level": 0.5}') c))
FROM glucose.meal m WHERE m.person_id = :'person_id' AND m.meal_id = :'meal_id';
\o
\pset format aligned
\pset tuples_only off
