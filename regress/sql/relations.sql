-- SPDX-License-Identifier: PostgreSQL
-- What setup() looks at every time it is run, and functions before they read: kinds of relations, options of views,
-- partitions, privileges, owners; and that an id which stands for rows cannot be claimed. Names of roles: roles.sql.
\getenv here PG_ABS_SRCDIR
\set test relations
\set bare on
\i :here/include/begin.sql
SET client_min_messages = warning;
CREATE EXTENSION pg_glucose;
CREATE FUNCTION test.try(statement text) RETURNS text LANGUAGE sql
  RETURN test.expect(statement) || coalesce(' / ' || test.hint(statement), '');
CREATE SCHEMA app;
GRANT USAGE ON SCHEMA app TO anna, ben;
CREATE TABLE app.sensor (user_id bigint, at timestamptz, mg_dl real, PRIMARY KEY (user_id, at));
ALTER TABLE app.sensor ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON app.sensor USING (key(user_id) = ANY (visible_persons()));
GRANT SELECT, INSERT, DELETE ON app.sensor TO anna, ben;
INSERT INTO app.sensor SELECT u, t, 100 + u FROM generate_series(7, 8) u,
  generate_series('2026-01-01'::timestamptz, '2026-01-02', '5 min') t;
\set columns 'SELECT key(user_id) AS person_id, at AS measured_at, mg_dl, NULL::timestamptz AS recorded_at FROM '
\set columns :columns 'app.sensor'

