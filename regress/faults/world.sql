-- SPDX-License-Identifier: PostgreSQL
-- What ./dev faults has beside the world of ./dev load: the list in which each transaction of the load enters itself,
-- and persons of carol. 1 to 3 are written by one witness each, who knows every row; 4 is trained in the background; 5
-- is left alone, so that its forecasts must stay what they are to the last bit.
SET client_min_messages = warning;
CREATE EXTENSION amcheck;
CREATE TABLE world.ack (client integer, n bigint, PRIMARY KEY (client, n));
GRANT SELECT, INSERT ON world.ack TO PUBLIC;
CREATE ROLE carol LOGIN;
SET ROLE keeper;
SELECT glucose.grant_access('carol') \g /dev/null
SET ROLE carol;
SELECT world.person('carol', 3, i) FROM generate_series(1, 5) i \g /dev/null
SELECT glucose.train_model(glucose.key('carol' || i), algorithm => a, options => '{"deploy": true}')
FROM generate_series(1, 5) i, unnest(ARRAY['mean', 'ridge']) a \g /dev/null
SELECT glucose.train_model(glucose.key('carol5'), 'cgm', 'linear', '{"deploy": true}') \g /dev/null
RESET ROLE;
-- By the version that serves now: stewards of the load try others.
SELECT max(version) FILTER (WHERE model_type = 'glucose') AS after_meals,
  max(version) FILTER (WHERE model_type = 'cgm') AS by_readings
FROM glucose.model_version WHERE person_id = glucose.key('carol5') AND is_active \gset
CREATE VIEW world.forecast WITH (security_invoker = true) AS
SELECT m.meal_id::text AS asked, f.*
FROM (SELECT * FROM glucose.meal WHERE person_id = glucose.key('carol5') ORDER BY eaten_at DESC LIMIT 20) m,
     glucose.glucose_forecast(m.meal_id, jsonb_build_object('version', :'after_meals')) f
UNION ALL
SELECT 'cgm ' || h, f.*
FROM generate_series(24, 200, 8) h,
     glucose.cgm_forecast(glucose.key('carol5'), (SELECT max(measured_at) FROM glucose.glucose_reading
                                                  WHERE person_id = glucose.key('carol5')) - h * interval '1 h',
                          jsonb_build_object('version', :'by_readings')) f;
GRANT SELECT ON world.forecast TO carol;
CHECKPOINT;
