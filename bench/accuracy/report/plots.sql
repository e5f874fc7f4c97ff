-- SPDX-License-Identifier: PostgreSQL
-- What plots.py draws, as one JSON document. After the other reports: it reads what they have made.
SELECT jsonb_build_object(
  'errors', (SELECT jsonb_agg(e ORDER BY source, minutes_ahead, bench.rank(asked)) FROM bench.errors e WHERE head = 'median'),
  'coverage', (SELECT jsonb_agg(c ORDER BY source, minutes_ahead, level) FROM (
    SELECT source, minutes_ahead, level::numeric, avg((happened BETWEEN lower AND upper)::integer)::float8 AS coverage,
           avg((abs(error) <= half)::integer)::float8 AS constant
    FROM bench.banded WHERE asked = 'auto' GROUP BY 1, 2, 3) c),
  'history', (SELECT jsonb_agg(h ORDER BY source, minutes_ahead, known) FROM bench.by_history h),
  'events', (SELECT jsonb_agg(b ORDER BY name, minutes_ahead, low) FROM bench.event_bin b WHERE asked = 'auto'),
  'points', (SELECT jsonb_agg(jsonb_build_array(minutes_ahead, round(happened::numeric), round(mg_dl::numeric),
                                                bench.clarke_zone(happened, mg_dl)) ORDER BY person_id, meal_id, minutes_ahead)
             FROM bench.point WHERE asked = 'auto' AND head = 'median'));
