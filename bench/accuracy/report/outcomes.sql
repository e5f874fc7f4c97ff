-- SPDX-License-Identifier: PostgreSQL
-- Every forecast beside what happened; own: the person had a model of its own.
CREATE TABLE bench.result AS
  SELECT s.*, p.source, p.fold, u.eaten_at, u.last, o.happened, s.mg_dl - o.happened AS error,
         EXISTS (SELECT FROM bench.training t WHERE t.person_id = s.person_id AND t.variant = s.variant AND t.asked = 'auto'
                 AND t.version IS NOT NULL) AS own
  FROM bench.score s JOIN bench.person p USING (person_id) JOIN bench.usable u USING (person_id, meal_id),
       LATERAL (SELECT u.targets[CASE s.minutes_ahead WHEN 60 THEN 1 ELSE 2 END]::float8 AS happened) o;
ANALYZE bench.result;
