-- SPDX-License-Identifier: PostgreSQL
-- The database of ./dev allocations: a simulated person of ann with a model of each kind, and six more for the steward,
-- kim, to learn from.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE ROLE ann LOGIN;
CREATE ROLE kim LOGIN;
SELECT glucose.grant_access('ann'), glucose.add_steward('kim') \g /dev/null
SELECT glucose.define_event('few_steps', '1 day', '7 days',
  '{"at": "evening", "yes_if": {"metric": "STEPS", "below": 7000}}') \g /dev/null
SET ROLE ann;
SELECT glucose.simulate_person(5, 70, 't2d') \g /dev/null
-- The last six days are news to the first two, for update_model().
SELECT glucose.train_model(person_id, t, a, o || '{"deploy": true}')
FROM glucose.person, (VALUES ('glucose', 'ridge', '{"end_at": "2026-03-10"}'::jsonb),
  ('cgm', 'linear', '{"end_at": "2026-03-10"}'), ('daily:STEPS', 'ridge', '{}'),
  ('event:few_steps', 'logistic', '{}')) v (t, a, o)
\g /dev/null
SELECT glucose.simulate_person(i, 16, 't2d') FROM generate_series(11, 16) i \g /dev/null
UPDATE glucose.person SET shares_data = true;
RESET ROLE;
CREATE SCHEMA refusing;
GRANT USAGE ON SCHEMA refusing TO PUBLIC;
CREATE FUNCTION refusing.refuse_memory(at bigint, lasting boolean) RETURNS void LANGUAGE c STRICT AS :'library',
  'refuse_memory';
CREATE FUNCTION refusing.note_places() RETURNS void LANGUAGE c STRICT AS :'library', 'note_places';
CREATE FUNCTION refusing.noted_places() RETURNS bigint[] LANGUAGE c STRICT AS :'library', 'noted_places';
CREATE FUNCTION refusing.refused_place() RETURNS bigint LANGUAGE c STRICT AS :'library', 'refused_place';
CREATE FUNCTION refusing.memory_asked() RETURNS bigint LANGUAGE c STRICT AS :'library', 'memory_asked';
-- What is asked about: late enough to have a history behind it. The other six have no days so late.
CREATE TABLE refusing.subject AS
  SELECT person_id, meal_id, eaten_at, date_trunc('day', eaten_at) AS day,
         glucose.export_model(person_id, 'glucose') AS artifact, glucose.export_model(person_id, 'cgm') AS artifact_cgm,
         glucose.export_model(person_id, 'daily:STEPS') AS artifact_daily,
         glucose.export_model(person_id, 'event:few_steps') AS artifact_event
  FROM (SELECT * FROM glucose.meal ORDER BY eaten_at DESC LIMIT 1) newest;
GRANT SELECT ON refusing.subject TO ann, kim;
VACUUM ANALYZE;
