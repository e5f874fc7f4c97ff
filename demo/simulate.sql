-- SPDX-License-Identifier: PostgreSQL
-- Five persons over the simulator's profiles, 60 days each; the last one began three days ago.
CREATE TEMP TABLE known_person AS
  SELECT glucose.simulate_person(seed, days, profile) AS person_id, label
  FROM (VALUES (1, 60, 'none', 'Ada'), (2, 60, 'prediabetes', 'Ben'), (3, 60, 't2d', 'Cleo'), (4, 60, 't1d', 'Dan'),
               (5, 3, 't1d', 'Eve')) AS who (seed, days, profile, label);
ANALYZE glucose.person, glucose.meal, glucose.glucose_reading;
SELECT k.label AS person, p.diabetes_type, count(m) AS meals,
       (SELECT count(*) FROM glucose.glucose_reading r WHERE r.person_id = k.person_id) AS readings
FROM known_person k JOIN glucose.person p USING (person_id) LEFT JOIN glucose.meal m USING (person_id)
GROUP BY k.label, k.person_id, p.diabetes_type ORDER BY k.label;
