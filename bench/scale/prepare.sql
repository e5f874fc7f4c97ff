-- SPDX-License-Identifier: PostgreSQL
-- psql -v years=N -v members=N: persons of role app. 'p1', 'p2', … have the last 1, 2, 5 … years of one simulated life up to
-- now, a reading every 5 minutes; the members share four weeks with a reading every 15 minutes, copies of forty simulated
-- lives of which each is higher or lower by some mg/dL and flatter or steeper, at its own minutes.
SET client_min_messages = warning;
CREATE ROLE app LOGIN;
SELECT glucose.grant_access('app');
CREATE SCHEMA bench;
GRANT USAGE ON SCHEMA bench TO app;
CREATE TABLE bench.person (person_id uuid PRIMARY KEY, years integer, member integer);
GRANT SELECT ON bench.person TO app;

SET ROLE app;
SELECT glucose.simulate_person(1, 365 * max(y), 't2d') AS life FROM unnest(string_to_array(:'years', ',')::integer[]) y \gset
RESET ROLE;
INSERT INTO bench.person SELECT glucose.key('years ' || y), y, NULL FROM unnest(string_to_array(:'years', ',')::integer[]) y;
INSERT INTO glucose.person (person_id, owner, diabetes_type, created_at) SELECT person_id, 'app', 't2d', '2000-01-01' FROM bench.person;
SELECT date_trunc('hour', now()) - max(measured_at) AS later, max(measured_at) AS last
FROM glucose.glucose_reading WHERE person_id = :'life' \gset
INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl)
SELECT p.person_id, measured_at + :'later', mg_dl FROM bench.person p
JOIN glucose.glucose_reading r ON r.person_id = :'life' AND measured_at > :'last'::timestamptz - p.years * interval '365 days';
INSERT INTO glucose.meal (person_id, eaten_at, meal_type, calories, carbs_g, protein_g, fat_g, fiber_g)
SELECT p.person_id, eaten_at + :'later', meal_type, calories, carbs_g, protein_g, fat_g, fiber_g FROM bench.person p
JOIN glucose.meal m ON m.person_id = :'life' AND eaten_at > :'last'::timestamptz - p.years * interval '365 days';

SET ROLE app;
CREATE TEMP TABLE life AS
  SELECT n, glucose.simulate_person(1000 + n, 28, (ARRAY['none', 'prediabetes', 't2d', 't1d'])[1 + n % 4]) AS person_id
  FROM generate_series(0, 39) n;
RESET ROLE;
-- Nobody is asked about yet: there is nothing kept of these persons that new rows could make wrong.
ALTER TABLE glucose.glucose_reading DISABLE TRIGGER USER;
ALTER TABLE glucose.meal DISABLE TRIGGER USER;
SET session_replication_role = replica;
INSERT INTO bench.person SELECT glucose.key('member ' || n), NULL, n FROM generate_series(1, :members) n;
INSERT INTO glucose.person (person_id, owner, diabetes_type, created_at)
  SELECT b.person_id, 'app', p.diabetes_type, '2000-01-01' FROM bench.person b JOIN life l ON l.n = b.member % 40 JOIN glucose.person p
  ON p.person_id = l.person_id;
CREATE TEMP TABLE thinned AS
  SELECT DISTINCT ON (n, date_bin('15 minutes', measured_at, '2026-01-05')) n, measured_at, mg_dl
  FROM life JOIN glucose.glucose_reading USING (person_id) ORDER BY n, date_bin('15 minutes', measured_at, '2026-01-05'), measured_at;
CREATE INDEX ON thinned (n, measured_at);
CREATE TEMP TABLE eaten AS SELECT n, m.* FROM life JOIN glucose.meal m USING (person_id);
CREATE INDEX ON eaten (n);
ANALYZE thinned, eaten, bench.person;
INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl)
SELECT b.person_id, measured_at + b.member % 15 * interval '1 minute',
  least(500, greatest(40, 120 + (mg_dl - 120) * (0.8 + b.member % 7 * 0.07) + b.member % 23 - 11 + hashint4(b.member + n) % 5))
FROM (SELECT * FROM bench.person WHERE member > 0 ORDER BY person_id) b JOIN thinned ON n = b.member % 40;
INSERT INTO glucose.meal (person_id, eaten_at, meal_type, calories, carbs_g, protein_g, fat_g, fiber_g)
SELECT b.person_id, eaten_at + b.member % 15 * interval '1 minute', meal_type, calories, carbs_g + b.member % 3, protein_g, fat_g, fiber_g
FROM bench.person b JOIN eaten ON n = b.member % 40 WHERE b.member > 0;
RESET session_replication_role;
SELECT format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', tgrelid::regclass, tgname) FROM pg_trigger WHERE tgenabled = 'D' \gexec
VACUUM ANALYZE;
CHECKPOINT;
