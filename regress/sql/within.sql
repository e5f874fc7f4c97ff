-- SPDX-License-Identifier: PostgreSQL
-- Functions of this extension called within statements of one that is under way: by a policy, or by a view's column.
-- The
-- call within neither takes away what the outer one looks at, nor has its errors taken for the outer one's.
\getenv here PG_ABS_SRCDIR
\set test within
\set bare on
\i :here/include/begin.sql
SET client_min_messages = warning;
CREATE EXTENSION pg_glucose;
SELECT setup() IS NOT NULL AS made;
SELECT simulate_person(5, 40) AS p \gset
SELECT version FROM train_model(:'p', 'glucose', 'ridge', '{"deploy": true}');
SELECT version FROM train_model(:'p', 'cgm', 'linear', '{"deploy": true}');
SELECT simulate_person(6, 40) AS q \gset
SELECT version FROM train_model(:'q', 'cgm', 'linear', '{"deploy": true}');
CREATE SCHEMA app;

-- Policies of a clinic, of whom one function says whose rows it sees, and asks for forecasts itself.
SELECT grant_access('anna') \g /dev/null
GRANT USAGE ON SCHEMA app TO anna;
-- Once a question: at the row that app.rows counts down to.
CREATE FUNCTION app.looks(seen uuid) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE rows integer := current_setting('app.rows', true);
BEGIN
  IF rows >= 0 THEN
    PERFORM set_config('app.rows', (rows - 1)::text, true);
  END IF;
  IF rows = 0 AND current_setting('app.doing', true) = 'asks' THEN
    PERFORM glucose.cgm_forecast(person_id, '2026-01-25 12:00+00', '{"on_error": "none"}') FROM glucose.person;
  ELSIF rows = 0 AND current_setting('app.doing', true) = 'forgets' THEN
    PERFORM glucose.invalidate_cache();
  END IF;
  RETURN true;
END $$;
CREATE POLICY clinic ON person FOR SELECT TO anna USING (true);
SELECT format('CREATE POLICY clinic ON %I FOR SELECT TO anna USING (app.looks(person_id))', relation)
  FROM unnest('{meal,glucose_reading,serving_mark,model_version,person_time_zone}'::text[]) AS relation \gexec
