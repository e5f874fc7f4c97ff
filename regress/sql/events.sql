-- SPDX-License-Identifier: PostgreSQL
-- Yes-or-no questions: their rules, training of a person and of the population, answers, the life of a model, two
-- persons.
\getenv here PG_ABS_SRCDIR
\set test events
\i :here/include/begin.sql
\pset format unaligned
\pset tuples_only on

SELECT name, horizon, look_back, rule ->> 'at' FROM event ORDER BY name;
SELECT algorithm FROM algorithms('event');

-- Rules: a closed grammar, by the tables' owner or the steward.
SET ROLE anna;
SELECT test.expect($$ SELECT define_event('x', '1 day', '7 days', '{}') $$),
  test.expect($$ INSERT INTO event VALUES ('x', '1 day', '7 days', '{}') $$),
  test.expect($$ UPDATE event SET horizon = '2 days' $$);
RESET ROLE;
SELECT rule, test.expect(format('SELECT define_event(%L, %L, %L, %L)', 'x', '1 day', '7 days', rule))
FROM unnest(ARRAY['[]', '{}', '{"at": "noon"}', '{"at": "evening"}', '{"at": "evening", "horizon_minutes": 1440}',
  '{"at": "evening", "yes_if": {"sql": "DROP TABLE person"}}',
  '{"at": "evening", "yes_if": {"metric": "STEPS; DROP TABLE person", "above": 1}}',
  '{"at": "evening", "yes_if": {"metric": "STEPS"}}', '{"at": "evening", "yes_if": {"all": []}}',
  '{"at": "evening", "yes_if": {"metric": "STEPS", "above": 1e9}}',
  '{"at": "evening", "yes_if": {"metric": "STEPS", "above": 1, "below": 2}}',
  '{"at": "evening", "yes_if": {"metric": "STEPS", "statistic": "days", "days": 2, "above": 1}}',
  '{"at": "meal", "yes_if": {"metric": "STEPS", "above": 1}}']) rule;
SELECT call, test.expect('SELECT define_event(' || call || ')')
FROM unnest(ARRAY[$$NULL, '1 day', '7 days', '{}'$$, $$'Big Name', '1 day', '7 days', '{}'$$,
  $$'x', NULL, '7 days', '{}'$$, $$'x', '1 day', NULL, '{}'$$, $$'x', '1 day', '7 days', NULL$$,
  $$'x', '25 hours', '7 days', '{"at": "evening", "yes_if": {"metric": "STEPS", "below": 5000}}'$$,
  $$'x', '-1 day', '7 days', '{"at": "evening", "yes_if": {"metric": "STEPS", "below": 5000}}'$$,
  $$'x', '100 years', '7 days', '{"at": "evening", "yes_if": {"metric": "STEPS", "below": 5000}}'$$,
  $$'x', '1 day', '7 days', '{"at": "evening", "yes_if": {"metric": "STEPS", "below": 5000}}', '[]'$$,
  $$'strain', '2 days', '7 days', '{"at": "evening", "yes_if": {"metric": "STEPS", "below": 5000}}'$$]) call;
-- Named as they are declared; the words of an event may change, its rule may not.
SELECT define_event(name => 'late_night', horizon => '1 day', "window" => '7 days',
  rule => '{"at": "evening", "yes_if": {"any": [{"metric": "SLEEP_ONSET", "above": 0}]}}');
SELECT define_event('late_night', '24 hours', '168 hours',
  '{"yes_if": {"any": [{"above": 0, "metric": "SLEEP_ONSET"}]}, "at": "evening"}', '{"en": "A late night"}');
SELECT description ->> 'en' FROM event WHERE name = 'late_night';

SET ROLE anna;
SELECT simulate_person(1, 150) AS ada \gset
SELECT simulate_person(2, 150, 'none') AS bea \gset
SET ROLE ben;
SELECT simulate_person(3, 150) AS carl \gset
RESET ROLE;
UPDATE person SET shares_data = true;
SELECT midnight.at AS last FROM person, LATERAL (SELECT (max(day) + 1)::timestamp AT TIME ZONE 'UTC' AS at
  FROM daily_metric WHERE person_id = :'ada') midnight LIMIT 1 \gset
