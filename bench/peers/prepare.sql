-- SPDX-License-Identifier: PostgreSQL
-- psql -v persons=N -v days=N -v few=N -v long_days=N: simulated persons of role app in groups, models, and the numbered
-- meals that are asked about. Of the persons half have a model of their own ('own'), the others the population's; `few`
-- more each have not been trained for 128 meals ('since'), a sensor of one minute ('minute') or a long history ('long').
SET client_min_messages = warning;
CREATE ROLE app LOGIN;
CREATE ROLE batch LOGIN BYPASSRLS;
CREATE ROLE clinic LOGIN;
SELECT glucose.grant_access(r) FROM unnest('{app,batch,clinic}'::text[]) r;
CREATE SCHEMA bench;
GRANT USAGE ON SCHEMA bench TO PUBLIC;
CREATE TABLE bench.person (n serial PRIMARY KEY, part text NOT NULL, person_id uuid NOT NULL);
GRANT ALL ON bench.person, bench.person_n_seq TO app;
GRANT SELECT ON bench.person TO PUBLIC;

SET ROLE app;
INSERT INTO bench.person (part, person_id)
SELECT part, glucose.simulate_person(1000 * part_seed + seed, CASE part WHEN 'long' THEN :long_days ELSE :days END,
                                     (ARRAY['none', 'prediabetes', 't2d', 't1d'])[1 + seed % 4])
FROM (VALUES (1, 'own', :persons / 2), (2, 'population', :persons - :persons / 2), (3, 'since', :few), (4, 'minute', :few),
             (5, 'long', :few)) AS p (part_seed, part, n), generate_series(1, n) AS seed;
UPDATE glucose.person p SET shares_data = true FROM bench.person b
WHERE b.person_id = p.person_id AND b.part IN ('own', 'population');
-- Who looks after 2,000 persons: these and others of whom there is nothing yet.
INSERT INTO glucose.person_access (person_id, identity) SELECT person_id, 'clinic' FROM bench.person;
SET ROLE clinic;
INSERT INTO glucose.person (owner) SELECT 'clinic' FROM generate_series(1, 2000 - (SELECT count(*) FROM bench.person));
RESET ROLE;

-- What would be years ahead of today's clock counts as a wrong one: a long history is one of the past.
UPDATE glucose.glucose_reading r SET measured_at = measured_at - make_interval(days => :long_days),
  recorded_at = recorded_at - make_interval(days => :long_days)
FROM bench.person b WHERE b.person_id = r.person_id AND b.part = 'long';
UPDATE glucose.meal m SET eaten_at = eaten_at - make_interval(days => :long_days)
FROM bench.person b WHERE b.person_id = m.person_id AND b.part = 'long';

-- The sensor of one minute: on a straight line between its readings of every five.
INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl)
SELECT r.person_id, r.measured_at + k * (r.after - r.measured_at) / 5, r.mg_dl + k * (r.mg_dl_after - r.mg_dl) / 5
FROM (SELECT g.*, lead(measured_at) OVER w AS after, lead(mg_dl) OVER w AS mg_dl_after
      FROM glucose.glucose_reading g JOIN bench.person USING (person_id) WHERE part = 'minute'
      WINDOW w AS (PARTITION BY g.person_id ORDER BY measured_at)) r, generate_series(1, 4) k
WHERE r.after - r.measured_at <= interval '5 min 30 s';
VACUUM ANALYZE glucose.glucose_reading, glucose.meal, glucose.person, glucose.person_access;

-- Whose readings go on when inserts are measured.
CREATE TABLE bench.sensor AS
SELECT row_number() OVER (ORDER BY n)::int AS n, person_id,
       (SELECT max(measured_at) FROM glucose.glucose_reading r WHERE r.person_id = b.person_id) AS until
FROM bench.person b WHERE part <> 'long';
ALTER TABLE bench.sensor ADD PRIMARY KEY (n);
CREATE TABLE bench.clinic_sensor AS
SELECT row_number() OVER ()::int AS n, person_id FROM glucose.person WHERE owner = 'clinic'
LIMIT (SELECT count(*) FROM bench.sensor);
ALTER TABLE bench.clinic_sensor ADD PRIMARY KEY (n);
GRANT SELECT ON bench.sensor, bench.clinic_sensor TO PUBLIC;

