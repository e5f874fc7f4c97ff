-- SPDX-License-Identifier: PostgreSQL
-- Forecasts of many in the background: each as the function of one gives it, as who asked, and one that fails stops
-- none.
\getenv here PG_ABS_SRCDIR
\set test batches
\i :here/include/begin.sql
\pset format unaligned
\pset tuples_only on
CREATE FUNCTION test.wait() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1 .. 1200 LOOP
    EXIT WHEN NOT EXISTS (SELECT FROM glucose.batch_job WHERE state IN ('queued', 'running'));
    PERFORM pg_sleep(0.05);
  END LOOP;
END $$;
CREATE PROCEDURE test.wait_for_jobs() LANGUAGE plpgsql AS $$
BEGIN
  COMMIT;
  PERFORM test.wait();
END $$;

SET ROLE anna;
SELECT test.eater(1, 30) AS ada \gset
SELECT test.eater(2, 30) AS amy \gset
INSERT INTO person (person_id) VALUES (key('new'));
INSERT INTO person_access (person_id, identity) VALUES (:'ada', 'cara');
SELECT count(train_model(p, t, a, '{"deploy": true}')) FROM unnest(ARRAY[:'ada', :'amy']::uuid[]) p,
  (VALUES ('glucose', 'ridge'), ('cgm', 'linear')) v (t, a);
SELECT array_agg(meal_id ORDER BY eaten_at DESC) AS meals
  FROM (SELECT * FROM meal ORDER BY eaten_at DESC LIMIT 6) m \gset
SELECT max(measured_at) AS last FROM glucose_reading \gset
SET ROLE ben;
SELECT test.eater(3, 30) AS bob \gset
SELECT meal_id AS bobs FROM meal WHERE person_id = :'bob' LIMIT 1 \gset
RESET ROLE;

-- What is wrong with the request as a whole is said at once, and queues nothing.
SET ROLE anna;
SELECT test.expect('SELECT glucose.predict_async(' || arguments || ')') FROM unnest(ARRAY[
  'NULL, ''{}''', '''glucose'', NULL', '''glucose'', ''{}'', NULL', '''insulin'', ''{}''',
  '''glucose'', ''{NULL}''', '''glucose'', ARRAY[ARRAY[gen_random_uuid()]]', '''glucose'', ''{}'', ''[]''',
  '''glucose'', ''{}'', ''{"levle": 1}''', '''glucose'', ''{}'', ''{"level": 2}''',
  '''glucose'', ''{}'', ''{"lang": "xx"}''',
  '''glucose'', ''{}'', ''{"at": "2026-01-01"}''', '''cgm'', ''{}'', ''{"target_date": "2026-01-01"}''',
  '''cgm'', ''{}'', ''{"at": "soon"}''', '''daily:NOTHING'', ''{}''', '''event:nothing'', ''{}''',
  '''glucose'', (SELECT array_agg(gen_random_uuid()) FROM generate_series(1, 100001))',
  '''glucose'', ''{}'', ''{"on_error": "none"}''']) WITH ORDINALITY a (arguments, n) ORDER BY n;
SELECT test.expect('SELECT glucose.job_results(NULL)'), test.expect('SELECT glucose.cancel_job(NULL)');
SELECT test.expect(format('SELECT glucose.%s(%L)', f, key('no job'))) FROM unnest('{job_results,cancel_job}'::text[]) f;
BEGIN READ ONLY;
SELECT test.expect('SELECT glucose.predict_async(''glucose'', ''{}'')');
ROLLBACK;
RESET ROLE;
SET ROLE frank;
SELECT test.expect('SELECT glucose.predict_async(''glucose'', ''{}'')');
RESET ROLE;
SELECT count(*) FROM batch_job;

-- One job: meals of two persons, one twice, one that is not there and one of somebody else.
SET ROLE anna;
SELECT predict_async('glucose', :'meals'::uuid[] || ARRAY[key('nothing'), :'bobs', (:'meals'::uuid[])[1]],
  '{"level": 0.5, "lang": "de"}') AS job \gset
CALL test.wait_for_jobs();
SELECT state, progress, n_ids, n_done, n_failed, requested_by, identity, finished_at >= started_at AS took_time,
  attempts,
  error_sqlstate FROM batch_job WHERE job_id = :'job';
