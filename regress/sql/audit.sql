-- SPDX-License-Identifier: PostgreSQL
-- The log as an audit: what a row says, that nobody changes it, seals, and that whatever was done to sealed rows is
-- found.
\getenv here PG_ABS_SRCDIR
\set test audit
\i :here/include/begin.sql
SELECT setseed(0.5);
-- The meals of the last days, one answer each.
CREATE FUNCTION test.ask(person uuid, first integer, n integer) RETURNS bigint LANGUAGE sql VOLATILE
RETURN (SELECT count(glucose.predict_glucose(m.meal_id, '{}', person))
  FROM (SELECT meal_id FROM glucose.meal WHERE person_id = person
  ORDER BY eaten_at DESC OFFSET first LIMIT n) m);
SET ROLE anna;
SELECT test.eater(1, 30) AS ada, test.eater(2, 30) AS amy \gset
SELECT count(train_model(p, algorithm => 'ridge', options => '{"deploy": true}'))
  FROM unnest(ARRAY[:'ada', :'amy']::uuid[]) p;
SET ROLE ben;
SELECT test.eater(3, 30) AS bob \gset
SELECT version FROM train_model(:'bob', algorithm => 'ridge', options => '{"deploy": true}');
RESET ROLE;

-- Without a key rows are not signed, and nothing can be sealed or verified.
SET ROLE anna;
SELECT test.ask(:'ada', 0, 2);
SELECT bool_and(mac IS NULL AND values_digest IS NULL AND seal_no IS NULL) AS unsigned, count(*) FROM prediction;
SELECT test.expect(format('SELECT glucose.verify_log(%L)', :'ada')) AS verify;
RESET ROLE;
SELECT test.expect('SELECT glucose.seal_log()') AS seal, test.hint('SELECT glucose.seal_log()') AS hint;
-- A key that cannot be had ends the answers: an audit that ends silently is none.
SET glucose.audit_key_file = 'audit_key_that_is_not_there';
SELECT test.expect(format('SELECT test.ask(%L, 0, 1)', :'ada')) AS not_there;
SELECT current_setting('data_directory') AS folder \gset
SELECT :'folder' || '/pgg_short_key' AS short_key, :'folder' || '/pgg_audit_key' AS key_file,
  :'folder' || '/pgg_new_key' AS new_key \gset
COPY (SELECT 'too short') TO :'short_key';
COPY (SELECT repeat('0123456789abcdef', 4)) TO :'key_file';
COPY (SELECT k FROM (VALUES (1, repeat('fedcba9876543210', 4)), (2, repeat('0123456789abcdef', 4))) v (i, k) ORDER BY i)
  TO :'new_key';
