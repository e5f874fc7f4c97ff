-- SPDX-License-Identifier: PostgreSQL
-- What purge() takes beside the log: artifacts of versions that nobody needs, and what was told and done long ago.
\getenv here PG_ABS_SRCDIR
\set test retention
\i :here/include/begin.sql
\pset format unaligned
\pset tuples_only on

SET ROLE anna;
SELECT test.eater(1, 30) AS ada \gset
SELECT test.eater(2, 30) AS amy \gset
SELECT meal_id AS meal FROM meal WHERE person_id = :'ada' ORDER BY eaten_at DESC LIMIT 1 \gset
-- 1.0.0 to 1.5.0 were live one after the other, 1.6.0 never was; and another type's.
SELECT string_agg(t.version, ' ' ORDER BY n) FROM generate_series(1, 6) n,
  train_model(:'ada', 'glucose', 'ridge', jsonb_build_object('l2', n, 'deploy', true)) t;
SELECT version FROM train_model(:'ada', 'glucose', 'ridge', '{"l2": 7}');
SELECT string_agg(t.version, ' ' ORDER BY n) FROM generate_series(1, 3) n,
  train_model(:'ada', 'cgm', 'linear', jsonb_build_object('min_days', n, 'deploy', true)) t;
SELECT string_agg(t.version, ' ' ORDER BY n) FROM generate_series(1, 3) n,
  train_model(:'amy', 'glucose', 'ridge', jsonb_build_object('l2', n, 'deploy', true)) t;
CREATE TEMP TABLE before AS SELECT person_id, model_type, version, sha256, artifact FROM model_version;
RESET ROLE;
CREATE FUNCTION test.with_artifact(person uuid, of_type text DEFAULT 'glucose') RETURNS text LANGUAGE sql STABLE
RETURN (SELECT string_agg(version || CASE WHEN is_active THEN '*' ELSE '' END, ' '
  ORDER BY glucose.version_parts(version))
  FROM glucose.list_model_versions(person, of_type) WHERE has_artifact);
CREATE FUNCTION test.purge_as(role name) RETURNS text LANGUAGE sql RETURN
  test.expect(format('SET LOCAL ROLE %I; SELECT glucose.purge_persons(NULL)', role));
SELECT role, test.purge_as(role) FROM unnest('{anna,eve,frank}'::name[]) role;
SELECT test.expect('SET ROLE anna; SET glucose.keep_artifacts = 1'),
  test.expect('SET ROLE anna; SET glucose.jobs_retention = 0'),
  test.expect('SET ROLE anna; SET glucose.history_retention = 0');

-- By the defaults five beside the active one stay; and while a deployment may be judged, both its versions.
SET client_min_messages = notice;
SET ROLE dora;
CALL purge();
RESET ROLE;
SET glucose.keep_artifacts = 1;
SET ROLE dora;
CALL purge();
SELECT test.with_artifact(:'ada');
RESET ROLE;
-- A candidate that is tried stays, also when its job alone says which it is; the newest; what a rollback goes back to.
UPDATE deployment SET deployed_at = deployed_at - interval '400 days';
INSERT INTO experiment (name, model_type, kind, candidate, percent, salt)
  VALUES ('tried', 'glucose', 'shadow', '{"algorithm": "mean"}', 50, 'salt'),
  ('of_days', 'daily:STEPS', 'shadow', '{"algorithm": "mean"}', 50, 'salt');
INSERT INTO training_job (person_id, job_id, model_type, algorithm, options, state, finished_at, version)
  VALUES (:'ada', key('job'), 'glucose', 'ridge', '{}', 'done', now(), '1.2.0');
INSERT INTO experiment_model (person_id, experiment, job_id, version) VALUES (:'ada', 'tried', key('job'), NULL),
  (:'amy', 'tried', NULL, '1.0.0'), (:'ada', 'of_days', NULL, '1.1.0');
SET ROLE dora;
CALL purge();
SET ROLE anna;
SELECT test.with_artifact(:'ada'), test.with_artifact(:'ada', 'cgm'), test.with_artifact(:'amy');
-- Nothing else of a row changes, and its errors stay.
SELECT count(*) FILTER (WHERE v.artifact IS NULL) AS taken, count(*) FILTER (WHERE v.artifact <> b.artifact
  OR v.sha256 <> b.sha256 OR (v.artifact IS NULL) <> (v.artifact_taken_at IS NOT NULL)) AS otherwise, count(*)
  FROM model_version v JOIN before b USING (person_id, model_type, version);
