-- SPDX-License-Identifier: PostgreSQL
-- predict_glucose, predict_meal, glucose_forecast: the document, confidence, the log, and what is refused.
\getenv here PG_ABS_SRCDIR
\set test prediction
\i :here/include/begin.sql
SET ROLE anna;
SELECT test.eater(1, 30) AS person \gset
SELECT version FROM train_model(:'person', algorithm => 'ridge', options => '{"deploy": true}');
SELECT meal_id AS meal, eaten_at AS at FROM meal ORDER BY eaten_at DESC OFFSET 2 LIMIT 1 \gset
SELECT meal_id AS first_meal FROM meal ORDER BY eaten_at OFFSET 3 LIMIT 1 \gset

-- The document: its keys, their types, one element per horizon.
SELECT predict_glucose(:'meal') AS doc \gset
SELECT key, jsonb_typeof(value) FROM jsonb_each(:'doc') ORDER BY key COLLATE "C";
SELECT key, jsonb_typeof(value) FROM jsonb_each(:'doc'::jsonb -> 'provenance') ORDER BY key COLLATE "C";
SELECT key, array_agg(DISTINCT jsonb_typeof(e.value)) AS types, count(*)
  FROM jsonb_array_elements(:'doc'::jsonb -> 'predictions') p, jsonb_each(p) e GROUP BY key ORDER BY key COLLATE "C";
SELECT p ->> 'time' AS time, p -> 'minutes_ahead' AS minutes, (p ->> 'at')::timestamptz - :'at' AS after,
  (p -> 'glucose')::int BETWEEN 20 AND 600 AS in_range, (p -> 'lower')::int <= (p -> 'glucose')::int
  AND (p -> 'glucose')::int <= (p -> 'upper')::int AS in_interval,
  p ->> 'confidence' IN ('high', 'medium', 'low') AS word,
  (p -> 'confidenceScore')::float8 BETWEEN 0 AND 1 AS score FROM jsonb_array_elements(:'doc'::jsonb -> 'predictions') p;
SELECT d -> 'modelType' AS type, d -> 'modelVersion' AS version, d -> 'algorithm' AS algorithm,
  d -> 'features' AS features, d -> 'source' AS source, d -> 'readingsUsed' AS readings,
  (d ->> 'trainedOn')::date = current_date AS trained_today,
  (d -> 'dataPoints')::int = v.n_train + v.n_validation AS learnt_from,
  d -> 'lastUsed' AS never_used,
  (d ->> 'lastReadingAt')::timestamptz BETWEEN :'at'::timestamptz - interval '5 min' AND :'at' AS last_reading,
  d -> 'sensorIssues' AS issues
FROM model_version v, LATERAL (SELECT :'doc'::jsonb -> 'provenance') p (d);
-- A meal the model has learnt from says so.
SELECT predict_glucose(:'first_meal') #> '{provenance,mealInTraining}' AS first,
  :'doc'::jsonb #> '{provenance,mealInTraining}' AS late;
SELECT :'doc'::jsonb ->> 'disclaimer' = disclaimer() AS en,
  predict_glucose(:'meal', '{"lang": "de"}') ->> 'disclaimer' = disclaimer('de') AS de,
  disclaimer('de') <> disclaimer('en') AS differ;
SELECT disclaimer('en') ~ 'not be used' AND disclaimer('de') ~ 'nicht' AS words;

-- Logged: one row with what was answered, to whom, by which bytes.
SELECT l.predictions = :'doc'::jsonb -> 'predictions' AS same, l.meal_id = :'meal' AS meal, l.version,
  l.sha256 = v.sha256 AS model, length(l.inputs_digest) AS digest, l.latency_ms > 0 AS timed, l.issued_to,
  l.issued_at BETWEEN now() - interval '1 min' AND clock_timestamp() AS now FROM prediction l
  JOIN model_version v USING (person_id, version) WHERE prediction_id = (:'doc'::jsonb ->> 'predictionId')::uuid;
SELECT count(*) AS logged_so_far FROM prediction;
SELECT count(DISTINCT inputs_digest) AS two_inputs, count(*) FROM prediction;
-- Not logged: in a read-only transaction alone; the answer is the same. No caller switches it off.
SELECT test.expect($$ SELECT glucose.predict_glucose('00000000-0000-4000-8000-000000000000', '{"log": false}') $$)
  AS option,
  test.expect('SET glucose.log_predictions = off') AS setting;
