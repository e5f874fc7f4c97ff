-- SPDX-License-Identifier: PostgreSQL
-- What the pages' examples find (./dev snippets): the extension set up as docs/how-to/install.md says, a role for each
-- kind of reader, and simulated persons whose last reading is a few minutes old. CONTRIBUTING.md describes it.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE EXTENSION pg_glucose;
-- The log has a key.
SELECT current_setting('data_directory') || '/glucose_audit_key' AS key_file \gset
COPY (SELECT encode(sha256(gen_random_uuid()::text::bytea), 'hex')) TO :'key_file';
LOAD 'pg_glucose';
ALTER SYSTEM SET glucose.audit_key_file = 'glucose_audit_key';
SELECT pg_reload_conf() \g /dev/null
CREATE ROLE glucose_steward LOGIN;
CREATE ROLE app LOGIN;
CREATE ROLE analyst LOGIN;
\o /dev/null
SELECT glucose.setup(steward => 'glucose_steward');
SELECT glucose.grant_access('app'), glucose.grant_access('analyst');
ALTER ROLE glucose_steward SET search_path = glucose, public;
ALTER ROLE app SET search_path = glucose, public;
ALTER ROLE analyst SET search_path = glucose, public;
ALTER ROLE analyst SET default_transaction_read_only = on;

-- The app's persons: Ada, Ben and Cleo have months of data and share them, Dan began three days ago.
SET ROLE app;
CREATE TEMP TABLE who AS
  SELECT glucose.simulate_person(seed, days, profile) AS person_id, seed
  FROM (VALUES (1, 60, 't2d'), (2, 60, 'prediabetes'), (3, 60, 't1d'), (4, 4, 't2d')) AS s (seed, days, profile);
UPDATE glucose.person SET shares_data = true, time_zone = 'Europe/Berlin'
  WHERE person_id IN (SELECT person_id FROM who WHERE seed < 4);
-- In whole days, so that breakfast stays breakfast; what would then be in the future has not happened yet.
CREATE TEMP TABLE shift AS
  SELECT r.person_id, (current_date - max(r.measured_at)::date + 1) * interval '1 day' AS days
  FROM glucose.glucose_reading r GROUP BY r.person_id;
UPDATE glucose.glucose_reading r SET measured_at = r.measured_at + s.days FROM shift s WHERE s.person_id = r.person_id;
UPDATE glucose.meal m SET eaten_at = m.eaten_at + s.days FROM shift s WHERE s.person_id = m.person_id;
UPDATE glucose.daily_metric d SET day = d.day + extract(day FROM s.days)::integer FROM shift s
  WHERE s.person_id = d.person_id;
DELETE FROM glucose.daily_metric WHERE day > current_date;
DELETE FROM glucose.glucose_reading WHERE measured_at > now() - interval '3 min';
DELETE FROM glucose.meal WHERE eaten_at > now() - interval '30 min';
-- No gap in the last two days, whatever the hour: the pages ask about moments in them.
INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl)
  SELECT w.person_id, t.at, before.mg_dl
  FROM who w, generate_series(now() - interval '2 days', now() - interval '3 min', interval '5 min') t (at), LATERAL (
    SELECT r.* FROM glucose.glucose_reading r
    WHERE r.person_id = w.person_id AND r.measured_at <= t.at ORDER BY r.measured_at DESC LIMIT 1) before
  WHERE before.measured_at < t.at - interval '12 min';
-- Whom the analyst may look at.
INSERT INTO glucose.person_access (person_id, identity) SELECT person_id, 'analyst' FROM who;
RESET ROLE;

-- Models that serve: of all who share, and of two persons; one version more that does not.
SET ROLE glucose_steward;
SELECT glucose.train_population_model('glucose');
SELECT glucose.train_population_model('cgm');
SET ROLE app;
SELECT glucose.train_model(person_id) FROM who WHERE seed IN (1, 2);
SELECT glucose.train_model(person_id, 'cgm') FROM who WHERE seed IN (1, 2);
SELECT glucose.train_model(person_id, 'glucose', 'ridge', '{"deploy": false}') FROM who WHERE seed = 1;
-- The app has asked after each of the last meals, so that there is a log with outcomes.
SELECT glucose.predict_glucose(m.meal_id)
FROM who, LATERAL (SELECT * FROM glucose.meal m WHERE m.person_id = who.person_id ORDER BY eaten_at DESC LIMIT 12) m;
RESET ROLE;
\o
VACUUM ANALYZE;