SELECT place, state, person_id IS NULL AS nobody, error_sqlstate, answer IS NOT NULL AS answered
  FROM job_results(:'job');
SELECT error_message = 'meal ' || id || ' not found' AS message FROM job_results(:'job') WHERE place IN (7, 8);
-- The same answers as one by one, and each is a row of the log, of who asked.
SELECT count(*) AS n, count(*) FILTER (WHERE r.answer -> 'predictions' = s -> 'predictions' AND s ->> 'disclaimer'
  = r.answer ->> 'disclaimer' AND r.answer #> '{provenance,modelVersion}' = s #> '{provenance,modelVersion}') AS same
FROM job_results(:'job') r, predict_glucose(r.id, '{"level": 0.5, "lang": "de"}') s WHERE r.state = 'done';
SELECT count(*), bool_and(p.issued_to = 'anna' AND p.role = 'anna' AND p.level = 0.5
  AND p.client_address IS NULL) AS of_anna
FROM job_results(:'job') r JOIN prediction p ON p.prediction_id = (r.answer ->> 'predictionId')::uuid;

-- Who sees a person sees its answers, others nothing, and only who asked and the steward the job.
SET ROLE cara;
SELECT count(*), count(DISTINCT person_id), bool_and(person_id = :'ada') FROM job_results(:'job');
SELECT count(*) FROM batch_job;
SELECT left(test.expect(format('SELECT glucose.cancel_job(%L)', :'job')), 9);
SET ROLE ben;
SELECT left(test.expect(format('SELECT glucose.job_results(%L)', :'job')), 9),
  left(test.expect(format('SELECT glucose.cancel_job(%L)', :'job')), 9);
SELECT count(*) FROM batch_answer;
SET ROLE dora;
SELECT count(*), count(DISTINCT person_id) FROM job_results(:'job');
SET ROLE anna;
SELECT test.expect(statement)
  FROM unnest(ARRAY['UPDATE glucose.batch_job SET n_done = 0', 'DELETE FROM glucose.batch_job',
  'UPDATE glucose.batch_answer SET answer = NULL', 'DELETE FROM glucose.batch_answer',
  'INSERT INTO glucose.batch_job DEFAULT VALUES', 'INSERT INTO glucose.batch_answer DEFAULT VALUES']) statement;

-- Persons: at a moment, with what no model answers beside; metrics and events likewise; and none at all.
SELECT predict_async('cgm', ARRAY[:'ada', :'amy', :'bob', key('new')]::uuid[],
  jsonb_build_object('at', :'last', 'minutes', 30,
  'unit', 'mmol/L')) AS cgm \gset
SELECT predict_async('daily:STEPS', ARRAY[:'ada']::uuid[], '{"target_date": "2026-01-20"}') AS daily \gset
SELECT predict_async('event:high_after_meal', ARRAY[:'ada']::uuid[]) AS event \gset
SELECT predict_async('glucose', '{}') AS none \gset
CALL test.wait_for_jobs();
SELECT r.place, r.state, r.error_sqlstate, (r.answer -> 'predictions') = predict_cgm(r.id, :'last',
  '{"minutes": 30, "unit": "mmol/L"}') -> 'predictions' AS same FROM job_results(:'cgm') r WHERE state = 'done';
SELECT r.place, r.state, r.error_sqlstate, error_message = 'person ' || :'bob' || ' not found' AS message
FROM job_results(:'cgm') r WHERE state <> 'done';
SELECT place, state, error_sqlstate FROM job_results(:'daily') UNION ALL SELECT place, state, error_sqlstate
  FROM job_results(:'event');
SELECT state, progress, n_ids FROM batch_job WHERE job_id = :'none';
SELECT count(*) FROM job_results(:'none');

-- A model that is not there, or a version, fails each of its own; the others go on.
SELECT predict_async('glucose', :'meals'::uuid[], '{"version": "7.0.0"}') AS job \gset
CALL test.wait_for_jobs();
SELECT b.state, b.n_done, b.n_failed, array_agg(DISTINCT r.error_sqlstate) FROM batch_job b, job_results(b.job_id) r
WHERE b.job_id = :'job' GROUP BY 1, 2, 3;

-- Cancelled before a worker comes, and once; what is rolled back was never asked for.
BEGIN;
SELECT predict_async('glucose', :'meals'::uuid[]) AS job \gset
SELECT cancel_job(:'job'), cancel_job(:'job') AS again;
COMMIT;
CALL test.wait_for_jobs();
SELECT state, n_done FROM batch_job WHERE job_id = :'job';
SELECT state, count(*) FROM job_results(:'job') GROUP BY state;
BEGIN;
SELECT predict_async('glucose', :'meals'::uuid[]) AS rolled_back \gset
ROLLBACK;
SELECT count(*) FROM batch_job WHERE job_id = :'rolled_back';
-- While it runs: what is answered stays, the rest is not asked. The steward may, too.
SELECT predict_async('glucose', (SELECT array_agg(m) FROM generate_series(1, 4000), unnest(:'meals'::uuid[]) m))
  AS job \gset
DO $$ BEGIN
  FOR i IN 1 .. 400 LOOP
    EXIT WHEN EXISTS (SELECT FROM glucose.batch_job WHERE state = 'running' AND n_done > 0);
    PERFORM pg_sleep(0.05);
  END LOOP;
END $$;
SELECT progress > 0 AND progress < 1 AS under_way FROM batch_job WHERE job_id = :'job';
SET ROLE dora;
SELECT cancel_job(:'job');
SET ROLE anna;
SELECT state, n_done > 0 AND n_done < n_ids AS some FROM batch_job WHERE job_id = :'job';
SELECT n_done = (SELECT count(*) FROM job_results(:'job') WHERE state = 'done') AS kept FROM batch_job
  WHERE job_id = :'job';
-- A training is cancelled by the same name.
BEGIN;
SELECT train_model_async(:'ada') AS job \gset
SELECT cancel_job(:'job');
SELECT state FROM training_job WHERE job_id = :'job';
COMMIT;

-- Another identity does not wait for the end of a long one.
SELECT predict_async('glucose', (SELECT array_agg(m) FROM generate_series(1, 10000), unnest(:'meals'::uuid[]) m))
  AS long \gset
SET ROLE ben;
SELECT count(train_model(:'bob', 'glucose', 'ridge', '{"deploy": true}'));
SELECT predict_async('glucose', ARRAY[:'bobs']::uuid[]) AS short \gset
DO $$ BEGIN
  FOR i IN 1 .. 600 LOOP
    EXIT WHEN NOT EXISTS (SELECT FROM glucose.batch_job WHERE state IN ('queued', 'running'));
    PERFORM pg_sleep(0.05);
  END LOOP;
END $$;
SELECT state, n_done FROM batch_job WHERE job_id = :'short';
SET ROLE anna;
SELECT state FROM batch_job WHERE job_id = :'long';
SELECT cancel_job(:'long');

-- A person that is erased takes its answers along; the others' stay.
SELECT predict_async('cgm', ARRAY[:'ada', :'amy']::uuid[], jsonb_build_object('at', :'last')) AS job \gset
CALL test.wait_for_jobs();
DELETE FROM person WHERE person_id = :'amy';
SELECT place, state FROM job_results(:'job');
SELECT count(*) FROM batch_answer WHERE person_id = :'amy';
RESET ROLE;
-- A role that is gone, or whose name another one has, has nothing answered.
INSERT INTO batch_job (model_type, options, identity, requested_by, requested_role, n_ids) VALUES
  ('glucose', '{}', 'gone', 'batches_gone', 1, 0), ('glucose', '{}', 'anna', 'anna', 1, 0);
SELECT start_training_workers();
CALL test.wait_for_jobs();
SELECT state, error_sqlstate, error_message FROM batch_job WHERE requested_role = 1 ORDER BY requested_by;
-- They go with the log's values.
UPDATE batch_job SET finished_at = now() - interval '6 days' WHERE job_id <> :'job';
UPDATE batch_job SET finished_at = now() - interval '8 days' WHERE job_id IN (:'cgm', :'long');
SELECT count(*) - 2 AS rest FROM batch_job \gset
SET ROLE dora;
CALL purge();
RESET ROLE;
SELECT count(*) = :rest AS rest, count(*) FILTER (WHERE job_id IN (:'cgm', :'long')) AS old FROM batch_job;
SELECT count(*) FROM batch_answer WHERE job_id NOT IN (SELECT job_id FROM batch_job);
\i :here/include/workers_gone.sql
