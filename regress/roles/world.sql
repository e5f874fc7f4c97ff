-- SPDX-License-Identifier: PostgreSQL
-- The database that each trial gets a copy of: tables owned by a role of their own, every kind of role, and two persons
-- with a life. alice owns one and shares it at all three levels and with the analyst; bob owns the other.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE EXTENSION pg_glucose;
CREATE ROLE keeper;
GRANT CREATE, USAGE ON SCHEMA glucose TO keeper WITH GRANT OPTION;
CREATE ROLE alice LOGIN;
CREATE ROLE bob LOGIN;
CREATE ROLE viewer LOGIN;
CREATE ROLE recorder LOGIN;
CREATE ROLE manager LOGIN;
CREATE ROLE analyst LOGIN;
CREATE ROLE auditor LOGIN;
CREATE ROLE steward LOGIN;
CREATE ROLE second LOGIN;
CREATE ROLE authenticator LOGIN NOINHERIT;
CREATE ROLE web NOLOGIN;
GRANT web TO authenticator;
ALTER ROLE authenticator SET glucose.identity = 'claims';
CREATE ROLE django LOGIN;
CREATE ROLE alchemy LOGIN;
CREATE ROLE stranger LOGIN;
CREATE ROLE newcomer LOGIN;
CREATE ROLE reader LOGIN;
CREATE ROLE ghost LOGIN;
CREATE ROLE bystander;

SET ROLE keeper;
SELECT glucose.setup(steward => 'steward') \g /dev/null
SELECT glucose.grant_access(r) FROM unnest('{alice,bob,viewer,recorder,manager,web,django,alchemy}'::name[]) AS r
\g /dev/null
SELECT glucose.grant_access('analyst', 'read'), glucose.add_steward('second'),
       glucose.add_steward('auditor', 'read') \g /dev/null
RESET ROLE;

-- Some weeks of three meals a day up to now, and a reading every quarter of an hour that answers to carbohydrate.
CREATE SCHEMA world;
GRANT USAGE ON SCHEMA world TO PUBLIC;
CREATE FUNCTION world.live(person_id uuid, seed integer, days integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  begin_at CONSTANT timestamptz := date_trunc('day', now()) - days * interval '1 day';
BEGIN
  INSERT INTO glucose.meal (person_id, meal_id, eaten_at, meal_type, calories, carbs_g, protein_g, fat_g, fiber_g)
  SELECT live.person_id, glucose.key(format('%s %s', live.person_id, n)),
         begin_at + (n / 3) * interval '1 day' + (ARRAY['7 h', '13 h', '19 h'])[1 + n % 3]::interval,
         (ARRAY['breakfast', 'lunch', 'dinner'])[1 + n % 3], 200 + 6 * c, c, 10 + n % 20, 5 + n % 15, 3 + n % 7
  FROM generate_series(0, 3 * days - 1) n, LATERAL (SELECT 15 + (n * 37 + seed * 11) % 83) m (c);
  INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl)
  SELECT live.person_id, r.at, 105 + (i * 7919 + seed) % 13 + coalesce((
    SELECT m.carbs_g * 0.8 * minute / 60 * exp(1 - minute / 60)
    FROM glucose.meal m, LATERAL (SELECT extract(epoch FROM r.at - m.eaten_at)::float8 / 60) e (minute)
    WHERE m.person_id = live.person_id AND m.eaten_at <= r.at AND m.eaten_at > r.at - interval '6 h'
    ORDER BY m.eaten_at DESC LIMIT 1), 0)
  FROM generate_series(0, days * 96 - 1) i, LATERAL (SELECT begin_at + i * interval '15 min') r (at);
END
$$;
SET ROLE alice;
INSERT INTO glucose.person (person_id, time_zone, diabetes_type, shares_data)
VALUES (glucose.key('alice'), 'Europe/Berlin', 't2d', true);
SELECT world.live(glucose.key('alice'), 1, 21) \g /dev/null
INSERT INTO glucose.person_access (person_id, identity, level)
VALUES (glucose.key('alice'), 'viewer', 'view'), (glucose.key('alice'), 'recorder', 'record'),
       (glucose.key('alice'), 'manager', 'manage'), (glucose.key('alice'), 'analyst', 'view');
SELECT glucose.train_model(glucose.key('alice'), algorithm => a, options => '{"deploy": true}')
FROM unnest('{mean,ridge}'::text[]) AS a \g /dev/null
SELECT glucose.predict_glucose(meal_id) FROM glucose.meal WHERE person_id = glucose.key('alice')
ORDER BY eaten_at DESC LIMIT 2 \g /dev/null
SET ROLE bob;
INSERT INTO glucose.person (person_id, diabetes_type, shares_data) VALUES (glucose.key('bob'), 't1d', true);
SELECT world.live(glucose.key('bob'), 2, 21) \g /dev/null
SELECT glucose.train_model(glucose.key('bob'), algorithm => 'ridge', options => '{"deploy": true}') \g /dev/null
RESET ROLE;
VACUUM ANALYZE;
