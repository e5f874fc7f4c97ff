-- SPDX-License-Identifier: PostgreSQL
-- explain_prediction, what_if, glucose_curve, similar_meals, feature_importance: they agree with what is served.
\getenv here PG_ABS_SRCDIR
\set test explanation
\i :here/include/begin.sql
SET ROLE anna;
-- Without a model: MG001, but similar meals need none.
SELECT simulate_person(1, 45, 't2d') AS person \gset
SELECT meal_id AS meal, eaten_at AS at FROM meal WHERE person_id = :'person' ORDER BY eaten_at DESC OFFSET 4
  LIMIT 1 \gset
SELECT call, test.expect(format('SELECT * FROM ' || call, :'meal'))
  FROM unnest(ARRAY['explain_prediction(%L, 60)', 'what_if(%L, ''{}'')', 'glucose_curve(%L)']) AS call;
SELECT test.expect(format('SELECT * FROM feature_importance(%L)', :'person'));
SELECT count(*) AS similar, bool_and(similarity BETWEEN 0 AND 1) AS in_range FROM similar_meals(:'meal');

-- One version of each kind; the last is active. Trees where this installation can train them.
CREATE TEMP TABLE kind (algorithm text, version text);
INSERT INTO kind SELECT a,
  (train_model(:'person', 'glucose', a, '{"deploy": false, "epochs": 5, "hidden": [8]}')).version
FROM unnest('{persistence,mean,ridge,lad,lstm,personal}'::text[]) a;
DO $$ BEGIN
  INSERT INTO kind SELECT 'trees', (glucose.train_model(person_id, 'glucose', 'trees', '{"deploy": false}')).version
    FROM glucose.person;
EXCEPTION WHEN feature_not_supported THEN NULL; END $$;
INSERT INTO kind SELECT 'auto',
  (train_model(:'person', 'glucose', 'auto', '{"deploy": true, "epochs": 5, "hidden": [8]}')).version;
SELECT count(*) >= 7 AS kinds FROM kind;

-- Contributions sum to the forecast, for every kind, horizon, head and a dozen meals; baseline comes first and the
-- largest next.
CREATE TEMP VIEW late_meal AS SELECT meal_id FROM meal ORDER BY eaten_at DESC, meal_id OFFSET 4 LIMIT 12;
SELECT algorithm AS does_not_add_up, minutes_ahead, o FROM kind CROSS JOIN late_meal m
  CROSS JOIN unnest('{median,mean}'::text[]) AS head,
  LATERAL (SELECT jsonb_build_object('version', version, 'head', head)) p (o), LATERAL glucose_forecast(m.meal_id, o) f,
  LATERAL (SELECT sum(CASE feature WHEN 'baseline' THEN value ELSE contribution END) AS total, count(*) AS n,
  count(DISTINCT feature) AS names
           FROM explain_prediction(m.meal_id, f.minutes_ahead, o)) e
WHERE NOT test.near(total, f.mg_dl, 1e-3) OR n <> names;
SELECT algorithm AS out_of_order FROM kind, LATERAL (
  SELECT array_agg(feature ORDER BY i) AS features,
  array_agg(abs(contribution) ORDER BY i) FILTER (WHERE i > 1) AS sizes
  FROM explain_prediction(:'meal', 120, jsonb_build_object('version', version)) WITH ORDINALITY AS e (feature, value,
  contribution, i)) o
WHERE features[1] <> 'baseline' OR sizes IS DISTINCT FROM (SELECT array_agg(s ORDER BY s DESC) FROM unnest(sizes) s);
-- What is in it: the level for all but the mean, the personal part where there is one.
SELECT algorithm, count(*) FILTER (WHERE feature = 'level') AS level,
  count(*) FILTER (WHERE feature = 'earlier_meals') AS earlier_meals,
  count(*) FILTER (WHERE feature = 'low_glucose') AS low_glucose,
  count(*) FILTER (WHERE feature = 'typical_outcome') AS typical_outcome,
  count(*) FILTER (WHERE feature NOT IN ('baseline', 'earlier_meals', 'low_glucose', 'typical_outcome', 'limit'))
  AS features
FROM kind, explain_prediction(:'meal', 60, jsonb_build_object('version', version)) WHERE algorithm <> 'auto' GROUP BY 1
  ORDER BY 1;
