-- SPDX-License-Identifier: PostgreSQL
-- Of all sources together: the population's models of the strain event, and the last fifth of each person's evenings
-- with a known outcome answered by event_forecast(). Trainings have seen the first four fifths.
SET search_path = glucose, public;
CREATE FUNCTION pg_temp.train(algorithm text, options jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  result glucose.training_result;
BEGIN
  result := train_event(NULL, 'strain', algorithm, options);
  INSERT INTO bench.event_training (algorithm, auc, average_precision, brier, calibration_error, accuracy, f1, base_rate,
                                    n, seconds)
  SELECT train.algorithm, max(m.value) FILTER (WHERE m.metric = 'auc'),
         max(m.value) FILTER (WHERE m.metric = 'average_precision'), max(m.value) FILTER (WHERE m.metric = 'brier'),
         max(m.value) FILTER (WHERE m.metric = 'calibration_error'),
         max(m.value) FILTER (WHERE m.metric = 'accuracy'), max(m.value) FILTER (WHERE m.metric = 'f1'),
         max(m.value) FILTER (WHERE m.metric = 'base_rate'), max(m.n), result.training_time_seconds
  FROM population_metric m
  WHERE m.model_type = 'event:strain' AND m.version = result.version AND m.split = 'test';
  RETURN result.version;
END
$$;
SELECT pg_temp.train(a, CASE a WHEN 'lstm' THEN '{"hidden": 32, "epochs": 20}' ELSE '{}' END::jsonb || '{"deploy": false}')
FROM unnest(ARRAY['mean', 'persistence', 'logistic_gd', 'logistic', 'trees', 'lstm']) a;
SELECT deploy_population_model('event:strain', pg_temp.train('auto', '{}'));
INSERT INTO bench.event_answer
SELECT e.person_id, e.at, e.outcome, f.probability, f.lower, f.upper, f.usual
FROM (SELECT o.*, row_number() OVER (PARTITION BY person_id ORDER BY at) AS i, count(*) OVER (PARTITION BY person_id) AS n
      FROM (SELECT d.person_id, (d.day + 1)::timestamp AT TIME ZONE 'UTC' AS at,
                   outcome_of(d.person_id, 'event:strain', (d.day + 1)::timestamp AT TIME ZONE 'UTC') AS outcome
            FROM (SELECT person_id, generate_series(min(day), max(day), interval '1 day')::date AS day
                  FROM daily_metric GROUP BY person_id) d) o
      WHERE o.outcome IS NOT NULL) e,
LATERAL event_forecast(e.person_id, 'strain', e.at, '{"on_error": "none"}') f
WHERE e.n >= 14 AND e.i > e.n * 80 / 100;
