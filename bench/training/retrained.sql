-- SPDX-License-Identifier: PostgreSQL
-- psql -v meals=N: one row: meals, persons retrained, seconds until the last was done, persons a minute.
SELECT clock_timestamp() AS started \gset
SELECT glucose.batch_retrain() AS queued \gset
DO $wait$
BEGIN
  WHILE EXISTS (SELECT FROM glucose.training_job WHERE state IN ('queued', 'running')) LOOP
    PERFORM pg_sleep(0.05);
    COMMIT;
  END LOOP;
END
$wait$;
WITH done AS (SELECT count(*) AS n, max(finished_at) AS at FROM glucose.training_job WHERE state = 'done')
SELECT :meals, n, round(s, 2), round(60 * n / s)
FROM done, LATERAL (SELECT extract(epoch FROM at - :'started'::timestamptz) AS s) AS t;
