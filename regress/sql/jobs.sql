-- SPDX-License-Identifier: PostgreSQL
-- Background training: queue, run, watch, cancel; each person once at a time, each job under its own role.
SET timezone = 'UTC';
CREATE ROLE regress_jobs_ada LOGIN;
CREATE ROLE regress_jobs_bob LOGIN;
CREATE ROLE regress_jobs_web NOLOGIN;   -- as a gateway's roles are
SELECT glucose.grant_access('regress_jobs_ada'), glucose.grant_access('regress_jobs_bob'),
  glucose.grant_access('regress_jobs_web');

-- Waits until no job of the caller is open; every look is a new snapshot.
CREATE PROCEDURE public.wait_for_jobs() LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1 .. 600 LOOP
    EXIT WHEN NOT EXISTS (SELECT FROM glucose.training_progress);
    PERFORM pg_sleep(0.05);
    COMMIT;
  END LOOP;
END $$;

SET ROLE regress_jobs_ada;
SELECT glucose.simulate_person(71, 20) AS ada \gset
SELECT glucose.simulate_person(72, 3) AS young \gset
-- Bad arguments fail at once and queue nothing.
\set VERBOSITY sqlstate
SELECT glucose.train_model_async(NULL);
SELECT glucose.train_model_async(gen_random_uuid());
SELECT glucose.train_model_async(:'ada', algorithm => 'magic');
SELECT glucose.train_model_async(:'ada', options => '{"epoch": 3}');
SELECT glucose.train_model_async(:'ada', 'event:no_such');
SELECT glucose.cancel_training(gen_random_uuid());
\set VERBOSITY default
SELECT count(*) AS jobs FROM glucose.training_job;

-- What is rolled back was never asked for.
BEGIN;
SELECT glucose.train_model_async(:'ada') IS NOT NULL AS queued;
ROLLBACK;
SELECT count(*) AS jobs FROM glucose.training_job;

-- Three jobs of one person, one of another that has too little history.
SELECT count(glucose.train_model_async(:'ada', algorithm => a)) AS queued FROM unnest('{ridge,lad,lstm}'::text[]) AS a;
SELECT glucose.train_model_async(:'young') AS job \gset
CALL public.wait_for_jobs();
SELECT algorithm, state, progress, attempts, version IS NOT NULL AS has_version, error_sqlstate,
       finished_at > started_at AS took_time, requested_by, identity
FROM glucose.training_job ORDER BY state, algorithm;
SELECT error_message FROM glucose.training_job WHERE job_id = :'job';
-- One at a time: the versions of one person do not overlap in time, and exactly one is active.
SELECT count(*) AS overlaps FROM glucose.training_job a, glucose.training_job b
WHERE a.person_id = b.person_id AND a.job_id < b.job_id AND a.state = 'done' AND b.state = 'done'
  AND (a.started_at, a.finished_at) OVERLAPS (b.started_at, b.finished_at);
SELECT count(*) AS versions, count(DISTINCT version) AS distinct_versions, count(*) FILTER (WHERE is_active) AS active
FROM glucose.model_version WHERE person_id = :'ada';

-- A job that waits can be cancelled, once; one that runs too, and stores nothing.
SELECT glucose.train_model_async(:'ada', algorithm => 'lstm',
  options => '{"epochs": 10000, "patience": 10000}') AS job \gset
SELECT glucose.train_model_async(:'ada', algorithm => 'mean') AS waiting \gset
DO $$ BEGIN
  FOR i IN 1 .. 1200 LOOP
    EXIT WHEN EXISTS (SELECT FROM glucose.training_job WHERE state = 'running' AND epoch > 0);
    PERFORM pg_sleep(0.05);
  END LOOP;
END $$;
SELECT state, progress BETWEEN 0.000001 AND 0.9999 AS under_way, epoch > 0 AS has_epoch, eta > started_at AS has_eta
FROM glucose.training_job WHERE job_id = :'job';
SELECT glucose.cancel_training(:'waiting'), glucose.cancel_training(:'waiting') AS again;
SELECT glucose.cancel_training(:'job');
CALL public.wait_for_jobs();
SELECT algorithm, state, version FROM glucose.training_job WHERE job_id IN (:'job', :'waiting') ORDER BY algorithm;
SELECT count(*) AS versions FROM glucose.model_version WHERE person_id = :'ada';

-- Somebody else's jobs are not there.
SET ROLE regress_jobs_bob;
SELECT count(*) AS jobs FROM glucose.training_job;
\set VERBOSITY sqlstate
SELECT glucose.cancel_training(:'job');
SELECT glucose.train_model_async(:'ada');
\set VERBOSITY default

