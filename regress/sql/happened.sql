-- SPDX-License-Identifier: PostgreSQL
-- What happened: each kind where it was put, and not beside it; by the person's clock; the same in parts as in the
-- whole;
-- as the statistics count; units, words, limits of one's own; nobody else's. Meals that went where the log had not
-- thought.
\getenv here PG_ABS_SRCDIR
\set test happened
\i :here/include/begin.sql
\pset format unaligned
\pset tuples_only on
CREATE FUNCTION test.at(minutes double precision) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS
$$ SELECT '2026-01-05 00:00+00'::timestamptz + minutes * interval '1 min' $$;
SELECT grant_access('anna'), grant_access('ben'), grant_access('eve') \gset
SET ROLE anna;
INSERT INTO person (person_id, time_zone) VALUES (key('anna'), 'America/New_York');

-- Two days of a calm sensor, every five minutes, and what is put into them. Minutes are those of UTC: New York is five
-- hours behind.
CREATE TEMP TABLE put (what text, first integer, last integer, mg_dl real);
INSERT INTO put VALUES ('a low', 600, 625, 62), ('a very low', 1500, 1650, 50), ('a high', 200, 230, 190),
  ('a very high', 900, 960, 270), ('one low reading', 1200, 1200, 65), ('a jump', 1300, 1300, 190),
  ('stuck', 2000, 2090, 101), ('a gap', 2300, 2345, NULL);
INSERT INTO glucose_reading (person_id, measured_at, mg_dl)
  SELECT key('anna'), test.at(m), coalesce(p.mg_dl, 110) + CASE p.what WHEN 'stuck' THEN 0 ELSE 2 * sin(m / 20.0) END
  FROM generate_series(0, 2875, 5) m LEFT JOIN put p ON m BETWEEN p.first AND p.last
  WHERE p.what IS NULL OR p.mg_dl IS NOT NULL;
-- Ways to lows and highs that a body can go: 75 minutes.
UPDATE glucose_reading r SET mg_dl = r.mg_dl + (p.mg_dl - 110) * (1 - s.away / 75.0)
FROM put p, generate_series(5, 70, 5) AS s (away)
WHERE person_id = key('anna') AND p.what ~ 'low$|high$'
  AND r.measured_at IN (test.at(p.first - s.away), test.at(p.last + s.away));
CREATE TEMP TABLE e AS SELECT * FROM glucose_events(key('anna'), '-infinity', 'infinity');
SELECT kind, (extract(epoch FROM started_at - test.at(0)) / 60)::integer AS began,
  (extract(epoch FROM ended_at - started_at) / 60)::integer AS took, round(extreme::numeric, 1),
  round(rate::numeric, 2) AS rate, certainty,
  detail - '{unit,words,minutes,extreme_at}'::text[] AS detail
FROM e ORDER BY started_at, kind;
SELECT kind, detail ->> 'words' FROM e WHERE kind IN ('very_low', 'high', 'gap', 'stuck', 'jump')
  ORDER BY started_at, kind;
SELECT DISTINCT ON (kind) kind, detail ->> 'words'
FROM glucose_events(key('anna'), '-infinity', 'infinity', '{"unit": "mmol/L", "lang": "de"}') ORDER BY kind, started_at;
-- Levels are in the unit.
SELECT bool_and(e.started_at = m.started_at AND e.kind = m.kind AND e.certainty = m.certainty
                AND test.near(e.extreme / 18.0182, m.extreme, 1e-6) AND test.near(e.rate / 18.0182, m.rate, 1e-6)
                AND m.detail ->> 'unit' = 'mmol/L') AS same, count(*) > 10 AS many
FROM (SELECT *, row_number() OVER (ORDER BY started_at, kind) AS i FROM e) e FULL JOIN
  (SELECT *, row_number() OVER (ORDER BY started_at, kind) AS i
   FROM glucose_events(key('anna'), '-infinity', 'infinity', '{"unit": "mmol/L"}')) m USING (i);
-- Night is where the person is: the very low of 1:00 UTC was in the evening.
SELECT count(*) FILTER (WHERE kind = 'nocturnal_low') AS nocturnal FROM e;
INSERT INTO person (person_id, time_zone) VALUES (key('anna in berlin'), 'Europe/Berlin');
INSERT INTO glucose_reading (person_id, measured_at, mg_dl) SELECT key('anna in berlin'), measured_at, mg_dl
FROM glucose_reading WHERE person_id = key('anna');
SELECT (started_at AT TIME ZONE 'Europe/Berlin')::time
FROM glucose_events(key('anna in berlin'), '-infinity', 'infinity') WHERE kind = 'nocturnal_low';
-- Limits of one's own.
SELECT kind, count(*) FROM glucose_events(key('anna'), '-infinity', 'infinity', '{"low": 60, "high": 200}')
WHERE kind ~ 'low$|high$' GROUP BY 1 ORDER BY 1;

