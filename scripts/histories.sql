-- SPDX-License-Identifier: PostgreSQL
-- Random histories of two persons, written by two sessions at once; on the way and after each, both answer from what
-- they
-- keep and from all rows, which must be the same to the bit. Settings: test.histories and test.seed (numbers),
-- test.connection (for dblink), test.persons (two, of whom there are models), test.role, whose they are. Prints how
-- many
-- histories there were, how many answers differed, and whether what was kept was asked at all.
CREATE FUNCTION pg_temp.number_up_to(n integer) RETURNS integer LANGUAGE sql VOLATILE AS $$
  SELECT floor(random() * n)::integer $$;

-- A statement that changes rows. Sessions write other seconds, so that none waits for the other.
CREATE FUNCTION pg_temp.change(person uuid, session integer, newest timestamptz) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  -- Mostly new rows, sometimes of the last hours, sometimes of any day.
  back CONSTANT interval := CASE WHEN random() < 0.4 THEN interval '0' WHEN random() < 0.6
    THEN random() * interval '5 hours' ELSE random() * interval '40 days' END;
  at CONSTANT timestamptz := date_trunc('minute', newest - back) + session * interval '1 second';
  value CONSTANT real := 60 + pg_temp.number_up_to(2000) / 10.0;
  late CONSTANT text := CASE WHEN random() < 0.2 THEN format('%L::timestamptz', at + random() * interval '3 hours')
    ELSE 'NULL' END;
BEGIN
  RETURN CASE pg_temp.number_up_to(9)
    WHEN 0 THEN format('UPDATE glucose.glucose_reading SET mg_dl = %s WHERE person_id = %L '
      'AND measured_at BETWEEN %L AND %L '
      'AND extract(second FROM measured_at) = %s', value, person, at - interval '20 min', at + interval '20 min',
      session)
    WHEN 1 THEN format('DELETE FROM glucose.glucose_reading WHERE person_id = %L AND measured_at BETWEEN %L AND %L '
      'AND extract(second FROM measured_at) = %s', person, at - interval '10 min', at + interval '10 min', session)
    WHEN 2 THEN format('UPDATE glucose.meal SET carbs_g = %s WHERE person_id = %L AND eaten_at BETWEEN %L AND %L '
      'AND extract(second FROM eaten_at) = %s', value, person, at - interval '4 h', at + interval '4 h', session)
    WHEN 3 THEN format('DELETE FROM glucose.meal WHERE person_id = %L AND eaten_at BETWEEN %L AND %L '
      'AND extract(second FROM eaten_at) = %s', person, at - interval '1 h', at + interval '1 h', session)
    WHEN 4 THEN format('UPDATE glucose.glucose_reading SET recorded_at = measured_at + interval ''%s min'' '
      'WHERE person_id = %L AND measured_at BETWEEN %L AND %L AND extract(second FROM measured_at) = %s',
      pg_temp.number_up_to(300), person, at - interval '30 min', at, session)
    WHEN 5 THEN format('INSERT INTO glucose.meal (person_id, eaten_at, meal_type, carbs_g) '
      'VALUES (%L, %L, ''snack'', %s)', person, at, value)
    ELSE format('INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl, recorded_at) '
      'SELECT %L, %L::timestamptz + n * interval ''5 min'', %s + n, %s FROM generate_series(0, %s) n '
      'ON CONFLICT DO NOTHING',
      person, at, value, late, pg_temp.number_up_to(12)) END;
END
$$;