SELECT count(*) = 0 AS with_errors FROM model_version v WHERE NOT EXISTS (SELECT FROM model_metric m
  WHERE m.person_id = v.person_id AND m.model_type = v.model_type AND m.version = v.version);
-- What needs the weights says so, in a session that has them in its cache, too.
SELECT what, test.expect(statement), test.hint(statement) IS NOT NULL AS hint FROM (VALUES
  ('deploy', format('SELECT glucose.deploy_model(%L, ''glucose'', ''1.1.0'')', :'ada')),
  ('rollback', format('SELECT glucose.rollback_model(%L, ''glucose'', ''1.1.0'')', :'ada')),
  ('export', format('SELECT glucose.export_model(%L, ''glucose'', ''1.1.0'')', :'ada')),
  ('predict', format('SELECT glucose.predict_glucose(%L, ''{"version": "1.1.0"}'')', :'meal')),
  ('evaluate', format('SELECT glucose.evaluate_model(%L, ''glucose'', ''1.1.0'')', :'ada')),
  ('compare', format('SELECT glucose.compare_versions(%L, ''glucose'', ''1.5.0'', ''1.1.0'')', :'ada'))) v (what,
  statement);
SELECT test.hint(format('SELECT glucose.deploy_model(%L, ''glucose'', ''1.1.0'')', :'ada'));
SELECT predict_glucose(:'meal') #>> '{provenance,modelVersion}' AS serves;
-- A way back leads past what has lost its artifact, and not back and forth.
SELECT rollback_model(:'ada');
RESET ROLE;
UPDATE model_version SET artifact = NULL, artifact_taken_at = now() WHERE person_id = :'ada' AND version = '1.3.0'
  AND artifact IS NOT NULL;
SET ROLE anna;
SELECT rollback_model(:'ada');
SELECT test.expect(format('SELECT glucose.rollback_model(%L)', :'ada'));
SELECT deploy_model(:'ada', 'glucose', '1.5.0');
SELECT rollback_model(:'ada');
-- Once nobody tries it any more it goes as the others.
SELECT deploy_model(:'amy', 'glucose', '1.1.0');
RESET ROLE;
UPDATE experiment SET state = 'stopped', stopped_at = now();
UPDATE deployment SET deployed_at = deployed_at - interval '400 days';
SET ROLE dora;
CALL purge();
SET ROLE anna;
SELECT test.with_artifact(:'ada'), test.with_artifact(:'amy');
-- A row without artifact never serves, nor is it an artifact taken without a row saying so.
RESET ROLE;
SELECT test.expect($$ UPDATE glucose.model_version SET artifact = NULL, artifact_taken_at = now()
  WHERE is_active $$) LIKE '23514%',
  test.expect($$ UPDATE glucose.model_version SET artifact = NULL $$) LIKE '23514%',
  test.expect($$ UPDATE glucose.population_model SET is_active = true WHERE artifact IS NULL $$);

-- With none at all to keep, the one that was rejected last still says how far glucose strays.
SET ROLE ben;
SELECT test.eater(5, 30) AS bob \gset
SELECT meal_id AS bobs FROM meal WHERE person_id = :'bob' ORDER BY eaten_at DESC LIMIT 1 \gset
SELECT count(train_model(:'bob', 'glucose', 'ridge', jsonb_build_object('l2', n))) FROM generate_series(1, 3) n;
RESET ROLE;
UPDATE model_version SET is_active = false, status = 'rejected', metadata = metadata || '{"rejected": true}'
  WHERE person_id = :'bob';
DELETE FROM deployment WHERE person_id = :'bob';
SET glucose.keep_artifacts = 0;
SET ROLE dora;
CALL purge();
SET ROLE ben;
SELECT test.with_artifact(:'bob'), predict_glucose(:'bobs') #>> '{provenance,source}' AS source;

-- The population's likewise.
RESET ROLE;
SELECT grant_access('anna'), grant_access('ben');
UPDATE person SET shares_data = true;
SET ROLE dora;
SELECT string_agg(t.version, ' ' ORDER BY n) FROM generate_series(1, 5) n,
  train_population_model('glucose', 'ridge', jsonb_build_object('l2', n, 'deploy', n <> 1)) t;
