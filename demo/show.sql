-- SPDX-License-Identifier: PostgreSQL
-- One meal whose outcome is known: what was forecast at it, and what happened. Then every model with its errors.
-- The meal: the latest with carbohydrate, readings before it and for two hours and a half after it, of the first
-- person whose model learnt more than a mean. It is among the last 15 % of the meals: the model has not seen it.
SELECT k.label, m.person_id, m.meal_id, m.eaten_at, p.time_zone
FROM known_person k
JOIN glucose.model_version v ON v.person_id = k.person_id AND v.is_active AND v.model_type = 'glucose'
JOIN glucose.person p ON p.person_id = k.person_id
JOIN LATERAL (
  SELECT m.person_id, m.meal_id, m.eaten_at FROM glucose.meal m
  WHERE m.person_id = k.person_id AND m.carbs_g >= 20
    AND 10 <= (SELECT count(DISTINCT date_bin('15 min', r.measured_at, m.eaten_at)) FROM glucose.glucose_reading r
               WHERE r.person_id = m.person_id AND r.measured_at > m.eaten_at - interval '3 h'
               AND r.measured_at <= m.eaten_at)
    AND 9 <= (SELECT count(DISTINCT date_bin('15 min', r.measured_at, m.eaten_at)) FROM glucose.glucose_reading r
              WHERE r.person_id = m.person_id AND r.measured_at > m.eaten_at
              AND r.measured_at <= m.eaten_at + interval '150 min')
  ORDER BY m.eaten_at DESC LIMIT 1) m ON true
ORDER BY v.algorithm IN ('mean', 'persistence'), p.diabetes_type = 'none', k.label LIMIT 1 \gset

\if :{?meal_id}
SELECT glucose.predict_glucose(:'meal_id') AS answer \gset

CREATE TEMP VIEW forecast AS
  SELECT f.*, actual.mg_dl AS happened
  FROM jsonb_to_recordset(:'answer'::jsonb -> 'predictions')
         AS f (minutes_ahead int, at timestamptz, glucose real, lower real, upper real, confidence text,
         "confidenceScore" real)
  LEFT JOIN LATERAL (
    SELECT r.mg_dl FROM glucose.glucose_reading r
    WHERE r.person_id = :'person_id' AND r.measured_at BETWEEN f.at - interval '10 min' AND f.at + interval '10 min'
    ORDER BY abs(extract(epoch FROM r.measured_at - f.at)) LIMIT 1) actual ON true;

\echo
SELECT format(E'== a meal of %s, %s: %s, %s g carbohydrate, %s g protein, %s g fat\n   SELECT predict_glucose(%L);',
              :'label', to_char(eaten_at AT TIME ZONE :'time_zone', 'FMDay DD FMMonth YYYY HH24:MI'), meal_type,
              coalesce(round(carbs_g)::text, '?'), coalesce(round(protein_g)::text, '?'),
              coalesce(round(fat_g)::text, '?'),
              meal_id) AS title
FROM glucose.meal WHERE person_id = :'person_id' AND meal_id = :'meal_id' \gset
\echo :title
\echo
SELECT '+' || minutes_ahead || ' min' AS ahead, to_char(at AT TIME ZONE :'time_zone', 'HH24:MI') AS local,
  round(glucose) AS "forecast mg/dL",
       round(lower) || ' – ' || round(upper) AS interval, confidence || ' (' || "confidenceScore" || ')' AS confidence,
       round(happened) AS "what happened", round(glucose - happened) AS difference
FROM forecast ORDER BY minutes_ahead;

\echo
\pset tuples_only on
\pset format unaligned
SELECT glucose.glucose_plot(:'person_id', meal_id => :'meal_id', options => '{"format": "text"}');
\if :{?plot}
  \o :plot
  SELECT glucose.glucose_plot(:'person_id', meal_id => :'meal_id');
  \o
\endif
\pset format aligned
\pset tuples_only off