SELECT test.near(value, (extract_glucose_history(:'person', :'at'))[12]) AS value_as_seen, contribution <> 0 AS counts
  FROM explain_prediction(:'meal', 60, '{"version": "1.0.0"}') WHERE feature = 'level';
SELECT value IS NULL AS unknown FROM (SELECT version FROM kind WHERE algorithm = 'ridge') k,
  LATERAL explain_prediction(:'meal', 60, jsonb_build_object('version', version)) WHERE feature = 'typical_outcome';
SELECT test.expect(format('SELECT explain_prediction(%L, 90)', :'meal')),
  test.hint(format('SELECT explain_prediction(%L, 90)', :'meal'));

-- What if: no change changes nothing, also when it is said in full; what is changed is what predict_meal would say.
SELECT algorithm AS changed_by_nothing FROM kind CROSS JOIN meal m
  CROSS JOIN unnest('{median,mean}'::text[]) AS head,
  LATERAL (SELECT jsonb_build_object('version', version, 'level', 0.02, 'head', head)) p (o),
  unnest(ARRAY['{}', to_jsonb(m) - '{person_id,meal_id,eaten_at}'::text[]]) changes,
  LATERAL what_if(m.meal_id, changes, o) w JOIN glucose_forecast(m.meal_id, o) f USING (minutes_ahead)
WHERE m.meal_id = :'meal' AND (difference <> 0 OR w.changed <> f.mg_dl OR w.mg_dl <> f.mg_dl OR w.lower <> f.lower
  OR w.upper <> f.upper);
SELECT minutes_ahead, difference = changed - mg_dl AS difference, lower <= changed AND changed <= upper AS ordered,
  round(changed) = (p ->> 'glucose')::float8 AS as_predict_meal, round(upper) = (p ->> 'upper')::float8 AS upper
-- By a model that does not look at other meals: beside what is given to predict_meal, the stored meal stays one.
FROM (SELECT jsonb_build_object('version', version) FROM kind WHERE algorithm = 'ridge') k (o), meal m,
  LATERAL what_if(meal_id, '{"carbs_g": 120, "fiber_g": null, "meal_type": "snack"}', o) w
JOIN LATERAL jsonb_array_elements(predict_meal(:'person',
  to_jsonb(m) - 'person_id' - 'meal_id' || '{"carbs_g": 120, "fiber_g": null, "meal_type": "snack"}',
  o) -> 'predictions') p
  ON (p ->> 'minutes_ahead')::int = minutes_ahead WHERE meal_id = :'meal';
SELECT c AS changes, test.expect(format('SELECT what_if(%L, %L)', :'meal', c)),
  test.hint(format('SELECT what_if(%L, %L)', :'meal', c))
FROM unnest(ARRAY['{"sugar": 1}', '{"eaten_at": "2026-01-01"}', '{"meal_type": "brunch"}', '{"carbs_g": "much"}',
  '{"carbs_g": 501}', '[]']) c;

-- The curve: through the level and the served forecasts, ordered, one peak, an area that can be checked by hand.
SELECT algorithm AS not_through, o FROM kind CROSS JOIN late_meal m CROSS JOIN unnest('{median,mean}'::text[]) AS head
  CROSS JOIN unnest('{0.02,0.8}'::float8[]) AS level,
  LATERAL (SELECT jsonb_build_object('version', version, 'level', level, 'head', head)) p (o),
  LATERAL glucose_forecast(m.meal_id, o) f JOIN LATERAL glucose_curve(m.meal_id, 15, o) c USING (minutes_ahead)
WHERE NOT (test.near(f.mg_dl, c.mg_dl, 1e-3) AND test.near(f.lower, c.lower, 1e-3)
  AND test.near(f.upper, c.upper, 1e-3)) OR c.at <> f.at
  OR NOT (f.lower <= f.mg_dl AND f.mg_dl <= f.upper);
SELECT algorithm AS disorder FROM kind CROSS JOIN late_meal m,
  LATERAL (SELECT count(*) AS n, count(*) FILTER (WHERE is_peak) AS peaks,
  bool_and(lower <= mg_dl AND mg_dl <= upper AND lower >= 20 AND upper <= 600) AS ordered,
  bool_and(is_peak = (i = 1)) AS highest
  FROM (SELECT *, rank() OVER (ORDER BY mg_dl DESC, minutes_ahead) AS i
  FROM glucose_curve(m.meal_id, 10, jsonb_build_object('version', version))) c) s
