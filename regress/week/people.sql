-- SPDX-License-Identifier: PostgreSQL
-- ./dev week: the persons and what is planted. The clock stands where the models are trained (:'trained'); what comes
-- later waits in week.reading and week.meal until it is delivered.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE ROLE app;
CREATE ROLE night;
SELECT setup(steward => 'night') \g /dev/null
SELECT grant_access('app') \g /dev/null
CREATE SCHEMA week;
CREATE TABLE week.moment AS SELECT :'trained'::timestamptz AS trained, :'begins'::timestamptz AS begins;
CREATE TABLE week.person (i integer PRIMARY KEY, person_id uuid, fault text);
GRANT USAGE ON SCHEMA week TO app, night;
GRANT ALL ON ALL TABLES IN SCHEMA week TO app, night;
SET ROLE app;
-- What drifts does so from the training on, and is looked for from two weeks after it, which is when the week begins.
-- Healthy are those whose model, sensor and gateway are: without diabetes, with type 2 and type 1 in turn. What cannot
-- be told of some (docs/why/drift.md, docs/why/watching.md) is planted where it can: a biased sensor without diabetes.
INSERT INTO week.person
SELECT p.i, simulate_person(5000 + p.i, :days, CASE WHEN p.fault = 'sensor 60 too high' THEN 'none'
         WHEN p.fault IS NULL OR p.fault = 'gateway' THEN (ARRAY['none', 't2d', 't1d'])[1 + p.i % 3] ELSE 't2d' END),
         p.fault
FROM (SELECT i, CASE WHEN i <= :healthy THEN NULL
                     WHEN i <= :healthy + 3
                       THEN (ARRAY['carbs and fat mixed up', 'sensor 60 too high', 'nutrients missing'])[i - :healthy]
                     WHEN i <= :healthy + 4 THEN 'stuck'
                     WHEN i <= :healthy + 4 + :bad THEN 'bad' ELSE 'gateway' END AS fault
      FROM generate_series(1, :healthy + 4 + :bad + :gateway) i) p;
RESET ROLE;
DELETE FROM daily_metric;
CREATE TABLE week.reading AS
SELECT r.person_id, r.measured_at, CASE
         WHEN p.fault = 'sensor 60 too high' AND r.measured_at > m.trained
           THEN least(600, r.mg_dl + 60)
         WHEN p.fault = 'stuck' AND r.measured_at >= m.begins + interval '34 hours'
              AND r.measured_at < m.begins + interval '42 hours' THEN 123
         ELSE r.mg_dl END::real AS mg_dl,
       CASE WHEN p.fault = 'gateway' AND r.measured_at >= m.begins + interval '84 hours'
                 AND r.measured_at < m.begins + interval '116 hours'
            THEN m.begins + interval '116 hours' ELSE r.measured_at END AS delivered_at
FROM glucose_reading r JOIN week.person p USING (person_id) CROSS JOIN week.moment m WHERE r.measured_at > m.trained;
CREATE INDEX ON week.reading (delivered_at);
CREATE TABLE week.meal AS SELECT l.* FROM meal l CROSS JOIN week.moment m WHERE l.eaten_at > m.trained;
CREATE INDEX ON week.meal (eaten_at);
UPDATE week.meal l SET carbs_g = CASE p.fault WHEN 'carbs and fat mixed up' THEN 0.4 * l.carbs_g ELSE l.carbs_g END,
  protein_g = CASE p.fault WHEN 'nutrients missing' THEN NULL ELSE l.protein_g END,
  fat_g = CASE p.fault WHEN 'nutrients missing' THEN NULL
                       WHEN 'carbs and fat mixed up' THEN 2 * l.fat_g ELSE l.fat_g END,
  fiber_g = CASE p.fault WHEN 'nutrients missing' THEN NULL ELSE l.fiber_g END
FROM week.person p
WHERE p.person_id = l.person_id AND p.fault IN ('carbs and fat mixed up', 'nutrients missing');
DELETE FROM glucose_reading r USING week.moment m WHERE r.measured_at > m.trained;
DELETE FROM meal l USING week.moment m WHERE l.eaten_at > m.trained;
VACUUM ANALYZE glucose_reading, meal;
-- What every look told, and when each alert of a person was told.
CREATE TABLE week.told (at timestamptz, kind text, subject text, severity text, persons integer, message text);
CREATE TABLE week.told_person (alert_id uuid, told_at timestamptz, PRIMARY KEY (alert_id, told_at));
CREATE TABLE week.drift (at timestamptz, person_id uuid, reason text, queued boolean);
CREATE TABLE week.delivered (until timestamptz);
INSERT INTO week.delivered SELECT trained FROM week.moment;
GRANT ALL ON ALL TABLES IN SCHEMA week TO app, night;

-- deliver(): what gateways and apps bring until now; late ones say when.
CREATE FUNCTION week.deliver() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  since timestamptz := (SELECT until FROM week.delivered);
BEGIN
  INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl, recorded_at)
  SELECT r.person_id, r.measured_at, r.mg_dl, nullif(r.delivered_at, r.measured_at)
  FROM week.reading r WHERE r.delivered_at > since AND r.delivered_at <= now();
  INSERT INTO glucose.meal SELECT l.* FROM week.meal l WHERE l.eaten_at > since AND l.eaten_at <= now();
  UPDATE week.delivered SET until = now();
END $$;
-- ask(): the apps ask what comes of the meals since they last did.
CREATE TABLE week.asked (until timestamptz);
INSERT INTO week.asked SELECT trained FROM week.moment;
GRANT ALL ON week.asked TO app;
CREATE FUNCTION week.ask() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  since timestamptz := (SELECT until FROM week.asked);
  one uuid;
BEGIN
  FOR one IN SELECT l.meal_id FROM glucose.meal l WHERE l.eaten_at > since AND l.eaten_at <= now()
    ORDER BY l.eaten_at LOOP
    BEGIN
      PERFORM glucose.predict_glucose(one);
    EXCEPTION WHEN SQLSTATE 'MG002' THEN   -- no readings: the gateway is down
    END;
  END LOOP;
  UPDATE week.asked SET until = now();
END $$;
-- What a worker has taken it ends; the clock goes on meanwhile.
CREATE PROCEDURE week.wait_for_workers() LANGUAGE plpgsql AS $$
BEGIN
  FOR tries IN 1 .. 3000 LOOP
    EXIT WHEN NOT EXISTS (SELECT FROM glucose.training_job j WHERE j.state IN ('queued', 'running'));
    COMMIT;
    PERFORM pg_sleep(0.1);
  END LOOP;
END $$;
-- From here on a model of everybody's own serves.
SET ROLE app;
SELECT count((train_model(person_id, 'glucose', 'auto', '{"deploy": true}')).version) AS trained FROM week.person;
RESET ROLE;
