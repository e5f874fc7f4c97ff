-- SPDX-License-Identifier: PostgreSQL
-- One metric of the person with the most days of it, forecast for the last day as of the evening before, beside the
-- days
-- before it. Nothing where no days are known.
SELECT d.person_id AS metric_person, max(d.day) AS last_day FROM glucose.daily_metric d
WHERE d.metric = 'RESTING_HEART_RATE' GROUP BY d.person_id HAVING count(*) >= 30 ORDER BY count(*) DESC, d.person_id
  LIMIT 1 \gset
\if :{?metric_person}
SELECT version AS trained FROM glucose.train_metric(:'metric_person', 'RESTING_HEART_RATE') \gset
SELECT glucose.predict_metric(:'metric_person', 'RESTING_HEART_RATE', :'last_day') AS metric_answer \gset
\echo
\echo '== resting heart rate one day ahead, and the three weeks before'
\echo '   ● known   ◆ forecast   ┄ its 90 % interval   ○ what happened'
WITH answer AS (
  SELECT (d ->> 'predicted_value')::real AS value, (d ->> 'confidence_interval_lower')::real AS lower,
         (d ->> 'confidence_interval_upper')::real AS upper FROM (SELECT :'metric_answer'::jsonb AS d) a
), point AS (
  SELECT v.day, v.value, CASE WHEN v.day < :'last_day' THEN '●' ELSE '○' END AS sign
  FROM glucose.daily_values(:'metric_person', :'last_day'::date - 21, :'last_day', '{RESTING_HEART_RATE}') v
), extent AS (
  SELECT floor(least(min(p.value), (SELECT lower FROM answer))) - 1 AS low,
         ceil(greatest(max(p.value), (SELECT upper FROM answer))) + 1 AS high FROM point p
), line AS (
  SELECT day, value, sign, low, high FROM point, extent
  UNION ALL
  SELECT :'last_day'::date, value, '◆', low, high FROM answer, extent
)
SELECT to_char(l.day, 'Dy DD Mon') AS day, round(l.value::numeric, 1) AS bpm,
       rtrim(string_agg(CASE WHEN x = round((l.value - low) / (high - low) * 60) THEN l.sign
         WHEN l.sign = '◆' AND x BETWEEN round((a.lower - low) / (high - low) * 60)
                               AND round((a.upper - low) / (high - low) * 60) THEN '┄' ELSE ' ' END, '' ORDER BY x))
                               AS plot
FROM line l, answer a, generate_series(0, 60) AS x GROUP BY l.day, l.value, l.sign ORDER BY l.day, l.sign DESC;
\pset format unaligned
\pset tuples_only on
SELECT format('%s%s%s (%s %s; data quality %s)', d ->> 'interpretation', E'\n', d ->> 'recommendation',
  d ->> 'architecture',
              d ->> 'model_version', d ->> 'data_quality_score') FROM (SELECT :'metric_answer'::jsonb AS d) a;
\pset format aligned
\pset tuples_only off
\endif