SELECT eaten_at AS eaten FROM meal WHERE person_id = :'ada' ORDER BY eaten_at DESC OFFSET 20 LIMIT 1 \gset

-- Wrong questions.
SET ROLE anna;
SELECT call, test.expect(replace(call, '$1', quote_literal(:'ada')))
FROM unnest(ARRAY['SELECT train_event($1, NULL)', 'SELECT train_event($1, ''no_such'')',
  'SELECT train_model($1, ''event'')', 'SELECT train_model($1, ''event:'')',
  'SELECT train_event(NULL, ''late_night'')', 'SELECT train_event($1, ''late_night'', ''lad'')',
  'SELECT train_event($1, ''late_night'', ''auto'', ''{"horizons": [60]}'')',
  'SELECT train_event($1, ''late_night'', ''auto'', ''{"min_f1": 2}'')',
  'SELECT predict_event($1, ''late_night'', ''2026-01-20'')', 'SELECT predict_event($1, NULL)',
  'SELECT predict_event($1, ''late_night'', now() + ''1 hour'')',
  'SELECT predict_event($1, ''late_night'', ''infinity'')',
  'SELECT predict_event($1, ''late_night'', options => ''{"unit": "mmol/L"}'')']) call;

SELECT test.hint(format('SELECT predict_event(%L, ''high_after_meal'', %L)', :'ada', :'eaten'));

-- A person's own model, and that the same again makes the same bytes.
SELECT version, algorithm, is_active, n_train + n_validation + n_test <= total_samples AS counted,
  mae BETWEEN 0 AND 1 AS mae,
       num_features, sequence_length, quality_issues <> '{}' OR is_production_ready AS judged
FROM train_event(:'ada', 'late_night', 'logistic');
SELECT version FROM train_event(:'ada', 'late_night', 'logistic', '{"deploy": false}');
SELECT count(DISTINCT sha256) FROM model_version WHERE model_type = 'event:late_night';
SELECT metric FROM model_metric WHERE model_type = 'event:late_night' AND version = '1.0.0' AND split = 'test'
ORDER BY metric;
SELECT metadata ? 'accuracy' AND metadata ? 'f1' AND metadata ? 'auc' AND metadata ? 'average_precision'
       AND metadata ? 'brier' AND metadata ? 'calibration_error' AND metadata ? 'base_rate' AS has_all,
       (metadata ->> 'base_rate')::real BETWEEN 0.01 AND 0.99 AS base_rate
FROM model_version WHERE model_type = 'event:late_night' AND version = '1.0.0';
SELECT a, (train_event(:'ada', 'late_night', a, '{"deploy": false}'::jsonb || CASE a WHEN 'lstm' THEN
  '{"hidden": 8, "epochs": 3}' ELSE '{}' END::jsonb)).algorithm
FROM unnest(ARRAY['auto', 'persistence', 'mean', 'logistic_gd', 'lstm']) a;
-- What it takes to be ready is an option.
SELECT quality_issues FROM train_event(:'ada', 'late_night', 'mean', '{"deploy": false, "min_samples": 1000000}') q,
  LATERAL (SELECT array_agg(i) FROM unnest(q.quality_issues) i WHERE i LIKE '%samples%') w (w);

-- The document: these keys, the same numbers as the row's, nothing of medicine.
SELECT predict_event(:'ada', 'late_night', :'last') AS doc \gset
SELECT array_agg(k ORDER BY k) FROM jsonb_object_keys(:'doc'::jsonb) k;
SELECT d ->> 'event', (d ->> 'asked_at')::timestamptz = :'last', d ->> 'horizon_minutes',
       (d ->> 'lower')::real <= (d ->> 'probability')::real AND (d ->> 'probability')::real <= (d ->> 'upper')::real,
       (d ->> 'is_expected')::boolean = ((d ->> 'probability')::real >= (d ->> 'threshold')::real),
       d ->> 'interpretation' ~ '^A late night: \d+ % \(\d+ % to \d+ %\)[,;].*usual', d ->> 'disclaimer' = disclaimer()