WHERE n <> 19 OR peaks <> 1 OR NOT ordered OR NOT highest;
SELECT step, count(*), min(minutes_ahead), max(minutes_ahead)
  FROM unnest('{1,7,15,60}'::int[]) step, glucose_curve(:'meal', step) GROUP BY 1 ORDER BY 1;
WITH c AS (SELECT *, mg_dl - first_value(mg_dl) OVER w AS y, lag(mg_dl) OVER w - first_value(mg_dl) OVER w AS x,
  minutes_ahead - lag(minutes_ahead) OVER w AS dt,
             mg_dl = max(mg_dl) OVER () AS highest
             FROM glucose_curve(:'meal', 15) WINDOW w AS (ORDER BY minutes_ahead)),
  areas AS (SELECT *, sum(CASE WHEN x >= 0 AND y >= 0 THEN (x + y) / 2 * dt WHEN x <= 0 AND y <= 0 THEN 0
    ELSE greatest(x, y) ^ 2 / abs(x - y) * dt / 2 END) OVER (ORDER BY minutes_ahead) AS area FROM c)
SELECT bool_and(test.near(incremental_area, coalesce(area, 0), 0.05)) AS areas, bool_and(is_peak = highest) AS peak,
  max(incremental_area) > 0 AS any FROM areas;
SELECT test.near(mg_dl, (extract_glucose_history(:'person', :'at'))[12]) AS begins_at_the_level, lower = mg_dl
  AND upper = mg_dl AS known, incremental_area FROM glucose_curve(:'meal') WHERE minutes_ahead = 0;
SELECT s AS step, test.expect(format('SELECT glucose_curve(%L, %L)', :'meal', s)),
  test.hint(format('SELECT glucose_curve(%L, %L)', :'meal', s)) FROM unnest('{0,61,-15,NULL}'::int[]) s;

-- Similar meals: the person's own, earlier, not long ago, with what was known then.
SELECT count(*), bool_and(m.eaten_at < :'at' AND m.eaten_at >= :'at'::timestamptz - interval '180 days') AS earlier,
  bool_and(s.meal_type = m.meal_type AND s.carbs_g IS NOT DISTINCT FROM m.carbs_g
  AND s.eaten_at = m.eaten_at) AS as_stored,
  bool_and(similarity BETWEEN 0 AND 1) AS in_range,
  bool_and(test.near(change_60, outcome_60 - s.level) AND test.near(change_120, outcome_120 - s.level)) AS changes,
  array_agg(similarity ORDER BY i) = array_agg(similarity ORDER BY similarity DESC) AS ordered
FROM similar_meals(:'meal', 20) WITH ORDINALITY AS s (meal_id, eaten_at, meal_type, carbs_g, level, similarity,
  outcome_60, outcome_120, change_60, change_120, i) JOIN meal m USING (meal_id);
SELECT bool_and(test.near(s.outcome_120, d.targets[2]) AND test.near(s.outcome_60, d.targets[1])) AS outcomes
  FROM similar_meals(:'meal', 20) s JOIN training_dataset(:'person') d USING (meal_id);
-- A meal like another one finds it; its outcome is not known until it is.
INSERT INTO meal SELECT person_id, key('again'), eaten_at + interval '1 day', meal_type, calories, carbs_g, protein_g,
  fat_g, fiber_g FROM meal WHERE meal_id = :'meal';
INSERT INTO meal SELECT person_id, key('at once'), eaten_at + interval '1 minute', meal_type, calories, carbs_g,
  protein_g, fat_g, fiber_g FROM meal WHERE meal_id = :'meal';
SELECT count(*) FILTER (WHERE meal_id = :'meal') AS not_yet FROM similar_meals(key('at once'), 100);
SELECT count(*) FILTER (WHERE meal_id = :'meal') AS found FROM similar_meals(key('again'), 100);
SELECT count(*) AS none_before FROM similar_meals((SELECT meal_id FROM meal ORDER BY eaten_at LIMIT 1));
DELETE FROM meal WHERE meal_id IN (key('again'), key('at once'));
SELECT k, test.expect(format('SELECT similar_meals(%L, %L)', :'meal', k)),
  test.hint(format('SELECT similar_meals(%L, %L)', :'meal', k)) FROM unnest('{0,101,NULL}'::int[]) k;