CREATE TABLE app.answers (doing text, cache text, answers text);
GRANT SELECT, INSERT ON app.answers TO anna;
CREATE FUNCTION app.ask_often(doing text, cache text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE row integer;
BEGIN
  PERFORM set_config('glucose.cache_size', cache, true), set_config('app.doing', doing, true);
  FOREACH row IN ARRAY '{0,1,2,3,10,300}'::integer[] LOOP
    PERFORM set_config('app.rows', row::text, true);
    INSERT INTO app.answers SELECT doing, cache,
      string_agg(to_jsonb(f)::text, E'\n' ORDER BY p.person_id, minutes_ahead)
      FROM glucose.person p, glucose.cgm_forecast(person_id, '2026-02-01 12:30+00') f;
  END LOOP;
END $$;
SET ROLE anna;
SELECT app.ask_often(doing, cache) FROM (VALUES (1, ''), (2, 'asks'), (3, 'forgets')) d (i, doing)
  CROSS JOIN (VALUES ('0'), ('100kB'), ('64MB')) c (cache) ORDER BY i, cache \g /dev/null
SELECT count(*), count(DISTINCT answers) AS different, bool_and(length(answers) > 500) AS answered FROM app.answers;
RESET app.doing;
RESET ROLE;
TRUNCATE app.answers;

-- A view of readings.
CREATE TABLE app.cgm AS SELECT person_id, measured_at, mg_dl FROM glucose_reading;
ALTER TABLE app.cgm ADD PRIMARY KEY (person_id, measured_at);
-- What a reading of a certain moment does when it is looked at.
CREATE FUNCTION app.seen(person_id uuid, mg_dl real) RETURNS real LANGUAGE plpgsql AS $$
DECLARE doing text := current_setting('app.doing', true);
BEGIN
  IF coalesce(doing, '') = '' THEN
    RETURN mg_dl;
  END IF;
  PERFORM set_config('app.doing', '', true);
  CASE doing
    WHEN 'asks' THEN
      PERFORM glucose.cgm_forecast(person_id, '2026-01-25 12:00+00', '{"on_error": "none"}');
      PERFORM glucose.metric_forecast(person_id, 'GLUCOSE_MEAN', '2026-01-25', '{"on_error": "none"}');
    WHEN 'forgets' THEN PERFORM glucose.invalidate_cache();
    WHEN 'fails' THEN PERFORM glucose.daily_features(glucose.key('nobody'), '2026-01-25');
    WHEN 'fails later' THEN
      BEGIN
        PERFORM glucose.daily_features(glucose.key('nobody'), '2026-01-25');
      EXCEPTION WHEN no_data_found THEN NULL;
      END;
      RAISE query_canceled USING MESSAGE = 'as if it were cancelled';
  END CASE;
  PERFORM set_config('app.doing', doing, true);
  RETURN mg_dl;
END $$;
DROP TABLE glucose_reading CASCADE;
CREATE VIEW glucose.glucose_reading WITH (security_invoker = true) AS
  SELECT person_id, measured_at,
    CASE WHEN measured_at BETWEEN '2026-02-01 12:00+00' AND '2026-02-01 12:05+00' THEN app.seen(person_id, mg_dl)
      ELSE mg_dl END AS mg_dl, NULL::timestamptz AS recorded_at
  FROM app.cgm;
SELECT setup() IS NOT NULL AS made;

CREATE FUNCTION app.ask(p uuid, doing text, cache text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('glucose.cache_size', cache, true), set_config('app.doing', doing, true);
  FOR i IN 1..3 LOOP
    INSERT INTO app.answers
      SELECT doing, cache, string_agg(to_jsonb(f)::text, E'\n' ORDER BY meal_id, minutes_ahead)
      FROM glucose.forecast_meals(p, '2026-02-01 12:10+00', '2026-02-04') f;
    INSERT INTO app.answers
      SELECT doing || ', of readings', cache, string_agg(to_jsonb(f)::text, E'\n' ORDER BY minutes_ahead)
      FROM glucose.cgm_forecast(p, '2026-02-01 12:30+00') f;
  END LOOP;
END $$;
SELECT app.ask(:'p', doing, cache) FROM (VALUES (1, ''), (2, 'asks'), (3, 'forgets')) d (i, doing)
  CROSS JOIN (VALUES ('0'), ('100kB'), ('64MB')) c (cache) ORDER BY i, cache \g /dev/null
RESET app.doing;
SELECT split_part(doing, ', ', 2) AS of, count(*), count(DISTINCT answers) AS different,
  bool_and(length(answers) > 500) AS answered FROM app.answers GROUP BY 1 ORDER BY 1;

-- An error of the call within is no answer of the outer one.
SET app.doing = 'fails';
SELECT test.expect(format('SELECT count(*) FROM forecast_meals(%L, %L, %L)', :'p', '2026-02-01 12:10+00',
  '2026-02-04')) AS with_rows, test.expect(format('SELECT count(*) FROM forecast_meals(%L, %L, %L, %L)', :'p',
  '2026-02-01 12:10+00', '2026-02-04', '{"on_error": "none"}')) AS without;
SET app.doing = 'fails later';
SELECT test.expect(format('SELECT count(*) FROM forecast_meals(%L, %L, %L)', :'p', '2026-02-01 12:10+00',
  '2026-02-04')) AS with_rows, test.expect(format('SELECT count(*) FROM forecast_meals(%L, %L, %L, %L)', :'p',
  '2026-02-01 12:10+00', '2026-02-04', '{"on_error": "none"}')) AS without;
RESET app.doing;
SELECT count(*) > 5 AS answered, count(sqlstate) AS failed FROM forecast_meals(:'p', '2026-02-01 12:10+00',
  '2026-02-04');