FROM (VALUES (:'doc'::jsonb)) v (d);
SELECT d ->> 'recommendation' !~* 'dose|insulin|medicin|diagnos|urgent|emergency' FROM (VALUES (:'doc'::jsonb)) v (d);
SELECT round(f.probability::numeric, 3) = (:'doc'::jsonb ->> 'probability')::numeric, f.event, f.horizon_minutes,
       f.confidence, f.model_version
FROM event_forecast(:'ada', 'late_night', :'last') f;
SELECT predict_event(:'ada', 'late_night', :'last', '{"lang": "de"}') ->> 'interpretation'
  ~ '^A late night: \d+ % \(\d+ % bis \d+ %\)';
SELECT d -> 'rows' -> 0 ? 'probability', d ? 'disclaimer'
FROM (SELECT event_forecast_json(:'ada', 'late_night', :'last') d) f;
SELECT test.near(sum(CASE WHEN feature = 'baseline' THEN e.value ELSE contribution END), max(f.probability), 1e-4),
       count(*) > 20
FROM explain_event(:'ada', 'late_night', :'last') e, event_forecast(:'ada', 'late_night', :'last') f;
SELECT count(*) FROM event_forecast(:'bea', 'late_night', :'last', '{"on_error": "none"}');

-- Nothing that came later counts: with all of it gone, the answer is the same.
SELECT probability AS before FROM event_forecast(:'ada', 'late_night', :'last'::timestamptz - interval '20 days') \gset
BEGIN;
DELETE FROM daily_metric WHERE person_id = :'ada'
  AND day >= ((:'last'::timestamptz - interval '20 days') AT TIME ZONE 'UTC')::date;
DELETE FROM glucose_reading WHERE person_id = :'ada' AND measured_at > :'last'::timestamptz - interval '20 days';
DELETE FROM meal WHERE person_id = :'ada' AND eaten_at > :'last'::timestamptz - interval '20 days';
SELECT test.near(probability, :before, 1e-6)
  FROM event_forecast(:'ada', 'late_night', :'last'::timestamptz - interval '20 days');
ROLLBACK;

-- What came of it: the days say so, and where they have not been yet, nothing does.
SELECT count(predict_event(:'ada', 'late_night', d + interval '1 day'))
FROM generate_series(:'last'::timestamptz - interval '15 days', :'last'::timestamptz - interval '1 day', '1 day') d;
SELECT count(*) > 8 AS answered, bool_and(o.outcome = (s.value > 0)::integer) AS as_the_days_say,
       count(DISTINCT o.outcome) AS kinds
FROM prediction_outcome o JOIN daily_metric s ON s.person_id = o.person_id AND s.metric = 'SLEEP_ONSET'
  AND s.day = (o.asked_at AT TIME ZONE 'UTC')::date
WHERE o.person_id = :'ada' AND o.model_type = 'event:late_night' AND o.outcome IS NOT NULL;
SELECT sum(n) > 8, bool_and(mae BETWEEN 0 AND 1) FROM model_live_accuracy
WHERE person_id = :'ada' AND model_type = 'event:late_night';

-- After a meal.
SELECT algorithm FROM train_event(:'ada', 'high_after_meal', 'logistic');
SELECT (d ->> 'probability')::real BETWEEN 0 AND 1, d ->> 'horizon_minutes', left(d ->> 'interpretation', 53)
FROM predict_event(:'ada', 'high_after_meal', :'eaten') d;
SELECT outcome_of(:'ada', 'event:high_after_meal', eaten_at) = (SELECT (max(r.mg_dl) > 180)::integer
  FROM glucose_reading r WHERE r.person_id = m.person_id AND r.measured_at > m.eaten_at
  AND r.measured_at <= m.eaten_at + interval '2 hours') AS same, count(*) > 50
