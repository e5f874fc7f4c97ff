-- SPDX-License-Identifier: PostgreSQL
-- What a night's retraining of many persons must not be moved by: answers of other models, rows that were learnt from
-- already, persons without data, and rows of one person that nobody can read.
\getenv here PG_ABS_SRCDIR
\set test nights
\i :here/include/begin.sql
\set VERBOSITY terse
SET ROLE anna;
SELECT test.eater(1, 40) AS anna \gset
SET ROLE ben;
SELECT test.eater(2, 40) AS ben \gset
SET ROLE dora;
UPDATE retraining_policy SET algorithm = 'ridge';

-- Whose answer was it? The population's, of the same number, is not the person's.
SET ROLE anna;
SELECT version, algorithm FROM train_model(:'anna', algorithm => 'ridge', options => '{"end_at": "2026-02-01Z"}');
RESET ROLE;
CREATE FUNCTION test.answered(person uuid, wrong_by real, sha bytea) RETURNS bigint LANGUAGE sql AS $$
  WITH added AS (INSERT INTO glucose.prediction (person_id, meal_id, model_type, version, sha256, inputs_digest,
                                                 predictions, latency_ms)
    SELECT person, m.meal_id, 'glucose', '1.0.0', sha, '', jsonb_build_array(jsonb_build_object('minutes_ahead', 60,
      'at', r.measured_at, 'glucose', r.mg_dl + wrong_by, 'lower', 0, 'upper', 600)), 1
    FROM glucose.meal m
    JOIN glucose.glucose_reading r ON r.person_id = m.person_id AND r.measured_at = m.eaten_at + interval '1 h'
    WHERE m.person_id = person AND m.eaten_at BETWEEN '2026-02-03' AND '2026-02-10' RETURNING 1)
  SELECT count(*) FROM added $$;
SELECT test.answered(:'anna', 40, sha256('population')) AS answers;
SELECT * FROM live_mae(:'anna', 'glucose', '1.0.0');
SELECT test.answered(:'anna', 30, (SELECT sha256 FROM model_version WHERE person_id = :'anna')) AS answers;
SELECT * FROM live_mae(:'anna', 'glucose', '1.0.0');
SELECT n FROM live_accuracy(:'anna') WHERE source = 'personal';

-- Three nights with the same rows make one candidate; with new ones, another.
SET ROLE dora;
CALL retrain_due(as_of => '2026-02-10 12:00');
CALL retrain_due(as_of => '2026-02-11 08:30');
CALL retrain_due(as_of => '2026-02-11 12:00');
RESET ROLE;
DELETE FROM meal WHERE eaten_at > '2026-02-11 12:00';
SET ROLE dora;
CALL retrain_due(as_of => '2026-02-12 12:00');
CALL retrain_due(as_of => '2026-02-13 12:00');
CALL retrain_due(as_of => '2026-02-24 12:00');
SELECT owner, count(*) AS versions, count(DISTINCT metadata ->> 'data_sha256') AS of_different_rows
FROM model_version JOIN person USING (person_id) WHERE metadata ? 'data_sha256' GROUP BY 1 ORDER BY 1;
-- By force: once more.
SET ROLE anna;
SELECT status, version, reason ~ '^MAE' AS compared
  FROM retrain_model(:'anna', force => true, as_of => '2026-02-24 12:00');
-- Not due by the rows, but trained for another reason that comes to the same: what it would make is there.
SELECT status, version, reason FROM train_and_settle(:'anna', 'glucose', '{}', false, '2026-02-25 12:00');

-- Who has no data is not tried, and who has too little when there is a quarter more.
INSERT INTO person (person_id) VALUES (key('empty')) RETURNING owner;
SELECT test.eater(3, 3) AS young \gset
RESET ROLE;
DELETE FROM retraining_log;
SET ROLE dora;
DO $$ BEGIN FOR day IN 8 .. 12 LOOP
  PERFORM glucose.retrain_one(p.person_id, 'glucose', make_timestamptz(2026, 1, day, 12, 0, 0)) FROM glucose.person p
  WHERE p.person_id NOT IN (SELECT v.person_id FROM glucose.model_version v);
END LOOP; END $$;
SELECT p.person_id = key('empty') AS is_empty, count(l.tried_at) AS tries, min(l.reason) AS reason
FROM person p LEFT JOIN retraining_log l USING (person_id)
WHERE p.person_id NOT IN (SELECT v.person_id FROM model_version v) GROUP BY 1 ORDER BY 1;

-- Rows that nobody can read are one person's trouble. Only the owner of the tables can make them.
RESET ROLE;
DELETE FROM retraining_log;
DELETE FROM model_version;
DELETE FROM person WHERE person_id IN (key('empty'), :'young');
SET ROLE ben;
SELECT count(*) FROM (SELECT test.eater(s, 22) FROM generate_series(4, 9) s) x;
RESET ROLE;
CREATE TEMP TABLE poisoned AS SELECT person_id, row_number() OVER (ORDER BY person_id) AS n FROM person
  WHERE owner = 'ben' AND person_id <> :'ben';
