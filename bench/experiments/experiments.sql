-- SPDX-License-Identifier: PostgreSQL
-- psql -v persons=N -v repetitions=N -f experiments.sql, in a database with nothing but the extension's tables.
-- Every repetition splits the persons anew and goes the whole way: logged forecasts, outcomes from the readings,
-- experiment_results(). A worse candidate is made by moving each of its forecasts 5 mg/dL away from what happened.
SET client_min_messages = warning;
SELECT format('simulated: %s persons, 31 days', count(simulate_person(i, 31))) FROM generate_series(1, :persons * 3 / 2) AS i;
-- Three weeks to learn from, ten days to be measured on.
SELECT count(train_model(person_id, algorithm => 'ridge', options => '{"end_at": "2026-01-26"}')) AS trained FROM person \gset
DELETE FROM person p WHERE NOT EXISTS (SELECT FROM model_version v WHERE v.person_id = p.person_id AND v.is_active);
DELETE FROM person WHERE person_id NOT IN (SELECT person_id FROM person ORDER BY person_id LIMIT :persons);
VACUUM ANALYZE;
SELECT format('forecasts: %s, of %s persons', count(predict_glucose(m.meal_id, '{}', m.person_id)), count(DISTINCT m.person_id))
FROM meal m WHERE m.eaten_at >= '2026-01-26';
VACUUM ANALYZE;
SELECT format('persons'' mean absolute errors, %s minutes: mean %s, standard deviation %s mg/dL, %s forecasts each', minutes_ahead,
              round(avg(mae)::numeric, 1), round(stddev(mae)::numeric, 1), round(avg(n), 1))
FROM (SELECT person_id, minutes_ahead, avg(abs(value - outcome)) AS mae, count(*) AS n FROM prediction_outcome
      WHERE outcome IS NOT NULL AND NOT in_training GROUP BY 1, 2) AS p GROUP BY minutes_ahead ORDER BY 1;

CREATE TABLE public.origin AS SELECT person_id, prediction_id, predictions FROM prediction;
-- The same forecasts, 5 mg/dL farther from what happened.
CREATE TABLE public.moved AS
  SELECT person_id, prediction_id, jsonb_agg(jsonb_build_object('minutes_ahead', minutes_ahead, 'at', at, 'lower', lower, 'upper', upper,
           'glucose', value + CASE WHEN value >= coalesce(outcome, 0) THEN 5 ELSE -5 END)) AS predictions
  FROM prediction_outcome GROUP BY 1, 2;
ALTER TABLE public.origin ADD PRIMARY KEY (person_id, prediction_id);
ALTER TABLE public.moved ADD PRIMARY KEY (person_id, prediction_id);
CREATE TABLE public.finding (design text, repetition integer, minutes_ahead integer, p_value float8, verdict text);
ANALYZE public.origin, public.moved;

CREATE PROCEDURE public.repeat_experiment(design text, percent integer, candidates regclass, repetitions integer) LANGUAGE plpgsql AS $$
DECLARE
  salt text;
BEGIN
  FOR repetition IN 1 .. repetitions LOOP
    salt := format('%s %s', design, repetition);
    TRUNCATE glucose.experiment, glucose.prediction;
    INSERT INTO glucose.experiment (name, model_type, kind, candidate, percent, salt)
    VALUES (salt, 'glucose', 'canary', '{"algorithm": "ridge"}', percent, salt);
    EXECUTE format('INSERT INTO glucose.prediction (person_id, prediction_id, model_type, version, inputs_digest, latency_ms,
                                                    experiment, arm, predictions)
      SELECT o.person_id, o.prediction_id, ''glucose'', ''1.0.0'', '''', 0, $1, CASE WHEN b.in_split THEN ''candidate'' ELSE ''stable'' END,
             CASE WHEN b.in_split THEN m.predictions ELSE o.predictions END
      FROM public.origin o JOIN %s m USING (person_id, prediction_id),
           LATERAL (SELECT glucose.ab_bucket(o.person_id, $1) < $2 AS in_split) b', candidates) USING salt, percent;
    ANALYZE glucose.prediction;
    INSERT INTO public.finding SELECT design, repetition, r.minutes_ahead, r.p_value, r.verdict FROM glucose.experiment_results(salt) r;
    COMMIT;
  END LOOP;
END $$;
CALL public.repeat_experiment('A/A canary 10 %', 10, 'public.origin', :repetitions);
CALL public.repeat_experiment('A/A canary 50 %', 50, 'public.origin', :repetitions);
CALL public.repeat_experiment('A/B canary 10 %', 10, 'public.moved', :repetitions);
CALL public.repeat_experiment('A/B canary 50 %', 50, 'public.moved', :repetitions);
SELECT format('%s, %s minutes: of %s repetitions %s %% called different, %s %% worse, %s %% not enough data; %s %% below p = 0.001', design, minutes_ahead, count(*),
              round(100 * avg((verdict IN ('candidate worse', 'candidate better'))::int), 1), round(100 * avg((verdict = 'candidate worse')::int), 1),
              round(100 * avg((verdict = 'not enough data')::int), 1), round(100 * avg((p_value < 0.001)::int), 1))
FROM public.finding GROUP BY design, minutes_ahead ORDER BY design, minutes_ahead;