-- Importance: of the test rows, sorted, the same again; nothing rests on a column that a model does not have.
SELECT kind.algorithm, count(DISTINCT feature) > 0 AS features, count(DISTINCT minutes_ahead) AS horizons,
  bool_and(n = v.n_test) AS of_test_rows, array_agg(importance ORDER BY i) = array_agg(importance
  ORDER BY minutes_ahead, importance DESC) AS ordered
FROM kind JOIN model_version v USING (version),
  feature_importance(:'person', 'glucose', version) WITH ORDINALITY AS f (feature, minutes_ahead, importance, n, i)
  WHERE kind.algorithm <> 'auto' GROUP BY 1 ORDER BY 1;
SELECT feature FROM feature_importance(:'person', version => (SELECT version FROM kind WHERE algorithm = 'personal'))
  WHERE minutes_ahead = 60 LIMIT 1;
SELECT count(*) AS differs FROM (TABLE kind LIMIT 3) k,
  LATERAL (SELECT * FROM feature_importance(:'person', 'glucose', version) EXCEPT SELECT *
  FROM feature_importance(:'person', 'glucose', version)) d;
SELECT test.expect(format('SELECT feature_importance(%L, version => ''9.9.9'')', :'person'));

-- A population's model: its curve has a shape, and explanations add up.
UPDATE person SET shares_data = true;
SELECT simulate_person(s, 45, 't2d') IS NOT NULL AS made FROM generate_series(2, 3) s;
UPDATE person SET shares_data = person_id <> :'person';
RESET ROLE;
INSERT INTO person_access SELECT person_id, 'dora' FROM person ON CONFLICT DO NOTHING;
SET ROLE dora;
SELECT (train_population_model('glucose', 'ridge', '{"deploy": true}')).algorithm;
SET ROLE anna;
RESET ROLE;
DELETE FROM model_version WHERE person_id = :'person';
SET ROLE anna;
SELECT count(*) AS does_not_add_up FROM late_meal m, LATERAL glucose_forecast(m.meal_id) f, LATERAL (
  SELECT sum(CASE feature WHEN 'baseline' THEN value ELSE contribution END) AS total
  FROM explain_prediction(m.meal_id, f.minutes_ahead)) e WHERE NOT test.near(total, f.mg_dl, 1e-3);
-- A forecast is of the features that feature_vector() gives, although it reads further back to follow earlier meals.
SELECT DISTINCT e.feature AS differs FROM late_meal m, LATERAL explain_prediction(m.meal_id, 60) e
  JOIN feature_schema('meal/2') f ON f.name = e.feature
WHERE (feature_vector(m.meal_id))[f.index] IS DISTINCT FROM e.value;
SELECT count(*) AS horizons, bool_and(test.near(f.mg_dl, c.mg_dl, 1e-3)) AS through
  FROM late_meal m, LATERAL glucose_forecast(m.meal_id) f JOIN LATERAL glucose_curve(m.meal_id) c USING (minutes_ahead);

-- Writing nothing: in a read-only transaction, and in parallel workers. Null is no value.
BEGIN READ ONLY;
SELECT count(*) > 0 AS explained FROM explain_prediction(:'meal', 60);
SELECT count(*) FROM what_if(:'meal', '{"carbs_g": 10}');
COMMIT;
SELECT set_config(test.parallel_setting(), 'on', false) \gset
SELECT count(*) AS in_parallel FROM glucose_curve(:'meal');
SELECT set_config(test.parallel_setting(), 'off', false) \gset
SELECT test.expect('SELECT explain_prediction(NULL, 60)');
SELECT test.expect(format('SELECT explain_prediction(%L, NULL)', :'meal'));
SELECT test.expect(format('SELECT what_if(%L, NULL)', :'meal'));
SELECT test.expect('SELECT feature_importance(NULL)');
SELECT test.expect(format('SELECT feature_importance(%L, NULL)', :'person'));