-- Every spelling PostgreSQL takes for true is taken, every one for false refused, on the first run and on later ones.
CREATE VIEW glucose_reading WITH (security_invoker = true) AS :columns;
SELECT setup(steward => 'dora') IS NOT NULL AS set_up;
SELECT grant_access('anna'), grant_access('ben');
CREATE FUNCTION test.option(option text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE 'ALTER VIEW glucose.glucose_reading SET (security_invoker' || option || ')';
  RETURN left(test.expect('SELECT setup()'), 5) || ' ' || left(test.expect('SELECT visible_persons()'), 5) || ' '
         || left(test.expect('SELECT require_person(key(1))'), 5);
END
$$;
SELECT test.option(o) AS setup_policy_function, string_agg(o, '' ORDER BY o COLLATE "C")
  FROM unnest(ARRAY['', '=true', '=on', '=1', '=yes',
  '=t', '=y', '=TRUE', '=On', '=tRu', '="yes"', '=false', '=off', '=0', '=no', '=f', '=n', '=FALSE', '=of']) o
  GROUP BY 1
ORDER BY 1 DESC;
SELECT test.try('SELECT setup()');
SELECT test.try('SELECT require_person(key(1))');
ALTER VIEW glucose_reading SET (security_invoker = yes);

-- What a migration tool does: CREATE OR REPLACE without the options. The session that has read before notices, too.
INSERT INTO person (person_id, owner) VALUES (key(7), 'anna');
SET ROLE anna;
SELECT extract_glucose_history(key(7), '2026-01-01 12:00', 1) AS before;
RESET ROLE;
CREATE OR REPLACE VIEW glucose_reading AS :columns;
SET ROLE anna;
SELECT call, left(test.expect('SELECT * FROM ' || call), 5) AS refused
  FROM unnest(ARRAY['extract_glucose_history(key(7), now())',
  'train_model(key(7))', 'cgm_forecast(key(7), now())', 'training_dataset(key(7))', 'live_accuracy(key(7))']) call;
SELECT test.expect('SELECT * FROM person') AS a_policy_never_raises;
RESET ROLE;
SELECT left(test.expect('SELECT setup()'), 5) AS refused;
ALTER VIEW glucose_reading SET (security_invoker = 1);
SET ROLE anna;
SELECT extract_glucose_history(key(7), '2026-01-01 12:00', 1) AS again;
RESET ROLE;

-- Views over views, in a sub-select, a CTE, a set operation: each of them must be one of its caller's.
CREATE VIEW app.inner_view AS :columns;
CREATE FUNCTION test.over(query text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE 'CREATE OR REPLACE VIEW glucose.glucose_reading WITH (security_invoker = true) AS ' || query;
  RETURN test.expect('SELECT setup()') || ' / ' || left(test.expect('SELECT require_person(key(7))'), 5);
END
$$;
CREATE TABLE test.shape AS SELECT * FROM (VALUES (1, 'SELECT * FROM app.inner_view'),
  (2, 'SELECT person_id, measured_at, mg_dl, recorded_at FROM (SELECT *, 1 FROM app.inner_view) x'),
  (3, 'WITH x AS (SELECT * FROM app.inner_view) SELECT * FROM x'),
  (4, 'SELECT person_id, now() AS measured_at, 1::real AS mg_dl, now() AS recorded_at FROM person '
      'UNION ALL SELECT * FROM app.inner_view'),
  (5, 'SELECT person_id, measured_at, mg_dl, recorded_at FROM person p '
      'CROSS JOIN LATERAL (SELECT measured_at, mg_dl, recorded_at FROM app.inner_view v '
      'WHERE v.person_id = p.person_id) x'),
  (6, 'SELECT key(user_id) AS person_id, at AS measured_at, mg_dl, (SELECT max(recorded_at) FROM app.inner_view) '
      'AS recorded_at FROM app.sensor')) s (n, query);
DROP VIEW glucose_reading CASCADE;
CREATE VIEW glucose_reading WITH (security_invoker = true) AS SELECT NULL::uuid AS person_id,
  NULL::timestamptz AS measured_at, NULL::real AS mg_dl, NULL::timestamptz AS recorded_at;
SELECT count(*), test.over(query) FROM test.shape GROUP BY 2 ORDER BY 2;
ALTER VIEW app.inner_view SET (security_invoker = true);
SELECT count(*), test.over(query) FROM test.shape GROUP BY 2 ORDER BY 2;
CREATE MATERIALIZED VIEW app.copy AS :columns;
SELECT test.over('SELECT * FROM app.copy') AS beneath;

-- Columns that changed their type; kinds that cannot have row-level security.
DROP VIEW glucose_reading CASCADE;
CREATE VIEW glucose_reading WITH (security_invoker = true) AS SELECT key(user_id) AS person_id, at::text AS measured_at,
  mg_dl::numeric AS mg_dl, NULL::timestamptz AS recorded_at FROM app.sensor;
SELECT test.try('SELECT setup()');
DROP VIEW glucose_reading;
SELECT test.try('SELECT setup()'), test.try('SELECT require_person(key(7))');
CREATE MATERIALIZED VIEW glucose_reading AS :columns;
SELECT test.try('SELECT setup()');
SELECT left(test.expect('SELECT require_person(key(7))'), 72);
DROP MATERIALIZED VIEW glucose_reading;
CREATE FOREIGN DATA WRAPPER nowhere;
CREATE SERVER nowhere FOREIGN DATA WRAPPER nowhere;
CREATE FOREIGN TABLE glucose_reading (person_id uuid, measured_at timestamptz, mg_dl real, recorded_at timestamptz)
  SERVER nowhere;
SELECT test.try('SELECT setup()');
SELECT left(test.expect('SELECT require_person(key(7))'), 60);
DROP FOREIGN TABLE glucose_reading;

-- Others in our schema, where a grant reaches them; ours get their options back.
CREATE VIEW glucose_reading WITH (security_invoker = true) AS :columns;
SELECT setup() IS NOT NULL AS set_up;
SELECT grant_access('anna'), grant_access('ben');
CREATE VIEW glucose.everything AS SELECT * FROM app.sensor;
CREATE MATERIALIZED VIEW glucose.days AS SELECT user_id, at::date AS day, avg(mg_dl) FROM app.sensor GROUP BY 1, 2;
SELECT setup() IS NOT NULL AS nobody_may_read_them;
GRANT SELECT (mg_dl) ON glucose.everything TO anna;
SELECT test.try('SELECT setup()');
ALTER VIEW glucose.everything SET (security_invoker = true);
GRANT SELECT ON glucose.days TO PUBLIC;
SELECT test.try('SELECT setup()');
REVOKE ALL ON glucose.days FROM PUBLIC;
GRANT SELECT ON glucose.days TO dora;
ALTER VIEW prediction_outcome RESET (security_invoker);
RESET client_min_messages;
SELECT setup() IS NOT NULL AS the_steward_may;
SET client_min_messages = warning;
SELECT reloptions FROM pg_class WHERE oid = 'prediction_outcome'::regclass;
DROP VIEW glucose.everything;
DROP MATERIALIZED VIEW glucose.days;

-- No first-come claims: an id may stand for rows that are there. Ids of key(), ids the application has drawn itself,
-- by every statement that inserts; the same answer whether the person is registered or not. An id that the server
-- draws stands for nothing.
INSERT INTO person (person_id, owner) VALUES (key(7), 'anna') ON CONFLICT DO NOTHING;
SET ROLE ben;
SELECT DISTINCT test.expect(format(statement, id)) AS refused
FROM unnest(ARRAY['INSERT INTO person (person_id) VALUES (%L)',
  'INSERT INTO person (person_id) SELECT id FROM (VALUES (%L::uuid), (new_person_id())) v (id)',
  'INSERT INTO person (person_id) VALUES (%L) ON CONFLICT DO NOTHING',
  'INSERT INTO person (person_id) VALUES (%L) ON CONFLICT (person_id) DO UPDATE SET owner = ''ben''',
  'MERGE INTO person p USING (VALUES (%L::uuid)) v (id) ON false '
  'WHEN NOT MATCHED THEN INSERT (person_id) VALUES (v.id)',
  'WITH p AS (INSERT INTO person (person_id) VALUES (%L) RETURNING person_id) SELECT * FROM p']) statement,
  unnest(ARRAY[key(7), key(8), key(9), '4b3d8c9e-6f0a-4d3e-9c55-0a5b7c1d2e3f'::uuid, gen_random_uuid()]) id ORDER BY 1;
INSERT INTO person SELECT FROM generate_series(1, 2000);
SELECT test.expect(format('UPDATE person SET person_id = %L', key(8))) AS changed_afterwards;
SELECT count(*) AS persons, (SELECT count(*) FROM app.sensor) AS readings FROM person;
SELECT substr(new_person_id()::text, 15, 1) AS version, count(DISTINCT new_person_id()) FROM generate_series(1, 1000)
  GROUP BY 1;
-- The owner of the tables says whose they are; or a role that it gives a policy of its own for that.
SET ROLE dora;
SELECT left(test.expect('INSERT INTO person (person_id, owner) VALUES (key(8), ''ben'')'), 5) AS the_steward_sees_only;
RESET ROLE;
GRANT INSERT ON person TO dora;
CREATE POLICY desk ON person FOR INSERT TO dora WITH CHECK (true);
SET ROLE dora;
INSERT INTO person (person_id, owner) VALUES (key(8), 'ben');
SET ROLE ben;
SELECT count(*) AS readings, (SELECT count(*) FROM glucose_reading) AS seen FROM app.sensor;
SET ROLE anna;
SELECT count(*) AS readings, (SELECT count(*) FROM glucose_reading WHERE person_id <> key(7)) AS of_others
  FROM app.sensor;
RESET ROLE;

-- Tables of the application's own in their place. Where none of their rows lacks a person, a foreign key binds them and
-- ids are free again; else not.
DROP VIEW glucose_reading CASCADE;
DELETE FROM person;
CREATE TABLE glucose_reading (person_id uuid NOT NULL, measured_at timestamptz NOT NULL, mg_dl real NOT NULL,
  recorded_at timestamptz, PRIMARY KEY (person_id, measured_at)) PARTITION BY RANGE (measured_at);
CREATE TABLE glucose_reading_2025 PARTITION OF glucose_reading FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
INSERT INTO glucose_reading VALUES (key(7), '2025-12-31', 100);
SELECT setup() IS NOT NULL AS set_up;
SELECT grant_access('anna'), grant_access('ben');
SET ROLE ben;
SELECT test.expect('INSERT INTO person (person_id) VALUES (key(7))');
RESET ROLE;
DELETE FROM glucose_reading;
SELECT setup() IS NOT NULL AS set_up;
SET ROLE ben;
SELECT test.expect('INSERT INTO person (person_id) VALUES (key(7))');
RESET ROLE;

-- Partitions and inheriting tables, wherever they are, of any depth, attached or made; and the privileges on them.
CREATE SCHEMA part;
GRANT USAGE ON SCHEMA part TO anna, ben;
ALTER DEFAULT PRIVILEGES IN SCHEMA glucose GRANT SELECT, INSERT ON TABLES TO anna, PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA part GRANT SELECT ON TABLES TO anna;
CREATE TABLE glucose.feb PARTITION OF glucose_reading FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
CREATE TABLE part.jan PARTITION OF glucose_reading FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')
  PARTITION BY HASH (person_id);
CREATE TABLE part.jan_0 PARTITION OF part.jan FOR VALUES WITH (MODULUS 1, REMAINDER 0);
CREATE TABLE part.mar (LIKE glucose_reading INCLUDING ALL);
ALTER TABLE glucose_reading ATTACH PARTITION part.mar FOR VALUES FROM ('2026-03-01') TO ('2026-04-01');
GRANT SELECT (mg_dl), UPDATE (mg_dl) ON part.mar TO anna;
CREATE TABLE part.more_meals () INHERITS (meal);
SET ROLE ben;
INSERT INTO glucose_reading SELECT key(7), t, 120
  FROM generate_series('2026-01-01'::timestamptz, '2026-03-20', '1 hour') t;
RESET ROLE;
RESET client_min_messages;
SELECT setup() IS NOT NULL AS set_up;
SET client_min_messages = warning;
SELECT c.oid::regclass AS part, relrowsecurity AND relforcerowsecurity AS guarded,
  (SELECT count(*) FROM aclexplode(relacl) a WHERE a.grantee <> relowner) AS grants
FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid WHERE relkind IN ('r', 'p') ORDER BY c.oid::regclass::text;
SELECT count(*) AS default_privileges_in_glucose FROM pg_default_acl WHERE defaclnamespace = 'glucose'::regnamespace;
SET ROLE ben;
SELECT count(*) AS own FROM glucose_reading;
SET ROLE anna;
SELECT count(*) AS of_others FROM glucose_reading;
SELECT relation, left(test.expect('SELECT * FROM ' || relation), 5)
  FROM unnest(ARRAY['part.jan', 'part.jan_0', 'part.mar',
  'glucose.feb', 'part.more_meals']) relation;
RESET ROLE;
GRANT SELECT ON part.jan_0 TO anna;
SET ROLE anna;
SELECT count(*) AS granted_since FROM part.jan_0;
RESET ROLE;
CREATE FOREIGN TABLE part.apr () INHERITS (meal) SERVER nowhere;
SELECT test.try('SELECT setup()');
DROP FOREIGN TABLE part.apr;

-- A flag lost: functions say so until setup() has put it back.
SELECT require_person(key(7)) IS NOT NULL AS works;
ALTER TABLE glucose_reading NO FORCE ROW LEVEL SECURITY;
SELECT test.try('SELECT require_person(key(7))');
ALTER TABLE glucose_reading FORCE ROW LEVEL SECURITY;
ALTER TABLE prediction DISABLE ROW LEVEL SECURITY;
SELECT left(test.expect('SELECT require_person(key(7))'), 5);
SELECT setup() IS NOT NULL AS put_back, require_person(key(7)) IS NOT NULL AS works;

-- Tables of before: the step makes plain keys, keeps rows and names of keys, and leaves alone what others refer to.
CREATE TABLE test.step AS SELECT proname FROM pg_proc
  WHERE proname LIKE 'setup\_step\_%' AND prosrc LIKE '%glucose.role_identity%';
DROP TABLE role_identity;
ALTER TABLE meal DROP CONSTRAINT meal_pkey, ADD PRIMARY KEY (person_id, meal_id);
CREATE INDEX meal_meal_id ON meal (meal_id);
ALTER TABLE glucose_reading DROP CONSTRAINT glucose_reading_pkey,
  ADD PRIMARY KEY (person_id, measured_at) INCLUDE (mg_dl, recorded_at);
CREATE TABLE app.note (person_id uuid, meal_id uuid, FOREIGN KEY (person_id, meal_id) REFERENCES meal);
SET client_min_messages = notice;
SELECT format('SELECT count(glucose.%I()) AS ran', proname) AS step FROM test.step \gset
:step;
DROP TABLE app.note, role_identity;
:step;
SELECT indexrelid::regclass, pg_get_indexdef(indexrelid) FROM pg_index
  WHERE indrelid IN ('meal'::regclass, 'glucose_reading'::regclass) ORDER BY indexrelid::regclass::text;
SET client_min_messages = warning;

-- Another owner, of all tables or of some. The new one manages what the old one did, and brings the tables up to date.
CREATE ROLE relations_a;
CREATE ROLE relations_b;
GRANT CREATE, USAGE ON SCHEMA glucose TO relations_a, relations_b WITH GRANT OPTION;
DROP EXTENSION pg_glucose CASCADE;
DO $$ DECLARE r record; BEGIN
  FOR r IN SELECT relname FROM pg_class WHERE relnamespace = 'glucose'::regnamespace AND relkind IN ('r', 'p')
    AND NOT relispartition LOOP
    EXECUTE format('DROP TABLE glucose.%I CASCADE', r.relname); END LOOP; END $$;
CREATE EXTENSION pg_glucose;
SET ROLE relations_a;
SELECT setup() IS NOT NULL AS set_up;
RESET ROLE;
REASSIGN OWNED BY relations_a TO relations_b;
SET ROLE relations_b;
SELECT setup() IS NOT NULL AS set_up;
WITH u AS (UPDATE retraining_policy SET max_age_days = 30 RETURNING 1) SELECT count(*) > 0 AS manages FROM u;
SELECT test.expect('INSERT INTO schema_version (version, extension_version) VALUES (0, ''0'')') AS records;
SELECT test.expect('INSERT INTO person (owner) VALUES (''anna'')') AS registers;
RESET ROLE;
SELECT polname, polroles::regrole[] FROM pg_policy
  WHERE polname IN ('manage', 'register') AND polroles <> '{relations_b}'::regrole[]::oid[]
  ORDER BY polrelid::regclass::text, polname;
ALTER TABLE person OWNER TO relations_a;
ALTER VIEW prediction_outcome OWNER TO postgres;
SET ROLE relations_b;
SELECT test.try('SELECT setup()');
RESET ROLE;
SET client_min_messages = notice;
SELECT setup() IS NOT NULL AS put_back;
SET client_min_messages = warning;
SELECT DISTINCT relowner::regrole FROM pg_class WHERE relnamespace = 'glucose'::regnamespace AND relkind IN ('r', 'v');

\c postgres
DROP DATABASE test_relations;
DROP ROLE relations_a, relations_b;