BEGIN READ ONLY;
SELECT d -> 'logged' AS logged, d -> 'predictionId' AS id, d -> 'predictions' = :'doc'::jsonb -> 'predictions' AS same
  FROM predict_glucose(:'meal', '{}') d;
SELECT predict_glucose(:'meal') -> 'logged' AS read_only,
  predict_meal(:'person', '{"eaten_at": "2026-01-20 12:00"}') -> 'logged' AS meal;
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE;
SELECT predict_glucose(:'meal') -> 'logged' AS deferrable;
COMMIT;
-- Who asks is logged, whatever its privileges: the row is the function's.
SELECT test.expect('INSERT INTO prediction DEFAULT VALUES') AS by_hand, test.expect('DELETE FROM prediction') AS remove;
SELECT count(*) AS logged_still FROM prediction;
INSERT INTO glucose_reading VALUES (:'person', now(), 100);
SELECT d -> 'logged' AS meal_logged, d #> '{provenance,readingsUsed}' AS one_reading
  FROM predict_meal(:'person', '{"carbs_g": 50}') d;
SELECT count(*) FILTER (WHERE meal_id IS NULL) AS without_meal, count(*) FROM prediction;

-- The same forecast as rows, and for the same meal described in JSON; unknown and null nutrients are one thing.
SELECT minutes_ahead, at - :'at' AS after, test.near(mg_dl, round(mg_dl), 0.5)
  AND round(mg_dl) = (p -> 'glucose')::int AS glucose, round(f.lower) = (p -> 'lower')::int AS lower,
  round(f.upper) = (p -> 'upper')::int AS upper,
  f.confidence = p ->> 'confidence' AS word,
  test.near(confidence_score, (p -> 'confidenceScore')::float8, 0.006) AS score, model_version
FROM glucose_forecast(:'meal') f JOIN jsonb_array_elements(:'doc'::jsonb -> 'predictions') p
  ON (p -> 'minutes_ahead')::int = minutes_ahead;
SELECT predict_meal(:'person', to_jsonb(m) - 'person_id' - 'meal_id') -> 'predictions' = :'doc'::jsonb -> 'predictions'
  AS same_meal FROM meal m WHERE meal_id = :'meal';
SELECT predict_meal(:'person', '{"eaten_at": "2026-01-20 12:00", "carbs_g": null, "fat_g": null}') -> 'predictions'
  = predict_meal(:'person', '{"eaten_at": "2026-01-20 12:00", "meal_type": "lunch"}') -> 'predictions'
  AS unknown_is_null;
SELECT predict_meal(:'person', '{"eaten_at": "2026-01-20T13:00:00+01:00", "calories": 700, "carbs_g": 90,
  "protein_g": 20, "fat_g": 20, "fiber_g": 5, "meal_type": "lunch"}') #> '{predictions,1,glucose}'
  > predict_meal(:'person', '{"eaten_at": "2026-01-20 12:00", "calories": 100, "carbs_g": 5,
  "protein_g": 20, "fat_g": 0, "fiber_g": 5, "meal_type": "lunch"}') #> '{predictions,1,glucose}'
  AS more_carbohydrate_more_glucose;
SELECT m AS refused, test.expect(format('SELECT predict_meal(%L, %L)', :'person', m))
  FROM unnest(ARRAY['{"calories": 0, "carbs_g": 101}', '{"calories": 800, "fat_g": 223}',
  '{"calories": 800, "carbs_g": 250, "protein_g": 250, "fat_g": 100}']) m;
SELECT test.expect(format('SELECT predict_meal(%L, %L)', :'person', m)) AS taken
  FROM unnest(ARRAY['{"calories": 0, "carbs_g": 100, "eaten_at": "2026-01-20"}',
  '{"carbs_g": 500, "fat_g": 500, "protein_g": 500, "eaten_at": "2026-01-20"}',
  '{"calories": 5000, "eaten_at": "2026-01-20"}']) m;