INSERT INTO model_version (person_id, model_type, version, algorithm, training_start, training_end, n_train,
  n_validation,
    n_test, hyperparameters, metadata, feature_schema, artifact, sha256, status, is_production_ready)
  SELECT person_id, 'glucose', '1.0.0', 'ridge', now(), now(), 0, 0, 0, '{"end_at": "never"}',
    CASE n WHEN 1 THEN '{"test_end": "garbage"}' WHEN 2 THEN '[1]' ELSE '{"test_end": {"a": 1}}' END::jsonb, 'x', '\x',
    sha256(''), 'ready', false
  FROM poisoned WHERE n <= 3;
UPDATE model_version SET is_active = true WHERE person_id = (SELECT person_id FROM poisoned WHERE n = 3);
INSERT INTO retraining_override (person_id, model_type, algorithm)
  SELECT person_id, 'glucose', 'magic' FROM poisoned WHERE n = 4;
INSERT INTO retraining_override (person_id, model_type, options)
  SELECT person_id, 'glucose', '{"horizons": "soon"}' FROM poisoned WHERE n = 5;
INSERT INTO deployment (person_id, model_type, version) SELECT person_id, 'glucose', '99.2' FROM poisoned WHERE n = 6;
INSERT INTO prediction (person_id, model_type, version, sha256, inputs_digest, predictions, latency_ms)
  SELECT person_id, 'glucose', v, '\x00', '', p::jsonb, 1 FROM poisoned,
    unnest('{2.0.0,99.2,x}'::text[]) v, unnest(ARRAY['[{"minutes_ahead": "x", "at": "never", "glucose": 1}]',
    '{"a": 1}', '7', '[7]', '[[]]', 'null',
    '[{"minutes_ahead": 1e300, "at": "2026-02-01T00:00:00Z", "glucose": 1e300}]',
    '[{"minutes_ahead": 60, "at": "294276-12-31T00:00:00Z", "glucose": 100}]',
    '[{"minutes_ahead": 60, "at": "infinity", "glucose": 100}]',
    '[{"minutes_ahead": 60, "at": "now", "glucose": 100}]',
    '[{"minutes_ahead": 60, "at": "2026-02-31T00:00:00Z", "glucose": 100}]',
    '[{"minutes_ahead": null, "at": null, "glucose": null}]',
    '[{"minutes_ahead": 0.5, "at": "2026-02-01T00:00:00Z", "glucose": 100}]']) p;
SET ROLE dora;
SELECT count(*) AS readable, count(*) FILTER (WHERE version = '99.2') AS of_no_version FROM prediction_horizon;
SELECT count(*) >= 0 AS asked FROM prediction_outcome;
SELECT count(*) >= 0 AS asked FROM model_live_accuracy;
SELECT count(*) >= 0 AS asked FROM check_experiments();
SELECT count(*) >= 0 AS asked FROM person p, live_accuracy(p.person_id);
CALL retrain_due(as_of => '2026-02-10 12:00');
SELECT status, split_part(reason, ':', 1) AS reason, count(*) FROM retraining_log GROUP BY 1, 2 ORDER BY 1, 2;
-- Whatever the error, also one before anything was tried: such a person does not count, or many would use up the night.
RESET ROLE;
DELETE FROM retraining_log;
DELETE FROM model_version;
CREATE FUNCTION test.broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'broken' USING ERRCODE = 'XX000';
  END $$;
CREATE TRIGGER broken BEFORE INSERT ON model_version FOR EACH ROW EXECUTE FUNCTION test.broken();
SELECT format('CREATE POLICY bad ON meal AS RESTRICTIVE USING (1 / CASE person_id WHEN %L THEN 0 ELSE 1 END = 1)',
  :'anna')
\gexec
SET ROLE dora;
CALL retrain_due(max_persons => 7, as_of => '2026-02-10 12:00');
RESET ROLE;
DROP TRIGGER broken ON model_version;
SELECT DISTINCT reason FROM retraining_log ORDER BY 1;
DELETE FROM retraining_log;
SET ROLE dora;
SELECT batch_retrain() AS queued;
RESET ROLE;
DROP POLICY bad ON meal;
SET ROLE dora;
SELECT DISTINCT purpose, requested_by, identity FROM training_job;
SELECT count(cancel_training(job_id)) AS cancelled FROM training_job;

-- Somebody else's persons are not retrained, nor those one only looks at.
SET ROLE eve;
CALL retrain_due();
SELECT batch_retrain();
SET ROLE anna;
INSERT INTO person_access (person_id, identity) VALUES (:'anna', 'cara');
SET ROLE cara;
SELECT count(*) AS sees FROM person;
SELECT batch_retrain();
SELECT test.expect(format('SELECT %s', call)) FROM unnest(ARRAY[format('try_lock_person(%L)', :'anna'),
  format('try_lock_person(%L)', :'ben'), format('queue_retraining(%L, ''glucose'')', :'anna'),
  format('retrain_model(%L)', :'anna'), format('settle_candidate(%L, ''glucose'', ''1.0.0'')', :'anna')]) AS call;
-- Nobody but functions writes what they write.
SELECT test.expect('INSERT INTO training_job (person_id, model_type, algorithm, options, requested_by) '
  || format('VALUES (%L, ''glucose'', ''mean'', ''{}'', ''dora'')', :'anna'));
SET ROLE dora;
SELECT test.expect(statement) FROM unnest(ARRAY['UPDATE training_job SET state = ''queued''',
  'DELETE FROM training_job', 'DELETE FROM retraining_log', 'LOCK TABLE training_job IN ACCESS EXCLUSIVE MODE',
  'UPDATE model_version SET status = ''ready''']) AS statement;