-- What goes on for more than twelve hours after the end is cut there; the gap is not found.
INSERT INTO person (person_id, time_zone) VALUES (key('long'), 'UTC');
INSERT INTO glucose_reading (person_id, measured_at, mg_dl)
SELECT key('long'), t, CASE WHEN t BETWEEN '2026-01-02 23:00' AND '2026-01-03 19:00' THEN 250 ELSE 120 END
FROM generate_series('2026-01-01'::timestamptz, '2026-01-08', '5 minutes') t
WHERE t NOT BETWEEN '2026-01-05 23:00' AND '2026-01-06 19:00';
SELECT kind, p.upto, started_at, ended_at FROM (VALUES ('2026-01-03'), ('2026-01-06'), ('2026-01-08')) p (upto),
  glucose_events(key('long'), '2026-01-02', p.upto::timestamptz) WHERE kind IN ('high', 'gap') ORDER BY 2, 3;

-- Simulated persons: the same in parts as in the whole, and lows and highs as the statistics count them.
SELECT simulate_person(7, 40, 't1d') AS sim \gset
CREATE TEMP TABLE whole AS SELECT * FROM glucose_events(:'sim', '-infinity', 'infinity');
SELECT count(*) > 200 AS many, count(*) - (SELECT count(*) FROM whole) AS more
FROM (SELECT e.* FROM generate_series(0, 9) i, glucose_events(:'sim', test.at(i * 5760), test.at((i + 1) * 5760)) e) p
JOIN whole w ON (p.kind, p.started_at, p.extreme, round(p.certainty::numeric, 2), p.detail ->> 'from')
  IS NOT DISTINCT FROM (w.kind, w.started_at, w.extreme, round(w.certainty::numeric, 2), w.detail ->> 'from')
  AND w.ended_at BETWEEN p.ended_at - interval '10 s' AND p.ended_at + interval '10 s';
SELECT count(*) FILTER (WHERE kind = 'low') - s.low_episodes AS low,
  count(*) FILTER (WHERE kind = 'very_low') - s.very_low_episodes AS very_low,
  count(*) FILTER (WHERE kind = 'high') - s.high_episodes AS high,
  count(*) FILTER (WHERE kind = 'very_high') - s.very_high_episodes AS very_high
FROM whole, (SELECT low_episodes, very_low_episodes, high_episodes, very_high_episodes
  FROM glucose_statistics(:'sim', '-infinity', 'infinity')) s
  GROUP BY s.low_episodes, s.very_low_episodes, s.high_episodes, s.very_high_episodes;
SELECT bool_and(certainty BETWEEN 0 AND 1) AS certainty, bool_and(started_at <= ended_at) AS order,
  bool_and((rate > 0) IS NOT FALSE) FILTER (WHERE kind = 'rapid_rise') AS rising,
  bool_and(rate <= -2) FILTER (WHERE kind = 'rapid_fall') AS falling,
  bool_and(extreme < 70) FILTER (WHERE kind IN ('low', 'nocturnal_low')) AS low,
  bool_and((detail -> 'height')::float8 >= 50) FILTER (WHERE kind IN ('spike', 'unlogged_meal')) AS spikes FROM whole;
-- Each spike is of a meal of the log, and begins with it.
SELECT count(*) > 20 AS many, count(*) FILTER (WHERE m.eaten_at IS DISTINCT FROM w.started_at) AS other
FROM whole w LEFT JOIN meal m ON m.person_id = :'sim' AND m.meal_id = (w.detail ->> 'meal_id')::uuid
WHERE w.kind = 'spike';
-- Without the log there are no spikes, and rises that nobody logged.
BEGIN;
DELETE FROM meal WHERE person_id = :'sim';
SELECT count(*) FILTER (WHERE kind = 'spike') AS spikes,
  count(*) FILTER (WHERE kind = 'unlogged_meal') > 2 * (SELECT count(*) FROM whole WHERE kind = 'unlogged_meal') AS more
FROM glucose_events(:'sim', '-infinity', 'infinity');
ROLLBACK;
-- Without an end up to the newest reading, without a beginning 14 days.
SELECT min(e.started_at) >= r.newest - interval '14 days' AS since, max(e.started_at) <= r.newest AS until,
  count(*) = (SELECT count(*) FROM whole WHERE started_at > r.newest - interval '14 days') AS all_of_them
FROM glucose_events(:'sim') e, (SELECT max(measured_at) AS newest FROM glucose_reading WHERE person_id = :'sim') r
GROUP BY r.newest;
SELECT count(*) FROM glucose_events(:'sim', '1990-01-01', '1990-02-01');
INSERT INTO person (person_id) VALUES (key('no readings'));
SELECT count(*) FROM glucose_events(key('no readings'));

