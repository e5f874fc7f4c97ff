-- SPDX-License-Identifier: PostgreSQL
-- The database of ./dev allocations: one simulated person of ann with a model of each kind.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE ROLE ann LOGIN;
SELECT glucose.grant_access('ann') \g /dev/null
SELECT glucose.define_event('few_steps', '1 day', '7 days',
  '{"at": "evening", "yes_if": {"metric": "STEPS", "below": 7000}}') \g /dev/null
SET ROLE ann;
SELECT glucose.simulate_person(5, 70, 't2d') \g /dev/null
SELECT glucose.train_model(person_id, t, a, '{"deploy": true}')
FROM glucose.person, (VALUES ('glucose', 'ridge'), ('cgm', 'linear'), ('daily:STEPS', 'ridge'),
  ('event:few_steps', 'logistic')) v (t, a)
\g /dev/null
RESET ROLE;
CREATE SCHEMA refusing;
GRANT USAGE ON SCHEMA refusing TO PUBLIC;
CREATE FUNCTION refusing.refuse_memory(at bigint, lasting boolean) RETURNS void LANGUAGE c STRICT AS :'library',
  'refuse_memory';
CREATE FUNCTION refusing.memory_asked() RETURNS bigint LANGUAGE c STRICT AS :'library', 'memory_asked';
-- What is asked about: late enough to have a history behind it.
CREATE TABLE refusing.subject AS
  SELECT person_id, meal_id, eaten_at, date_trunc('day', eaten_at) AS day,
         glucose.export_model(person_id, 'glucose') AS artifact, glucose.export_model(person_id, 'cgm') AS artifact_cgm,
         glucose.export_model(person_id, 'daily:STEPS') AS artifact_daily,
         glucose.export_model(person_id, 'event:few_steps') AS artifact_event
  FROM glucose.meal ORDER BY eaten_at DESC LIMIT 1;
GRANT SELECT ON refusing.subject TO ann;
VACUUM ANALYZE;
