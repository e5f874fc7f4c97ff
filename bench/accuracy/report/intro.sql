-- SPDX-License-Identifier: PostgreSQL
-- psql -v data=measured or empty.
SELECT format('%s persons of %s source(s)%s, %s scored meals. The last 30 %% of each person''s usable meals are scored, in time order, by'
  ' replay: at each meal the database holds what was there at that moment and nothing later. Models of a person learn from what was'
  ' there before its first scored meal; population models from the same part of the source''s other persons (five folds by a hash'
  ' of the label). No scored row is learnt from by anybody.',
  count(*), count(DISTINCT source), CASE WHEN :'data' = '' THEN ', all simulated' ELSE '' END, sum(scored))
FROM bench.person WHERE end_at IS NOT NULL;
SELECT E'\nLeft out, because this version cannot: ' || concat_ws(', ', CASE WHEN NOT population THEN 'population models (train_population_model)' END,
  CASE WHEN NOT head THEN 'the mean head (option head)' END, CASE WHEN NOT level THEN 'other levels than 90 % (option level)' END) || '.'
FROM bench.can WHERE NOT (population AND head AND level);