RESET ROLE;
SET glucose.keep_artifacts = 1;
UPDATE population_deployment SET deployed_at = deployed_at - interval '400 days';
INSERT INTO experiment (name, model_type, kind, candidate, percent, salt)
  VALUES ('all', 'glucose', 'shadow', '{"population_version": "1.1.0"}', 50, 'salt');
SET ROLE dora;
CALL purge();
SELECT string_agg(version || CASE WHEN is_active THEN '*' ELSE '' END, ' ' ORDER BY version)
  FROM list_population_models() WHERE has_artifact;
SELECT test.expect($$ SELECT glucose.deploy_population_model('glucose', '1.0.0') $$),
  test.expect($$ SELECT glucose.rollback_population_model('glucose', '1.0.0') $$);
SELECT stop_experiment('all');
SELECT test.expect($$ SELECT glucose.start_experiment('again', '{"population_version": "1.0.0"}') $$);
SELECT rollback_population_model();

-- What was told and done long ago, and what was not so long ago.
RESET ROLE;
CREATE FUNCTION test.left() RETURNS text LANGUAGE sql RETURN (SELECT string_agg(what || ' ' || n, ', ' ORDER BY what)
  FROM (SELECT 'jobs' AS what, count(*) AS n FROM glucose.training_job UNION ALL
    SELECT 'retrainings', count(*) FROM glucose.retraining_log UNION ALL SELECT 'checks', count(*)
    FROM glucose.model_check
    UNION ALL SELECT 'alerts', count(*) FROM glucose.person_alert UNION ALL
    SELECT 'system alerts', count(*) FROM glucose.system_alert UNION ALL
    SELECT 'feedback', count(*) FROM glucose.prediction_feedback UNION ALL
    SELECT 'weeks', count(*) FROM glucose.performance_log
    WHERE days = 7 AND sum_squared = 1 AND sum_error = 1) t);
DELETE FROM training_job;
DELETE FROM experiment_model;
INSERT INTO experiment_model (person_id, experiment, job_id) VALUES (:'amy', 'all', key('job 6'));
UPDATE experiment SET state = 'running', stopped_at = NULL WHERE name = 'all';
-- Of each three are old: jobs of 31 days and more, the rest of a year and more.
INSERT INTO training_job (person_id, job_id, model_type, algorithm, options, state, queued_at, finished_at)
  SELECT :'ada', key('job ' || n), 'glucose', 'ridge', '{}',
  (ARRAY['done', 'failed', 'cancelled', 'done', 'queued', 'failed'])[n],
    now() - age, CASE WHEN n <> 5 THEN now() - age END
  FROM unnest('{31 days,90 days,400 days,29 days,400 days,400 days}'::interval[]) WITH ORDINALITY a (age, n);
UPDATE training_job SET person_id = :'amy' WHERE job_id = key('job 6');
INSERT INTO retraining_log (person_id, model_type, logged_at, tried_at, status, reason)
  SELECT p, t, now() - age, now() - age, 'skipped', 'test'
  FROM unnest('{366 days,400 days,800 days,364 days}'::interval[]) age,
    (VALUES (:'ada'::uuid, 'glucose'), (:'amy', 'cgm')) AS v (p, t) WHERE t = 'glucose' OR age > '365 days';
INSERT INTO model_check (person_id, model_type, checked_at, version, against, action, n, mae, mae_against)
  SELECT :'ada', 'glucose', now() - age, '1.0.0', 'baseline', 'withdrawn', 9, 2, 1
  FROM unnest('{366 days,400 days,800 days,364 days}'::interval[]) age;
INSERT INTO person_alert (person_id, kind, severity, message, resolved_at, first_seen)
  SELECT :'ada', 'k' || n, 'info', 'm', CASE WHEN n < 5 THEN now() - age END, now() - age
  FROM unnest('{366 days,400 days,800 days,364 days,800 days}'::interval[]) WITH ORDINALITY a (age, n);
INSERT INTO system_alert (kind, severity, message, resolved_at, first_seen)
  SELECT kind, severity, message, resolved_at, first_seen FROM person_alert;
