-- SPDX-License-Identifier: PostgreSQL
-- Workers are there again, and do what has waited.
SET ROLE app;
SELECT start_training_workers() \g /dev/null
RESET ROLE;
CALL week.wait_for_workers();
