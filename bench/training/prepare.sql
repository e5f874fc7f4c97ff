-- SPDX-License-Identifier: PostgreSQL
-- psql -v persons=N -v days=N: simulated persons who share their data.
SET client_min_messages = warning;
SELECT count(glucose.simulate_person(seed, :days, (ARRAY['none', 'prediabetes', 't2d', 't1d'])[1 + seed % 4]))
FROM generate_series(1, :persons) AS seed;
UPDATE glucose.person SET shares_data = true;
VACUUM ANALYZE;
