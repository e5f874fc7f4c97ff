-- SPDX-License-Identifier: PostgreSQL
-- Draws meal :meal_id of :person_id at :eaten_at and view forecast, 100 columns wide: a column is 4 minutes.
-- A cell shows the mark of the highest rank that falls into it.
WITH reading AS (
  SELECT extract(epoch FROM r.measured_at - :'eaten_at')::float8 / 60 AS minute, r.mg_dl::float8 AS mg_dl
  FROM glucose.glucose_reading r
  WHERE r.person_id = :'person_id' AND r.measured_at BETWEEN :'eaten_at'::timestamptz - interval '3 h'
                                                         AND :'eaten_at'::timestamptz + interval '3 h'
), extent AS (
  SELECT min(y) AS lowest, max(y) AS highest
  FROM (SELECT mg_dl FROM reading UNION ALL SELECT lower FROM forecast UNION ALL SELECT upper FROM forecast) AS s (y)
), scale AS (  -- every row a multiple of 5 mg/dL, at most 20 rows
  SELECT step, floor(lowest / step) * step AS base, (ceil(highest / step) - floor(lowest / step))::int AS top
  FROM extent, LATERAL (SELECT greatest(5, ceil((highest - lowest) / 18 / 5) * 5) AS step) s
), mark AS (
  SELECT round((minute + 180) / 4)::int AS x, round((mg_dl - base) / step)::int AS y,
         CASE WHEN minute <= 0 THEN '●' ELSE '○' END AS sign, 3 AS rank
  FROM reading, scale
  UNION ALL
  SELECT round((minutes_ahead + 180) / 4.0)::int, round((glucose - base) / step)::int, '◆', 4 FROM forecast, scale
  UNION ALL
  SELECT round((minutes_ahead + 180) / 4.0)::int, y,
         CASE y WHEN low THEN '┴' WHEN high THEN '┬' ELSE '│' END, 2
  FROM forecast, scale,
       LATERAL (SELECT round((lower - base) / step)::int AS low, round((upper - base) / step)::int AS high) ends,
       generate_series(low, high) AS y
  UNION ALL
  SELECT 45, y, '┊', 1 FROM scale, generate_series(0, top) AS y
), cell AS (
  SELECT DISTINCT ON (x, y) x, y, sign FROM mark ORDER BY x, y, rank DESC
)
SELECT string_agg(line, E'\n' ORDER BY y DESC) AS picture FROM (
  SELECT y, CASE WHEN y % 3 = 0 THEN lpad((base + y * step)::text, 5) || ' ┤' ELSE '      │' END
            || rtrim(string_agg(coalesce(sign, ' '), '' ORDER BY x)) AS line
  FROM scale, generate_series(0, top) AS y CROSS JOIN generate_series(0, 90) AS x LEFT JOIN cell USING (x, y)
  GROUP BY y, base, step
  UNION ALL
  SELECT -1, '      └' || (SELECT string_agg(CASE WHEN x % 15 = 0 THEN '┴' ELSE '─' END, '' ORDER BY x)
  FROM generate_series(0, 90) AS x)
  UNION ALL
  SELECT -2, '      -3h            -2h            -1h            meal           +1h            +2h           +3h'
) AS drawing (y, line) \gset
\echo '   mg/dL   ● readings before the meal   ◆ forecast, with its interval ┬ ┴   ○ what really happened'
\echo :picture
