-- SPDX-License-Identifier: PostgreSQL
-- The database of ./dev load: that of the trials of roles, and ten persons of alice and bob. By the end of their names:
-- 1 to 3 live on, 4 is erased and made again all the time, 5 is fed with extreme rows.
\ir ../roles/world.sql
SET client_min_messages = warning;
ALTER ROLE keeper LOGIN;
CREATE FUNCTION world.person(name text, owner_number integer, letter integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO glucose.person (person_id, diabetes_type, shares_data)
  VALUES (glucose.key(name || letter), 't2d', letter <> 5) ON CONFLICT DO NOTHING;
  IF FOUND THEN
    PERFORM world.live(glucose.key(name || letter), 10 * owner_number + letter, 12);
    INSERT INTO glucose.daily_metric (person_id, day, metric, value, source)
    SELECT glucose.key(name || letter), current_date - n, m.metric, m.low + (n * 37 + letter * 11) % m.width, 'watch'
    FROM generate_series(0, 80) n,
         (VALUES ('STEPS', 3000, 9001), ('RESTING_HEART_RATE', 50, 23)) m (metric, low, width);
    INSERT INTO glucose.person_access (person_id, identity, level)
    VALUES (glucose.key(name || letter), 'manager', 'manage'), (glucose.key(name || letter), 'recorder', 'record'),
           (glucose.key(name || letter), 'viewer', 'view');
  END IF;
END
$$;
SET ROLE alice;
SELECT world.person('alice', 1, i) FROM generate_series(1, 5) i \g /dev/null
SELECT glucose.train_model(glucose.key('alice' || i), algorithm => 'ridge') FROM generate_series(1, 4) i \g /dev/null
SET ROLE bob;
SELECT world.person('bob', 2, i) FROM generate_series(1, 5) i \g /dev/null
SELECT glucose.train_model(glucose.key('bob' || i), algorithm => 'ridge') FROM generate_series(1, 4) i \g /dev/null
SELECT glucose.train_model(glucose.key('bob1'), 'cgm', 'linear') \g /dev/null
SET ROLE steward;
SELECT glucose.define_event('few_steps', '1 day', '7 days',
  '{"at": "evening", "yes_if": {"metric": "STEPS", "below": 8000}}') \g /dev/null
UPDATE glucose.retraining_policy SET algorithm = 'ridge', min_new_rows = 3;
SELECT glucose.train_population_model(algorithm => 'ridge') \g /dev/null
RESET ROLE;
VACUUM ANALYZE;