-- A role that cannot log in has its jobs done as well, each as itself; two roles of one transaction both have.
SET ROLE regress_jobs_web;
SELECT glucose.simulate_person(73, 20) AS web \gset
SET ROLE regress_jobs_bob;
SELECT glucose.simulate_person(74, 20) AS bobs \gset
SET ROLE regress_jobs_web;
BEGIN;
SELECT glucose.train_model_async(:'web', algorithm => 'ridge') IS NOT NULL AS queued;
SET LOCAL ROLE regress_jobs_bob;
SELECT glucose.train_model_async(:'bobs', algorithm => 'ridge') IS NOT NULL AS queued;
COMMIT;
CALL public.wait_for_jobs();
SELECT state, attempts, requested_by, requested_role = 'regress_jobs_web'::regrole AS by_its_number, identity, version
FROM glucose.training_job;
SET ROLE regress_jobs_bob;
CALL public.wait_for_jobs();
SELECT state, attempts, requested_by, identity, version FROM glucose.training_job;
-- What is prepared for two-phase commit would have nobody to start a worker.
BEGIN;
SELECT glucose.train_model_async(:'bobs') IS NOT NULL AS queued;
PREPARE TRANSACTION 'training';
-- Who asked is what the server says: nobody writes the table.
\set VERBOSITY sqlstate
INSERT INTO glucose.training_job (person_id, model_type, algorithm, options, requested_by)
  VALUES (:'bobs', 'glucose', 'mean', '{}', 'postgres');
UPDATE glucose.training_job SET requested_by = 'postgres', state = 'queued';
DELETE FROM glucose.training_job;
\set VERBOSITY default

-- Metrics of days and yes-or-no questions are trained in the background like any.
SELECT glucose.simulate_person(73, 90) AS watched \gset
SELECT count(glucose.train_model_async(:'watched', m.model_type, m.algorithm))
FROM (VALUES ('daily:SLEEP_DURATION', 'ridge'), ('event:high_after_meal', 'logistic')) m (model_type, algorithm);
CALL public.wait_for_jobs();
SELECT j.model_type, j.state, j.error_sqlstate, j.error_message, v.algorithm
FROM glucose.training_job j LEFT JOIN glucose.model_version v USING (person_id, model_type, version)
WHERE j.person_id = :'watched' ORDER BY 1;

-- A role that is gone, whose name another one has, or that may not connect any more, has nothing done.
RESET ROLE;
CREATE ROLE regress_jobs_web2;
GRANT CREATE ON SCHEMA public TO regress_jobs_web2;
INSERT INTO glucose.training_job (person_id, model_type, algorithm, options, requested_by, requested_role)
  VALUES (:'web', 'glucose', 'mean', '{}', 'regress_jobs_gone', 1),
         (:'web', 'glucose', 'mean', '{}', 'regress_jobs_web', 'regress_jobs_web2'::regrole);
SELECT glucose.start_training_workers();
CALL public.wait_for_jobs();
SELECT state, error_sqlstate, error_message FROM glucose.training_job WHERE person_id = :'web' AND algorithm = 'mean'
ORDER BY requested_by;
SELECT format('REVOKE CONNECT ON DATABASE %I FROM PUBLIC', current_database()) \gexec
SET ROLE regress_jobs_web;
SELECT glucose.train_model_async(:'web', algorithm => 'lad') IS NOT NULL AS queued;
CALL public.wait_for_jobs();
SELECT state, error_sqlstate, error_message FROM glucose.training_job WHERE algorithm = 'lad';
RESET ROLE;
SELECT format('GRANT CONNECT ON DATABASE %I TO PUBLIC', current_database()) \gexec
DROP OWNED BY regress_jobs_web2;
DROP ROLE regress_jobs_web2;
-- Nothing that SQL can lock stands in a worker's way, whoever holds it.
SELECT count(*) FROM (SELECT pg_advisory_lock(k, n) FROM generate_series(1735161089, 1735161091) k,
  generate_series(1, 64) n OFFSET 0) x;
SET ROLE regress_jobs_bob;
SELECT glucose.train_model_async(:'bobs', algorithm => 'lad') IS NOT NULL AS queued;
CALL public.wait_for_jobs();
SELECT state FROM glucose.training_job WHERE algorithm = 'lad';
SELECT pg_advisory_unlock_all();
RESET ROLE;
DELETE FROM glucose.person WHERE owner LIKE 'regress_jobs_%';
DROP PROCEDURE public.wait_for_jobs();
\getenv here PG_ABS_SRCDIR
\i :here/include/workers_gone.sql
DROP OWNED BY regress_jobs_ada, regress_jobs_bob, regress_jobs_web;
DROP ROLE regress_jobs_ada, regress_jobs_bob, regress_jobs_web;