-- Wrong input.
SELECT call, test.expect(format('SELECT * FROM ' || call, :'sim')) FROM unnest(ARRAY[
  'glucose_events(NULL)', 'glucose_events(%L, now(), now())', 'glucose_events(%L, NULL, NULL, NULL)',
  'glucose_events(%L, NULL, NULL, ''{"conga_hours": 1}'')', 'glucose_events(%L, NULL, NULL, ''{"spike": 2}'')',
  'glucose_events(%L, NULL, NULL, ''{"rapid": 2, "unit": "mmol/L"}'')',
  'glucose_events(%L, NULL, NULL, ''{"spike": 3, "unit": "mmol/L"}'')',
  'glucose_events(%L, NULL, NULL, ''{"lang": "xx"}'')', 'glucose_events(%L, NULL, NULL, ''{"low": 200}'')',
  'unusual_responses(NULL)', 'unusual_responses(%L, NULL, NULL, NULL)',
  'unusual_responses(%L, NULL, NULL, ''{"rate": 0}'')', 'unusual_responses(%L, NULL, NULL, ''{"rate": 2}'')',
  'unusual_responses(%L, NULL, NULL, ''{"low": 60}'')', 'unusual_responses(%L, now(), now())']) call;
-- Not the caller's.
SET ROLE ben;
SELECT test.expect(format('SELECT * FROM %s(%L)', f, :'sim')) = format('P0002 person %s not found', :'sim') AS not_found
FROM unnest(ARRAY['glucose_events', 'unusual_responses']) f;

-- Meals that went otherwise: a log of forecasts as served, most of which came true.
RESET ROLE;
CREATE FUNCTION test.log(n integer, came real, issued_after interval DEFAULT '1 min', wide real DEFAULT 0.9)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  eaten CONSTANT timestamptz := test.at(n * 300);
BEGIN
  INSERT INTO meal (person_id, meal_id, eaten_at, meal_type, carbs_g)
    VALUES (key('unusual'), key('unusual ' || n), eaten, 'lunch', 50);
  INSERT INTO glucose_reading (person_id, measured_at, mg_dl)
    SELECT key('unusual'), eaten + m * interval '1 min', CASE m WHEN 120 THEN came ELSE 150 END
    FROM unnest(ARRAY[60, 120]) m;
  INSERT INTO prediction (person_id, prediction_id, meal_id, model_type, version, issued_at, inputs_digest, latency_ms,
    level, predictions)
    SELECT key('unusual'), gen_random_uuid(), key('unusual ' || n), 'glucose', '1.0.0', eaten + issued_after, '', 1,
      wide, jsonb_agg(jsonb_build_object('minutes_ahead', m, 'at', eaten + m * interval '1 min',
        'glucose', 150, 'lower', 120, 'upper', 190)) FROM unnest(ARRAY[60, 120]) m;
END
$$;
INSERT INTO person (person_id, owner) VALUES (key('unusual'), 'anna');
SELECT test.log(n, 150 + (n % 7 - 3) * 12) FROM generate_series(1, 40) n \g /dev/null
SET ROLE anna;
SELECT count(*) AS unusual FROM unusual_responses(key('unusual'));
SELECT count(*), min(n_meals), max(n_meals), bool_and(false_discovery_rate > 0.1) AS none
FROM unusual_responses(key('unusual'), options => '{"rate": 1}');
RESET ROLE;
-- Twice as far as the limit is as much rarer again: a hundredth, twice as much of two horizons; of one meal in 43 it is
-- nothing, three times as far and more is.
SELECT test.log(41, 230), test.log(42, 330), test.log(43, 40) \g /dev/null
-- Issued when it had come already: no forecast.
SELECT test.log(44, 400, '125 min') \g /dev/null
SET ROLE anna;
SELECT minutes_ahead, expected, lower, upper, outcome, p_value < 1e-3 AS rare, false_discovery_rate < 0.1 AS rate,
  n_meals,
  version, meal_type, words FROM unusual_responses(key('unusual')) ORDER BY eaten_at;
SELECT round(p_value::numeric, 4) FROM unusual_responses(key('unusual'), options => '{"rate": 1}') WHERE outcome = 230;
SELECT unit, expected, outcome, words
FROM unusual_responses(key('unusual'), options => '{"unit": "mmol/L", "lang": "de"}') WHERE outcome > 10;
-- A meal counts once, by the first answer: who asks again later, when more is known, changes nothing.
RESET ROLE;
INSERT INTO prediction (person_id, prediction_id, meal_id, model_type, version, issued_at, inputs_digest, latency_ms,
  level, predictions)
  SELECT person_id, gen_random_uuid(), meal_id, model_type, version, issued_at + interval '90 min', '', 1, level,
    '[{"minutes_ahead": 120, "at": "2026-01-13T20:00:00Z", "glucose": 330, "lower": 320, "upper": 340}]'
  FROM prediction WHERE meal_id = key('unusual 42');
SET ROLE anna;
SELECT count(*) FROM unusual_responses(key('unusual')) WHERE outcome = 330;
SELECT count(*) FROM unusual_responses(key('unusual'), test.at(0), test.at(300 * 42));