INSERT INTO prediction_feedback (person_id, prediction_id, kind, given_by, given_at)
  SELECT :'ada', p.prediction_id, 'useful', 'g' || n, now() - age FROM (SELECT prediction_id FROM prediction
    WHERE person_id = :'ada' LIMIT 1) p, unnest('{800 days,364 days}'::interval[]) WITH ORDINALITY a (age, n);
INSERT INTO prediction_feedback (person_id, prediction_id, kind, given_by, given_at)
  SELECT :'ada', key('gone'), 'useful', 'g' || n, now() - age
  FROM unnest('{366 days,400 days,800 days,364 days}'::interval[]) WITH ORDINALITY a (age, n);
INSERT INTO performance_log (person_id, model_type, day, days, source, version, minutes_ahead, n, sum_error,
  sum_absolute,
    sum_squared, n_inside, sum_level)
  SELECT :'ada', 'glucose', date_trunc('week', now() - age)::date, 7, 'personal', '1.0.0', 60, 1, 1, 1, 1, 1, 0.9
  FROM unnest('{2200 days,2250 days,2300 days,2150 days,40 days}'::interval[]) age;
INSERT INTO performance_log (person_id, model_type, day, days, source, version, minutes_ahead, n, sum_error,
  sum_absolute,
    sum_squared, n_inside, sum_level)
  SELECT :'amy'::uuid, 'cgm', date_trunc('week', now() - interval '50 days')::date + d, 1, 'personal', '1.0.0', 60, d,
  2, 3,
  4, 1, 0.9
  FROM generate_series(1, 6, 2) d UNION ALL SELECT :'amy', 'cgm', now()::date - 20, 1, 'personal', '1.0.0', 60, 7, 2, 3,
  4, 1, 0.9;
SELECT test.left();
SET ROLE dora;
CALL purge();
CALL purge();
SELECT days, count(*), sum(n), sum(sum_error), sum(sum_squared),
  bool_and(extract(isodow FROM day) = 1 OR days = 1) AS monday
  FROM performance_log WHERE person_id = :'amy' AND model_type = 'cgm' GROUP BY days ORDER BY days DESC;
RESET ROLE;
SELECT test.left();
-- The last try of a type is kept however old, a job that waits, one that says how a running experiment's candidate
-- fared,
-- an alert that is not resolved, and feedback while the answer is there.
SELECT (SELECT count(*) FROM retraining_log WHERE model_type = 'cgm' AND tried_at > now() - interval '367 days'),
  (SELECT string_agg(state, ' ' ORDER BY state) FROM training_job),
  (SELECT count(*) FROM person_alert WHERE resolved_at IS NULL),
  (SELECT string_agg(given_by, ' ' ORDER BY given_by) FROM prediction_feedback);
-- Shorter settings, and none: then what ends is gone the next night.
UPDATE experiment SET state = 'stopped', stopped_at = now();
SET glucose.jobs_retention = 0;
SET glucose.history_retention = '1 d';
SET ROLE dora;
CALL purge();
RESET ROLE;
SELECT test.left();

-- More persons than a piece has, each with something to take; who is held by somebody else waits for the next night.
SET client_min_messages = warning;
INSERT INTO person (person_id, owner) SELECT key(n), 'anna' FROM generate_series(1, 230) n;
INSERT INTO model_check (person_id, model_type, checked_at, version, against, action, n, mae, mae_against)
  SELECT key(n), 'glucose', now() - interval '400 days', '1.0.0', 'baseline', 'withdrawn', 9, 2, 1
  FROM generate_series(1, 230) n;
INSERT INTO model_version
  SELECT (jsonb_populate_record(v, jsonb_build_object('person_id', key(n), 'is_active', false))).*
  FROM model_version v, generate_series(1, 230) n WHERE v.person_id = :'amy' AND v.artifact IS NOT NULL
    AND v.model_type = 'glucose' AND NOT v.is_active LIMIT 230;
SET glucose.keep_artifacts = 0;
SET ROLE dora;
SET client_min_messages = notice;
CALL purge();
CALL purge();
RESET ROLE;
SET client_min_messages = warning;

-- By pg_cron, beside retraining.
SELECT test.expect('SELECT glucose.schedule_purge()'),
  test.hint('SELECT glucose.schedule_purge()') LIKE '%CALL glucose.purge()%' AS hint,
  test.expect('SELECT glucose.schedule_purge(NULL)'), unschedule_purge();
