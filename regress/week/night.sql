-- SPDX-License-Identifier: PostgreSQL
-- Every night: what forecasts came to, what serves against what could, and drift; the workers do what that has queued.
SET ROLE night;
SELECT note_performance() \g /dev/null
CALL check_models();
INSERT INTO week.drift SELECT now(), d.* FROM check_and_handle_drift() d;
RESET ROLE;
CALL week.wait_for_workers();