SET glucose.audit_key_file = 'pgg_short_key';
SELECT test.expect(format('SELECT test.ask(%L, 0, 1)', :'ada')) AS too_short;
SET glucose.audit_key_file = :'key_file';
SELECT test.expect(format('SELECT test.ask(%L, 0, 1)', :'ada')) AS others_may_read;
SET glucose.audit_key_file = '.';
SELECT test.expect(format('SELECT test.ask(%L, 0, 1)', :'ada')) AS folder;
RESET glucose.audit_key_file;
ALTER DATABASE test_audit SET glucose.audit_key_file = 'pgg_audit_key';
-- Every answer a whole row; pointers are in the test of the cache.
ALTER DATABASE test_audit SET glucose.cache_ttl = 0;
\c
SET search_path = glucose, public;
SET timezone = 'UTC';
-- No application sees where it is or sets another, nor what of the audit is kept.
SET ROLE anna;
SELECT glucose.version() IS NOT NULL AS loaded;
SELECT left(test.expect('SHOW glucose.audit_key_file'), 5) AS shown,
  test.expect('SET glucose.audit_key_file = ''''') AS named,
  test.expect('SET glucose.audit_inputs = none') AS inputs, test.expect('SET glucose.require_audit = off') AS require,
  test.expect('SET glucose.values_retention = 0') AS retention;

-- What a row says.
SELECT predict_glucose(meal_id, '{"level": 0.8, "unit": "mmol/L"}') AS doc, meal_id AS meal, eaten_at AS at
  FROM meal WHERE person_id = :'ada' ORDER BY eaten_at DESC LIMIT 1 \gset
SELECT issued_to, role, session_role = session_user AS session, client_address IS NULL AS socket, source,
  asked_at = :'at' AS at,
  meal_id = :'meal' AS meal, unit, level, score = (SELECT min((p ->> 'confidenceScore')::real)
    FROM jsonb_array_elements(:'doc'::jsonb -> 'predictions') p) OR score BETWEEN 0 AND 1 AS score,
  length(mac) AS mac, length(values_digest) AS digest, length(inputs_digest) AS inputs_digest,
  inputs IS NULL AS no_inputs
FROM prediction WHERE prediction_id = (:'doc'::jsonb ->> 'predictionId')::uuid;
RESET ROLE;
SET glucose.audit_inputs = full;
SELECT test.ask(:'ada', 0, 1);
SELECT inputs_digest = (SELECT inputs_digest FROM prediction
  WHERE prediction_id = (:'doc'::jsonb ->> 'predictionId')::uuid) AS same_digest,
  cardinality(inputs) > 10 AS inputs, inputs_digest = sha256((SELECT string_agg(
    substr(b, 4, 1) || substr(b, 3, 1) || substr(b, 2, 1) || substr(b, 1, 1), '' ORDER BY i)
    FROM unnest(inputs) WITH ORDINALITY u (f, i), float4send(f) b)) AS digest_of_inputs, issued_to, role
  FROM prediction ORDER BY issued_at DESC LIMIT 1;
SET glucose.audit_inputs = none;
SELECT test.ask(:'ada', 0, 1);
SELECT inputs_digest IS NULL AND inputs IS NULL AND predictions IS NOT NULL AS no_inputs FROM prediction
  ORDER BY issued_at DESC LIMIT 1;
RESET glucose.audit_inputs;

-- A person's history: newest first, of a type and a time, of whoever sees the person.
SELECT test.expect(format('SELECT glucose.prediction_history(%L, %s)', :'ada', rest)) FROM
  unnest('{NULL::text,''insulin'',''glucose'',"''cgm'', NULL","NULL, now(), NULL","NULL, max_rows => 0"}'::text[]) rest;
SET ROLE anna;
SELECT prediction_id = (:'doc'::jsonb ->> 'predictionId')::uuid AS it, role, is_signed, source, unit,
  length(sha256) AS sha256
  FROM prediction_history(:'ada', max_rows => 5) OFFSET 2 LIMIT 1;
SELECT count(*), bool_and(issued_at >= before) AS newest_first FROM (SELECT issued_at, lead(issued_at, 1, issued_at)
  OVER () AS before FROM prediction_history(:'ada')) h;
SELECT count(*) FROM prediction_history(:'ada', 'cgm');
SELECT count(*) FROM prediction_history(:'ada', until => now() - interval '1 hour');
SET ROLE ben;
SELECT test.expect(format('SELECT glucose.prediction_history(%L)', :'ada')) = replace(test.expect(format(
  'SELECT glucose.prediction_history(%L)', key('nobody'))), key('nobody')::text, :'ada') AS same;
RESET ROLE;

-- Sealed by the steward, in the order of time; nobody else seals, and a second time there is nothing.
SET ROLE anna;
SELECT test.ask(:'ada', 0, 6), test.ask(:'amy', 0, 6);
SELECT test.expect('SELECT glucose.seal_log()') AS seal, test.expect('SELECT glucose.verify_seals()') AS seals;
SET ROLE ben;
SELECT test.ask(:'bob', 0, 5);
SET ROLE dora;
SELECT seals, sealed_rows, head ~ '^3:[0-9a-f]{64}$' AS head FROM seal_log();
SELECT seals, sealed_rows, head ~ '^3:' AS head FROM seal_log();
SET ROLE anna;
SELECT test.ask(:'ada', 6, 6), test.ask(:'amy', 6, 4);
SET ROLE dora;
SELECT seals, sealed_rows FROM seal_log('1 hour') AS not_old_enough;
SELECT head AS head_2, seals, sealed_rows FROM seal_log() \gset
SELECT :seals, :sealed_rows;
SET ROLE ben;
SELECT test.ask(:'bob', 5, 5);
SET ROLE dora;
SELECT head AS head, seals FROM seal_log() \gset
SET ROLE anna;
SELECT test.ask(:'ada', 12, 2);

-- Clean, but for what was logged before there was a key. One's own only, and the same error for what is not there.
SELECT what, count(*), bool_and(seal_no IS NULL) AS unsealed FROM verify_log(:'ada') GROUP BY what;
SELECT count(*) FROM verify_log(:'amy');
SELECT test.expect(format('SELECT glucose.verify_log(%L)', :'bob'))
  = replace(test.expect(format('SELECT glucose.verify_log(%L)',
  glucose.key('nobody'))), glucose.key('nobody')::text, :'bob') AS same,
  test.expect('SELECT glucose.verify_log(NULL)') AS null_;
SET ROLE dora;
SELECT count(*) FROM verify_log(:'bob');
SELECT count(*) FROM verify_seals(:'head');
SELECT count(*) FROM verify_seals(:'head_2');
SELECT what, seal_no FROM verify_seals('3:' || repeat('0', 64));
SELECT what, seal_no FROM verify_seals('77:' || repeat('0', 64));
SELECT test.expect(format('SELECT glucose.verify_seals(%L)', h)) FROM unnest('{x,3,3:00,-1:0,""}'::text[]) h;

-- Nobody changes, deletes or writes rows of the log or seals, the seals nobody reads.
SELECT role, statement, test.expect(format('SET LOCAL ROLE %I; %s', role, statement)) FROM
  unnest('{anna,dora,eve}'::text[]) role,
  (VALUES ('UPDATE glucose.prediction SET score = 0'), ('DELETE FROM glucose.prediction'),
  ('INSERT INTO glucose.prediction DEFAULT VALUES'), ('TRUNCATE glucose.prediction'),
  ('SELECT FROM glucose.audit_seal'),
  ('DELETE FROM glucose.audit_seal')) v (statement)
  WHERE test.expect(format('SET LOCAL ROLE %I; %s', role, statement)) !~ '^42501 ';
RESET ROLE;

-- What is done to sealed rows is found: changes, deletions, another order, additions, and the same of seals.
DELETE FROM prediction WHERE mac IS NULL;
SELECT count(*) FROM verify_log(:'ada');
\i :here/include/tamper.sql
\if :{?tampers}
\else
-- Enough for every kind: each deed comes once in a round, and there are five whole rounds.
\set tampers 320
\endif
SELECT kind, done > 8 AS done, done - found AS missed FROM test.tamper(:tampers, :'head') ORDER BY kind;
-- Only where the newest seals went together with their rows is it the head that tells.
SELECT count(*) FILTER (WHERE deed NOT LIKE 'WITH gone AS (DELETE FROM glucose.prediction%') AS others_by_head
  FROM test.by_head;
-- All of it has been undone.
SELECT count(*) FROM unnest(ARRAY[:'ada', :'amy', :'bob']::uuid[]) p, verify_log(p);

-- Another key signs what comes; what an old one has signed is still known, and nothing of another's.
SET glucose.audit_key_file = 'pgg_new_key';
SELECT test.ask(:'ada', 14, 2);
SELECT seals, sealed_rows FROM seal_log();
SELECT count(*) FROM verify_log(:'ada'), verify_seals(:'head');
RESET glucose.audit_key_file;
SELECT what, count(*) > 0 AS some FROM verify_log(:'ada') GROUP BY what ORDER BY what;

-- purge() takes nothing that is young, of an experiment that runs or of a deployment that may be judged yet.
SET glucose.audit_key_file = 'pgg_new_key';
SET ROLE anna;
SELECT test.expect('SELECT glucose.purge_some(0, NULL, NULL)') AS purge;
SET ROLE dora;
SET client_min_messages = notice;
CALL purge();
RESET ROLE;
SET glucose.values_retention = 0;
CALL purge();
SET glucose.rollback_window = 0;
INSERT INTO experiment (name, model_type, kind, candidate, percent, salt)
  VALUES ('runs', 'glucose', 'shadow', '{"algorithm": "mean"}', 50, 'salt');
UPDATE prediction SET experiment = 'runs', arm = 'stable' WHERE person_id = :'amy';
SET ROLE dora;
CALL purge();
RESET ROLE;
SELECT person_id = :'amy' AS amy, count(*) FILTER (WHERE purged_at IS NULL) AS whole,
  count(*) FILTER (WHERE num_nulls(meal_id, asked_at, level, unit, score, latency_ms, inputs, predictions) = 8)
  AS without
  FROM prediction GROUP BY 1 ORDER BY 1;
-- What stays says who asked whom about what, and verifies; outcomes have nothing to say.
SELECT bool_and(issued_to IS NOT NULL AND role IS NOT NULL AND sha256 IS NOT NULL AND issued_at IS NOT NULL
  AND purged_mac IS NOT NULL) AS kept FROM prediction WHERE person_id = :'ada';
SELECT count(*) FROM verify_log(:'ada'), verify_seals(:'head');
SELECT count(*) FROM prediction_outcome WHERE person_id = :'ada';
-- The experiment was written in by hand.
SELECT DISTINCT what FROM verify_log(:'amy');
UPDATE prediction SET experiment = NULL, arm = NULL WHERE person_id = :'amy';
SELECT count(*) FROM verify_log(:'amy');
-- A purge that was none is found, and a value put back into a purged row, and one that is purged twice.
CREATE FUNCTION test.found(deed text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  id CONSTANT uuid := (SELECT person_id FROM glucose.prediction WHERE purged_at IS NOT NULL LIMIT 1);
BEGIN
  EXECUTE replace(deed, '$row', quote_literal((SELECT prediction_id FROM glucose.prediction WHERE person_id = id
    ORDER BY issued_at LIMIT 1)));
  RAISE EXCEPTION USING ERRCODE = 'UT001', MESSAGE = coalesce((SELECT string_agg(DISTINCT what, ', ' ORDER BY what)
    FROM glucose.verify_log(id)), 'nothing');
EXCEPTION WHEN SQLSTATE 'UT001' THEN
  RETURN sqlerrm;
END
$$;
SELECT test.found('UPDATE glucose.prediction SET ' || what || ' WHERE prediction_id = $row') AS found, what
  FROM unnest('{score = 0.5,purged_at = now(),purged_mac = mac,purged_mac = NULL,"issued_to = ''x''",sha256 = NULL,
    values_digest = mac}'::text[]) what;
SELECT test.found('DELETE FROM glucose.prediction WHERE prediction_id = $row') AS found;

-- Rows go with their seal's pseudonym, when all of them are there; a seal that does not fit keeps its rows.
SET glucose.audit_retention = 0;
UPDATE experiment SET state = 'stopped', stopped_at = now();
CREATE TEMP TABLE seal AS SELECT seal_no, digest FROM audit_seal WHERE subject IS NOT NULL ORDER BY seal_no LIMIT 2;
UPDATE audit_seal SET digest = set_byte(digest, 0, get_byte(digest, 0) # 1)
  WHERE seal_no = (SELECT min(seal_no) FROM seal);
SELECT person_id AS of_second, prediction_id AS of_it FROM prediction WHERE seal_no = (SELECT max(seal_no) FROM seal)
  LIMIT 1 \gset
BEGIN;
CREATE TEMP TABLE taken AS SELECT * FROM prediction WHERE prediction_id = :'of_it';
DELETE FROM prediction WHERE prediction_id = :'of_it';
COMMIT;
SET ROLE dora;
CALL purge();
RESET ROLE;
SELECT count(DISTINCT seal_no) AS seals_with_rows, bool_and(seal_no IN (SELECT seal_no FROM seal)) AS those
  FROM prediction WHERE seal_no IS NOT NULL;
SELECT DISTINCT what FROM unnest(ARRAY[:'ada', :'amy', :'bob']::uuid[]) p, verify_log(p) ORDER BY what;
-- Set right, they go too. What stays names nobody, holds no value, and fits.
UPDATE audit_seal a SET digest = s.digest FROM seal s WHERE s.seal_no = a.seal_no;
INSERT INTO prediction SELECT * FROM taken;
CALL purge();
SELECT count(*) FILTER (WHERE seal_no IS NOT NULL) AS rows FROM prediction;
SELECT count(*) > 6 AS seals, count(subject) AS subjects FROM audit_seal;
SELECT count(*) FROM verify_seals(:'head');
SELECT count(*) FROM unnest(ARRAY[:'ada', :'amy', :'bob']::uuid[]) p, verify_log(p, :'head');
RESET glucose.audit_retention;
RESET glucose.values_retention;
SET client_min_messages = warning;
SET ROLE anna;
SELECT test.ask(:'ada', 0, 2);
SET ROLE ben;
SELECT test.ask(:'bob', 0, 2);
SET ROLE dora;
SELECT head AS head, seals FROM seal_log() \gset
RESET ROLE;

-- A person is erased: its seals stay and become nobody's, and those of the others fit as before.
SET glucose.audit_key_file = 'pgg_new_key';
SET ROLE ben;
DELETE FROM person WHERE person_id = :'bob';
RESET ROLE;
SELECT count(*) AS of_bob FROM prediction WHERE person_id = :'bob';
SELECT count(*) FILTER (WHERE subject IS NULL) AS nobodys, count(*) FROM audit_seal;
SELECT seals, sealed_rows, released FROM seal_log();
SELECT count(*) FILTER (WHERE subject IS NULL AND released_mac IS NOT NULL) AS nobodys, count(*) FROM audit_seal;
SELECT count(*) FROM verify_log(:'ada'), verify_seals(:'head');
-- A seal that was changed so that it looks like an erased person's is not made nobody's, and is found.
BEGIN;
UPDATE audit_seal SET subject = gen_random_uuid() WHERE subject IS NOT NULL;
SELECT released FROM seal_log();
SELECT what, seal_no FROM verify_seals(:'head');
ROLLBACK;
UPDATE audit_seal SET n_rows = n_rows + 1
  WHERE seal_no = (SELECT seal_no FROM audit_seal WHERE subject IS NULL LIMIT 1);
SELECT what FROM verify_seals(:'head');

-- With require_audit nobody is answered off the record but stewards: not without a key, in rows or where nothing can
-- be written.
\c
SET search_path = glucose, public;
SET timezone = 'UTC';
SET glucose.require_audit = on;
SET ROLE anna;
SELECT meal_id AS meal FROM meal WHERE person_id = :'ada' ORDER BY eaten_at DESC LIMIT 1 \gset
SELECT predict_glucose(:'meal') ->> 'logged' AS logged;
BEGIN READ ONLY;
SELECT test.expect(format('SELECT glucose.%s', call)), call LIKE 'predict%' AS writes FROM unnest(ARRAY[
  format('predict_glucose(%L)', :'meal'),
  format('predict_meal(%L, ''{"carbs_g": 40, "eaten_at": "2026-01-30 12:00"}'')', :'ada'),
  format('predict_cgm(%L, ''2026-01-30 12:00'')', :'ada')]) call;
SELECT test.hint(format('SELECT glucose.predict_glucose(%L)', :'meal')) AS hint;
COMMIT;
SELECT test.expect(format('SELECT glucose.%s', call)) FROM unnest(ARRAY[format('glucose_forecast(%L)', :'meal'),
  format('glucose_forecast_json(%L)', :'meal'), format('explain_prediction(%L, 60)', :'meal'),
  format('what_if(%L, ''{"carbs_g": 10}'')', :'meal'),
  format('glucose_forecast(%L, ''{"on_error": "none"}'')', :'meal')]) call;
SET ROLE dora;
SELECT count(*) FROM glucose_forecast(:'meal');
RESET ROLE;
SET glucose.audit_key_file = '';
SET ROLE anna;
SELECT test.expect(format('SELECT glucose.predict_glucose(%L)', :'meal')) AS no_key;