-- Every meal with the readings of 185 minutes before it, 37 where none is missing, and what came of it.
CREATE TABLE bench.window AS
SELECT b.n, b.part, m.person_id, m.meal_id, m.eaten_at, m.eaten_at - interval '185 min' AS window_start, w.readings, w.reading_at,
       y.at_60, y.at_120, row_number() OVER (PARTITION BY m.person_id ORDER BY m.eaten_at DESC) AS newest
FROM bench.person b JOIN glucose.meal m USING (person_id), LATERAL (
  SELECT count(*) AS readings, max(measured_at) AS reading_at FROM glucose.glucose_reading r WHERE r.person_id = m.person_id
  AND r.measured_at > m.eaten_at - interval '185 min' AND r.measured_at <= m.eaten_at) w, LATERAL (
  SELECT avg(mg_dl) FILTER (WHERE measured_at < m.eaten_at + interval '90 min') AS at_60,
         avg(mg_dl) FILTER (WHERE measured_at > m.eaten_at + interval '90 min') AS at_120
  FROM glucose.glucose_reading r WHERE r.person_id = m.person_id AND
  (r.measured_at >= m.eaten_at + interval '57.5 min' AND r.measured_at < m.eaten_at + interval '62.5 min'
   OR r.measured_at >= m.eaten_at + interval '117.5 min' AND r.measured_at < m.eaten_at + interval '122.5 min')) y;

-- Asked about are the newest eight of each person whose window misses nothing, so that nobody has to fill gaps. Sets are
-- the newest sixty of persons with own models; those beyond eight are numbered after all others. A simple model's
-- baseline is stored beside them, and where the window begins: the statement compares columns, which reach the index.
CREATE TABLE bench.asked AS
SELECT row_number() OVER (ORDER BY rank > 8, array_position('{own,since,minute,long,population}', part), n,
                                   eaten_at)::int AS i,
       part, n, person_id, meal_id AS old_id, gen_random_uuid() AS meal_id, eaten_at, window_start, reading_at, at_60, at_120,
       rank <= 8 AS is_asked, 0::real AS mean, 0::real AS sd
FROM (SELECT *, row_number() OVER (PARTITION BY person_id ORDER BY eaten_at DESC) AS rank FROM bench.window
      WHERE readings >= 37) w
WHERE rank <= 8 OR rank <= 60 AND part = 'own';
-- Asked about by number, so that pgbench needs no second statement to choose one.
UPDATE bench.asked SET meal_id = glucose.key(i);
UPDATE glucose.meal m SET meal_id = a.meal_id FROM bench.asked a WHERE m.person_id = a.person_id AND m.meal_id = a.old_id;
UPDATE bench.asked a SET mean = b.mean, sd = b.sd
FROM (SELECT r.person_id, avg(mg_dl) AS mean, stddev_samp(mg_dl) AS sd
      FROM (SELECT person_id, min(eaten_at) AS until FROM bench.asked GROUP BY 1) u
      JOIN glucose.glucose_reading r USING (person_id)
      WHERE r.measured_at < u.until AND r.measured_at >= u.until - interval '30 days' GROUP BY 1) b
WHERE b.person_id = a.person_id;
ALTER TABLE bench.asked ADD PRIMARY KEY (i);
GRANT SELECT ON bench.asked TO PUBLIC;
-- What an analyst may say of any table, as it is too small for PostgreSQL to think of a second process.
ALTER TABLE bench.asked SET (parallel_workers = 1);
VACUUM FULL ANALYZE bench.asked;
VACUUM ANALYZE;

-- The population's first: the persons' own models are what they are with one. Nobody's model knows a meal asked about.
SELECT glucose.train_population_model('glucose', 'auto'), glucose.train_population_model('cgm');
SELECT glucose.train_model(u.person_id, 'glucose', 'auto', jsonb_build_object('deploy', true, 'end_at', u.until))
FROM (SELECT person_id, min(eaten_at) FILTER (WHERE part <> 'since' OR newest = 128 + 4) AS until
      FROM bench.window w WHERE part <> 'population' AND (part = 'since' OR EXISTS (
        SELECT FROM bench.asked a WHERE a.person_id = w.person_id AND a.eaten_at = w.eaten_at AND a.is_asked))
      GROUP BY 1) u;

-- A log as somebody would have it without us: the same columns and keys, without policy.
CREATE TABLE bench.log (LIKE glucose.prediction INCLUDING ALL,
  FOREIGN KEY (person_id) REFERENCES glucose.person ON DELETE CASCADE);
GRANT ALL ON bench.log TO PUBLIC;
VACUUM ANALYZE;
CHECKPOINT;