FROM meal m WHERE m.person_id = :'ada' AND outcome_of(:'ada', 'event:high_after_meal', eaten_at) IS NOT NULL GROUP BY 1;
SELECT test.expect(format('SELECT predict_event(%L, %L, %L::timestamptz + %L)', :'ada', 'high_after_meal', :'eaten',
                          '37 minutes'));

-- The life of a model: measured, compared, tuned, exported and imported, rolled back, retrained, trained in the
-- background.
SELECT split, n > 0, mae BETWEEN 0 AND 1 FROM evaluate_model(:'ada', 'event:late_night') ORDER BY 1;
SELECT count(*) > 20, bool_and(minutes_ahead = 1440) FROM feature_importance(:'ada', 'event:late_night');
SELECT n > 0 FROM compare_versions(:'ada', 'event:late_night', '1.0.0', '1.0.1',
  :'last'::timestamptz - interval '60 days');
SELECT count(*), min(rank), bool_and(mae > 0)
FROM tune_model(:'ada', 'logistic', '{"l2": [0.1, 1]}', '{}', 'event:late_night');
SELECT import_model(:'bea', export_model(:'ada', 'event:late_night'));
SELECT model_type, is_active FROM model_version WHERE person_id = :'bea';
SELECT test.expect(format('SELECT import_model(%L, export_model(%L, %L), %L)', :'bea', :'ada', 'event:late_night',
                          '{"model_type": "event:high_after_meal"}'));
SELECT deploy_model(:'ada', 'event:late_night', '1.0.1', 'by hand'), rollback_model(:'ada', 'event:late_night');
SELECT (check_retraining(:'ada', 'event:late_night')).needed IS NOT NULL AS checked, unit_of('event:late_night');
SELECT (retrain_model(:'ada', 'event:late_night', force => true)).version IS NOT NULL AS retrained;

-- Another identity sees and asks nothing of it.
SET ROLE ben;
SELECT test.expect(format('SELECT predict_event(%L, %L, %L)', :'ada', 'late_night', :'last')),
  test.expect(format('SELECT train_event(%L, %L)', :'ada', 'late_night'));
SELECT count(*) FROM model_version WHERE model_type LIKE 'event:%';

-- The population's answers for whom no model is trained; an own model stands on it.
RESET ROLE;
SELECT algorithm FROM train_event(NULL, 'late_night', 'logistic');
SELECT metadata -> 'persons' FROM population_model WHERE model_type = 'event:late_night';
SET ROLE ben;
SELECT architecture, model_version FROM event_forecast(:'carl', 'late_night', :'last');
SELECT algorithm FROM train_event(:'carl', 'late_night', 'auto', '{"deploy": false}');

-- An experiment: what another version would have said stands beside what was said.
RESET ROLE;
SELECT version FROM train_event(NULL, 'late_night', 'persistence', '{"deploy": false}') \gset
SELECT start_experiment('nights', jsonb_build_object('population_version', :'version'), 100, 'shadow',
  'event:late_night') IS NOT NULL AS started;
SET ROLE ben;
SELECT count(predict_event(:'carl', 'late_night', d))
FROM generate_series(:'last'::timestamptz - interval '12 days', :'last'::timestamptz - interval '1 day', '1 day') d;
RESET ROLE;
SELECT n_stable > 5, n_stable = n_candidate AS same_moments FROM experiment_results('nights');
SELECT stop_experiment('nights') IS NOT NULL AS stopped;

-- An event that is another question now is not answered by a model of the old one.
RESET ROLE;
UPDATE event SET rule = jsonb_set(rule, '{yes_if,any,0,above}', '9000') WHERE name = 'late_night';
SET ROLE anna;
SELECT test.expect(format('SELECT predict_event(%L, %L, %L)', :'ada', 'late_night', :'last'));