\echo
\echo == where it comes from
\pset tuples_only on
SELECT key, value FROM jsonb_each_text(:'answer'::jsonb -> 'provenance') ORDER BY key;
\pset format unaligned
SELECT regexp_replace(:'answer'::jsonb ->> 'disclaimer', '(.{1,98})(\s|$)', E'\\1\n', 'g');
\pset format aligned
\pset tuples_only off

\echo '== why: what adds most to the forecast two hours ahead (explain_prediction, mg/dL)'
SELECT feature, round(value::numeric, 1) AS value, round(contribution::numeric, 1) AS contribution
FROM glucose.explain_prediction(:'meal_id', 120) LIMIT 6;
\else
\echo
\echo 'No meal with a model and a known outcome: nothing to forecast.'
\endif

SELECT k.label AS newcomer, (SELECT m.meal_id FROM glucose.meal m WHERE m.person_id = k.person_id
  ORDER BY m.eaten_at DESC OFFSET 1 LIMIT 1) AS newest
FROM known_person k WHERE NOT EXISTS (SELECT FROM glucose.model_version v
  WHERE v.person_id = k.person_id AND v.is_active)
ORDER BY (SELECT count(*) FROM glucose.meal m WHERE m.person_id = k.person_id) DESC LIMIT 1 \gset
\if :{?newest}
\echo
\echo '== a person with too little for a model of its own is served by the population''s:' :newcomer
SELECT p ->> 'time' AS ahead, p ->> 'glucose' AS "forecast mg/dL",
  format('%s – %s', p ->> 'lower', p ->> 'upper') AS interval,
       p ->> 'confidenceScore' AS "within 20 mg/dL or 20 %", d #>> '{provenance,source}' AS source
FROM glucose.predict_glucose(:'newest') d, jsonb_array_elements(d -> 'predictions') p;
\endif

\echo
\echo '== what was tried: RMSE in mg/dL on the validation meals; an ensemble weighs them, with doubt'
SELECT k.label AS person, v.algorithm AS chosen,
  string_agg(format('%s %s', c ->> 'algorithm', round((c ->> 'validation_rmse')::numeric, 1)),
         '   ' ORDER BY (c ->> 'validation_rmse')::float8) AS candidates
FROM known_person k JOIN glucose.model_version v USING (person_id),
  jsonb_array_elements(v.metadata -> 'candidates') AS c
WHERE v.model_type = 'glucose' AND v.is_active
GROUP BY k.label, v.person_id, v.version, v.algorithm ORDER BY k.label;

\echo '== the models and their errors on meals they have not seen (test, mg/dL)'
SELECT k.label AS person, v.algorithm, v.n_train AS train, v.n_test AS test, e."MAE +60", e."RMSE +60",
       e."MAE +120", e."RMSE +120", round(100 * (e.model / e.persistence - 1)) || ' %' AS "to persistence"
FROM known_person k JOIN glucose.model_version v USING (person_id), LATERAL (
  SELECT round(max(x.value) FILTER (WHERE x.metric = 'mae' AND x.minutes_ahead = 60)::numeric, 1) AS "MAE +60",
         round(max(x.value) FILTER (WHERE x.metric = 'rmse' AND x.minutes_ahead = 60)::numeric, 1) AS "RMSE +60",
         round(max(x.value) FILTER (WHERE x.metric = 'mae' AND x.minutes_ahead = 120)::numeric, 1) AS "MAE +120",
         round(max(x.value) FILTER (WHERE x.metric = 'rmse' AND x.minutes_ahead = 120)::numeric, 1) AS "RMSE +120",
         avg(x.value) FILTER (WHERE x.metric = 'rmse')::numeric AS model,
         avg(x.value) FILTER (WHERE x.metric = 'persistence_rmse')::numeric AS persistence
  FROM glucose.model_metric x
  WHERE (x.person_id, x.model_type, x.version) = (v.person_id, v.model_type, v.version) AND x.split = 'test') e
WHERE v.model_type = 'glucose' AND v.is_active ORDER BY k.label;