-- Whether a session answers the same from what it keeps and from all rows.
CREATE FUNCTION pg_temp.same_answers(session text, person uuid,
  newest timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  ask CONSTANT text := format(
    'SELECT string_agg(public.answers(meal_id), '';'' ORDER BY eaten_at, meal_id) '
    'FROM (SELECT * FROM glucose.meal WHERE person_id = %L AND eaten_at BETWEEN %L AND %L '
    'ORDER BY md5(meal_id::text || %L) LIMIT 3) m', person,
    newest - CASE WHEN random() < 0.5 THEN interval '1 day' ELSE interval '30 days' END, newest + interval '1 day',
    random());
  kept text;
  read text;
BEGIN
  SELECT answer INTO kept FROM dblink(session, ask) AS r (answer text);
  PERFORM dblink_exec(session, 'SET glucose.cache_size = 0');
  SELECT answer INTO read FROM dblink(session, ask) AS r (answer text);
  PERFORM dblink_exec(session, 'SET glucose.cache_size = ''64MB''');
  RETURN kept IS NOT DISTINCT FROM read;
END
$$;

-- Sessions write alone or in transactions: while one is open that has written, what has changed since is read anew, so
-- that
-- most are short, but some go on while time does.
CREATE FUNCTION pg_temp.history(newest timestamptz, is_open INOUT boolean[],
  different INOUT integer) LANGUAGE plpgsql AS $$
DECLARE
  sessions CONSTANT text[] := ARRAY['one', 'two'];
  persons CONSTANT uuid[] := current_setting('test.persons')::uuid[];
  i integer;
BEGIN
  FOR step IN 1 .. 8 LOOP
    i := 1 + pg_temp.number_up_to(2);
    IF is_open[i] THEN
      CASE pg_temp.number_up_to(8)
        WHEN 0 THEN PERFORM dblink_exec(sessions[i], 'ROLLBACK'); is_open[i] := false;
        WHEN 1, 2, 3 THEN PERFORM dblink_exec(sessions[i], 'COMMIT'); is_open[i] := false;
        WHEN 4 THEN PERFORM dblink_exec(sessions[i], 'SAVEPOINT s');
        WHEN 5, 6 THEN
          PERFORM dblink_exec(sessions[i], 'SAVEPOINT t'),
                  dblink_exec(sessions[i], pg_temp.change(persons[1 + pg_temp.number_up_to(2)], i, newest));
          IF random() < 0.3 THEN
            different := different
              + (NOT pg_temp.same_answers(sessions[i], persons[1 + pg_temp.number_up_to(2)], newest))::integer;
          END IF;
          PERFORM dblink_exec(sessions[i], 'ROLLBACK TO t');
        ELSE PERFORM dblink_exec(sessions[i], pg_temp.change(persons[1 + pg_temp.number_up_to(2)], i, newest));
      END CASE;
    ELSIF random() < 0.3 THEN
      PERFORM dblink_exec(sessions[i],
                          CASE WHEN random() < 0.7 THEN 'BEGIN' ELSE 'BEGIN ISOLATION LEVEL REPEATABLE READ' END);
      is_open[i] := true;
    ELSE
      PERFORM dblink_exec(sessions[i], pg_temp.change(persons[1 + pg_temp.number_up_to(2)], i, newest));
    END IF;
    CONTINUE WHEN random() < 0.3;
    FOR asked IN 1 .. 2 LOOP
      different := different + (NOT pg_temp.same_answers(
        sessions[1 + pg_temp.number_up_to(2)], persons[1 + pg_temp.number_up_to(2)], newest))::integer;
    END LOOP;
  END LOOP;
END
$$;

-- What is answered, or why not.
CREATE FUNCTION public.answer_of(forecast text, meal uuid) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
  answer text;
BEGIN
  EXECUTE 'SELECT string_agg(f::text, '','' ORDER BY f.minutes_ahead) FROM ' || forecast INTO answer USING meal;
  RETURN answer;
EXCEPTION WHEN OTHERS THEN
  RETURN sqlerrm;
END
$$;
-- About the meal, from readings alone at its moment, and with the rhythm of a month.
CREATE FUNCTION public.answers(meal uuid) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT string_agg(public.answer_of(forecast, meal), ' | ')
  FROM unnest(ARRAY['glucose.glucose_forecast($1) f',
    'glucose.meal m, glucose.cgm_forecast(m.person_id, m.eaten_at) f WHERE m.meal_id = $1',
    'glucose.meal m, glucose.cgm_forecast(m.person_id, m.eaten_at, ''{"minutes": [61, 150, 600]}'') f '
      'WHERE m.meal_id = $1']) forecast $$;

-- It writes nothing itself: while it did, what has changed since would be read anew.
DO $$
DECLARE
  newest timestamptz;
  session text;
  is_open boolean[] := '{f,f}';
  different integer := 0;
BEGIN
  PERFORM setseed(current_setting('test.seed')::float8 / 1e6);
  SELECT max(measured_at) INTO newest FROM glucose.glucose_reading
    WHERE person_id = ANY (current_setting('test.persons')::uuid[]);
  FOREACH session IN ARRAY ARRAY['one', 'two'] LOOP
    PERFORM dblink_connect(session, current_setting('test.connection'));
    PERFORM dblink_exec(session, format('SET ROLE %I; SET lock_timeout = %L; SET client_min_messages = error',
                                        current_setting('test.role'), '5s'));
  END LOOP;
  FOR n IN 1 .. current_setting('test.histories')::integer LOOP
    SELECT h.is_open, h.different INTO is_open, different FROM pg_temp.history(newest, is_open, different) h;
    IF random() < 0.5 THEN newest := newest + random() * random() * interval '20 hours'; END IF;
  END LOOP;
  PERFORM set_config('test.different', different::text, false);
END
$$;
SELECT current_setting('test.histories') AS histories, current_setting('test.different') AS different;
SELECT s.session, k.kept > 0.3 * k.read AS kept_was_asked
FROM unnest(ARRAY['one', 'two']) s (session),
  dblink(s.session, 'SELECT kept, read FROM glucose.serving_stats()') AS k (kept bigint, read bigint)
ORDER BY 1;
