-- SPDX-License-Identifier: PostgreSQL
-- More trainings than the queue should have, while no worker takes any.
INSERT INTO training_job (person_id, model_type, algorithm, options, requested_by, identity, queued_at)
SELECT p.person_id, 'glucose', 'mean', '{"deploy": false}', 'app', 'app', now()
FROM week.person p, generate_series(1, :'jobs'::integer / (SELECT count(*)::integer FROM week.person) + 1) n;