-- Confidence: twelve steady readings are high; fewer, older, or suspicious ones are named and count for less.
RESET ROLE;
CREATE FUNCTION test.state(mg_dl text, minutes text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  doc jsonb;
  answer text;
BEGIN
  -- Readings at these minutes before 2030-01-01 12:00, of the value an expression in i gives.
  EXECUTE format('INSERT INTO glucose.glucose_reading SELECT (SELECT id FROM who), '
                 'timestamptz ''2030-01-01 12:00'' - i * interval ''1 min'', %s FROM %s AS i', mg_dl, minutes);
  doc := glucose.predict_meal((SELECT id FROM who), '{"eaten_at": "2030-01-01 12:00"}');
  answer := format('%s %s used %s', doc #>> '{predictions,0,confidence}', doc #> '{provenance,sensorIssues}',
    doc #> '{provenance,readingsUsed}');
  IF NOT (doc #> '{predictions,0,confidenceScore}')::numeric BETWEEN 0.05 AND 1 THEN
    answer := answer || ' score is no probability';
  END IF;
  DELETE FROM glucose.glucose_reading WHERE measured_at > '2029-01-01';
  RETURN answer;
END
$$;
SET ROLE anna;
CREATE TEMP TABLE who AS SELECT :'person'::uuid AS id;
SELECT what, test.state(mg_dl, minutes) FROM (VALUES
  ('twelve, steady', '100 + i % 7', 'generate_series(0, 165, 5)'),
  ('twelve at the quarters only', '100 + i / 15', 'generate_series(0, 165, 15)'),
  ('SD 30 and more', '100 + i * 2 / 3', 'generate_series(0, 165, 15)'),
  ('alternating', '100 + 80 * (i / 15 % 2)', 'generate_series(0, 165, 15)'),
  ('eight', '100 + i % 7', 'generate_series(0, 90, 5)'),
  ('seven', '100 + i % 7', 'generate_series(0, 75, 5)'), ('one', '100', 'generate_series(0, 0)'),
  ('one, old', '100', 'generate_series(100, 100)'),
  ('last 15 minutes ago', '100 + i % 7', 'generate_series(15, 165, 5)'),
  ('last 16 minutes ago', '100 + i % 7', 'generate_series(16, 180, 5)'),
  ('flat', '100', 'generate_series(0, 165, 5)'), ('flat for 30 minutes only', '100', 'generate_series(0, 30, 10)'),
  ('flat and stale', '100', 'generate_series(60, 180, 10)'),
  ('a gap of an hour', '100 + i % 7', '(SELECT i FROM generate_series(0, 165, 5) i WHERE i NOT BETWEEN 60 AND 120)'),
  ('nothing for a day', '100', 'generate_series(1440, 1500, 5)')) v (what, mg_dl, minutes);
-- What was recorded after the meal did not exist; and no reading in 30 days is no basis at all.
SELECT test.expect(format('SELECT predict_meal(%L, ''{"eaten_at": "2031-01-01"}'')', :'person')),
  test.hint(format('SELECT predict_meal(%L, ''{"eaten_at": "2031-01-01"}'')', :'person'));
BEGIN;
INSERT INTO glucose_reading VALUES (:'person', '2030-12-31 23:55', 100, '2031-01-01 00:00:01');
SELECT test.expect(format('SELECT predict_meal(%L, ''{"eaten_at": "2031-01-01"}'')', :'person'));
ROLLBACK;
-- Whatever the readings, no number leaves 20 to 600; where the model said more or less, "limited" says so.
BEGIN;
INSERT INTO glucose_reading SELECT :'person', timestamptz '2032-01-01' - i * interval '15 min', 600
  FROM generate_series(0, 12) i;
INSERT INTO glucose_reading SELECT :'person', timestamptz '2033-01-01' - i * interval '15 min', 20
  FROM generate_series(0, 12) i;
INSERT INTO glucose_reading SELECT :'person', timestamptz '2034-01-01' - i * interval '5 min',
  least(600, 20 + 20 * (37 - i)) FROM generate_series(0, 37) i;
INSERT INTO glucose_reading SELECT :'person', timestamptz '2035-01-01' - i * interval '5 min',
  greatest(20, 600 - 20 * (37 - i)) FROM generate_series(0, 37) i;
SELECT y, bool_and((p -> x)::int BETWEEN 20 AND 600) AS in_range,
  bool_and((p -> 'lower')::int <= (p -> 'glucose')::int AND (p -> 'glucose')::int <= (p -> 'upper')::int) AS ordered
FROM generate_series(2032, 2035) y, unnest('{"{}", "{\"carbs_g\": 500}", '
  '"{\"calories\": 0, \"carbs_g\": 0, \"fat_g\": 0, \"protein_g\": 0}"}'::jsonb[]) m,
  unnest('{glucose,lower,upper}'::text[]) x,
  jsonb_array_elements(predict_meal(:'person', m || jsonb_build_object('eaten_at', y || '-01-01')) -> 'predictions') p
  GROUP BY y ORDER BY y;
ROLLBACK;

-- Wherever it is called from: the same numbers.
CREATE TEMP TABLE wanted AS SELECT array_agg(mg_dl ORDER BY minutes_ahead) AS w FROM glucose_forecast(:'meal');
SELECT jsonb_array_length(predict_glucose('00000000-0000-0000-0000-000000000000') -> 'predictions');
SELECT count(*) FROM (SELECT glucose_forecast('00000000-0000-0000-0000-000000000000')) s;
SELECT (SELECT array_agg(mg_dl ORDER BY minutes_ahead) FROM meal m, glucose_forecast(m.meal_id)
  WHERE m.meal_id = :'meal') = w AS lateral,
  (WITH f AS MATERIALIZED (SELECT * FROM glucose_forecast(:'meal', person_id => :'person'))
  SELECT array_agg(mg_dl ORDER BY minutes_ahead) FROM f) = w AS cte,
  (SELECT array_agg((glucose_forecast).mg_dl ORDER BY 1)
  FROM (SELECT glucose_forecast(meal_id) FROM meal WHERE meal_id = :'meal') s) @> w AS target_list,
  (SELECT array_agg(f.mg_dl ORDER BY minutes_ahead) FROM meal m
  LEFT JOIN LATERAL glucose_forecast(m.meal_id, '{}', m.person_id) f ON true
  WHERE m.meal_id = :'meal') = w AS outer_join FROM wanted;
CREATE TEMP VIEW seen AS SELECT m.meal_id, f.* FROM meal m, glucose_forecast(m.meal_id) f
  WHERE m.eaten_at > '2026-02-03';
PREPARE one (uuid) AS SELECT array_agg(mg_dl ORDER BY minutes_ahead) FROM glucose_forecast($1);
CREATE TEMP TABLE plain AS SELECT meal_id, minutes_ahead, mg_dl FROM seen;
BEGIN;
DECLARE c CURSOR FOR SELECT mg_dl = ANY (w) AS same FROM wanted, glucose_forecast(:'meal');
FETCH 1 FROM c;
FETCH 1 FROM c;
FETCH 1 FROM c;
COMMIT;
CREATE FUNCTION pg_temp.same(setting text, value text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  wrong bigint;
  prepared real[];
BEGIN
  setting := CASE setting WHEN 'parallel' THEN test.parallel_setting() ELSE setting END;
  EXECUTE format('SET LOCAL %s = %L', setting, value);
  SELECT count(*) INTO wrong FROM seen FULL JOIN plain USING (meal_id, minutes_ahead)
    WHERE seen.mg_dl IS DISTINCT FROM plain.mg_dl;
  FOR i IN 1 .. 6 LOOP
    EXECUTE format('EXECUTE one (%L)', (SELECT meal_id FROM seen ORDER BY meal_id LIMIT 1)) INTO prepared;
    IF prepared <> (SELECT array_agg(mg_dl ORDER BY minutes_ahead) FROM plain
      WHERE meal_id = (SELECT min(meal_id::text)::uuid FROM plain)) THEN wrong := wrong + 1; END IF;
  END LOOP;
  EXECUTE format('SET LOCAL %s TO DEFAULT', setting);
  RETURN format('%s wrong of %s', wrong, (SELECT count(*) FROM plain));
END
$$;
SELECT setting, value, pg_temp.same(setting, value)
  FROM (VALUES ('plan_cache_mode', 'force_generic_plan'), ('plan_cache_mode', 'force_custom_plan'),
  ('parallel', 'regress'), ('parallel', 'on'), ('enable_indexscan', 'off'),
  ('enable_seqscan', 'off'), ('enable_hashjoin', 'off'),
  ('jit_above_cost', '0'), ('timezone', 'Asia/Tokyo'), ('glucose.cache_size', '0')) s (setting, value);
-- In parallel workers too, for a table of meals large enough to ask for them.
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT count(*) AS wrong FROM seen FULL JOIN plain USING (meal_id, minutes_ahead)
  WHERE seen.mg_dl IS DISTINCT FROM plain.mg_dl;
RESET ROLE;
SELECT pg_read_file(format('/proc/%s/status', pg_backend_pid())) ~ 'Threads:\t1\n' AS one_thread,
  '1e-310'::float8 > 0 AS denormals_are_numbers;
