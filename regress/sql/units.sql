-- SPDX-License-Identifier: PostgreSQL
-- mmol/L for whoever thinks in it: asked for, by default, and entered by mistake.
\getenv here PG_ABS_SRCDIR
\set test units
\i :here/include/begin.sql
\pset format unaligned
\pset tuples_only on
CREATE FUNCTION test.same(mg jsonb, mmol jsonb) RETURNS boolean LANGUAGE sql AS $$
  SELECT mg ->> 'unit' = 'mg/dL' AND mmol ->> 'unit' = 'mmol/L' AND bool_and(
      abs((b -> k)::numeric * 18.0182 - (a -> k)::numeric) < 1.5 AND scale((b -> k)::numeric) <= 1)
    AND bool_and(a -> 'pAbove180' = b -> 'pAbove180' AND a -> 'confidenceScore' = b -> 'confidenceScore')
  FROM ROWS FROM (jsonb_array_elements(mg -> 'predictions'), jsonb_array_elements(mmol -> 'predictions')) AS d (a, b),
    unnest('{glucose,lower,upper,mean}'::text[]) k $$;
CREATE FUNCTION test.ratio(a double precision, b double precision) RETURNS boolean LANGUAGE sql AS $$
  SELECT abs(a - b * 18.0182) <= 1e-4 * abs(a) + 1e-4 $$;
SET ROLE anna;
SELECT simulate_person(1, 30) AS p \gset
SELECT version FROM train_model(:'p', 'glucose', 'ridge');
SELECT version FROM train_model(:'p', 'cgm', 'linear');
SELECT meal_id AS m FROM meal ORDER BY eaten_at DESC LIMIT 1 \gset

-- In any case, and nothing else.
SELECT unit, round(to_mg_dl(5, unit)::numeric, 2) FROM unnest('{mg/dL,mg/dl,MG/DL,mmol/L,mmol/l,Mmol/l}'::text[]) unit;
SELECT unit, test.expect(format('SELECT to_mg_dl(5, %L)', unit)),
  left(test.expect(format('SELECT predict_glucose(%L, %L)', :'m', jsonb_build_object('unit', unit))), 5)
FROM unnest('{mmol,mg,mg/dL ,""}'::text[]) unit;

-- A document says its unit, and every glucose in it is in that; the log stays what it is.
SELECT test.same(predict_glucose(:'m'), predict_glucose(:'m', '{"unit": "mmol/l"}')) AS meal,
  test.same(predict_meal(:'p', '{"carbs_g": 50, "eaten_at": "2026-02-02T12:00Z"}'),
            predict_meal(:'p', '{"carbs_g": 50, "eaten_at": "2026-02-02T12:00Z"}', '{"unit": "MMOL/L"}')) AS given,
  test.same(predict_cgm(:'p', '2026-02-02 12:00'), predict_cgm(:'p', '2026-02-02 12:00', '{"unit": "mmol/L"}')) AS cgm;
SELECT count(DISTINCT predictions) AS one_log FROM prediction WHERE meal_id = :'m';
-- The person's default, which an option overrides; rows keep to what their columns are called.
SELECT test.expect($$ UPDATE person SET unit = 'mmol' $$), test.expect($$ UPDATE person SET unit = NULL $$);
UPDATE person SET unit = 'mmol/l';
SELECT predict_glucose(:'m') ->> 'unit' AS usual, predict_glucose(:'m', '{"unit": "mg/dl"}') ->> 'unit' AS asked_for;
SELECT min(mg_dl) > 30 AS rows_stay FROM glucose_forecast(:'m');
UPDATE person SET unit = DEFAULT;

-- Rows, when they are asked for it: the same numbers in the other unit.
SELECT bool_and(test.ratio(a.mg_dl, b.mg_dl) AND test.ratio(a.lower, b.lower) AND test.ratio(a.upper, b.upper)
  AND a.confidence_score = b.confidence_score) AS forecast
  FROM glucose_forecast(:'m') a JOIN glucose_forecast(:'m', '{"unit": "mmol/L"}') b USING (minutes_ahead);
SELECT bool_and(test.ratio(a.mg_dl, b.mg_dl)) AS cgm FROM cgm_forecast(:'p', '2026-02-02 12:00') a
  JOIN cgm_forecast(:'p', '2026-02-02 12:00', '{"unit": "mmol/L"}') b USING (minutes_ahead);
SELECT bool_and(test.ratio(a.contribution, b.contribution)) AS explained FROM explain_prediction(:'m', 60) a
  JOIN explain_prediction(:'m', 60, '{"unit": "mmol/L"}') b USING (feature);
SELECT abs(sum(contribution) + max(value) FILTER (WHERE feature = 'baseline')
  - (SELECT mg_dl FROM glucose_forecast(:'m', '{"unit": "mmol/L"}') LIMIT 1)) < 0.01 AS sums_up
  FROM explain_prediction(:'m', 60, '{"unit": "mmol/L"}');
SELECT bool_and(test.ratio(a.changed, b.changed) AND test.ratio(a.difference, b.difference)) AS what_if
  FROM what_if(:'m', '{"carbs_g": 90}') a JOIN what_if(:'m', '{"carbs_g": 90}', '{"unit": "mmol/L"}') b
  USING (minutes_ahead);
SELECT bool_and(test.ratio(a.mg_dl, b.mg_dl) AND test.ratio(a.incremental_area, b.incremental_area)) AS curve
  FROM glucose_curve(:'m') a JOIN glucose_curve(:'m', 15, '{"unit": "mmol/L"}') b USING (minutes_ahead);
SELECT glucose_forecast_json(:'m') ->> 'unit', glucose_forecast_json(:'m', '{"unit": "mmol/l"}') ->> 'unit';

-- mmol/L where mg/dL belongs: the error asks, whichever way the row comes.
SELECT value, test.expect(format('INSERT INTO glucose_reading VALUES (%L, ''2026-03-01'', %s)', :'p', value)),
  test.hint(format('INSERT INTO glucose_reading VALUES (%L, ''2026-03-01'', %s)', :'p', value))
  FROM unnest('{7.8,2.1,19.9,0,-5}'::real[]) value;
SELECT test.hint(format('UPDATE glucose_reading SET mg_dl = mg_dl / 18.0182 WHERE person_id = %L', :'p')) AS by_update;
SELECT left(test.expect(format('INSERT INTO glucose_reading VALUES (%L, ''2026-03-01'', %L)', :'p', value)),
  5) AS too_high
  FROM unnest('{601,Infinity,NaN}'::real[]) value;
SELECT test.expect(format('INSERT INTO glucose_reading VALUES (%L, ''2026-03-01'', 20)', :'p')) AS lowest;
-- COPY is about as fast as it was: no trigger on readings but those that look up a person's mark.
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid = 'glucose_reading'::regclass AND NOT tgisinternal
  AND tgname NOT LIKE 'pg\_glucose\_%';
RESET ROLE;
\set VERBOSITY terse
COPY glucose_reading (person_id, measured_at, mg_dl) FROM stdin;
00000000-0000-0000-0000-000000000001	2026-03-02	7.8
\.
