-- SPDX-License-Identifier: PostgreSQL
-- Workers that have just ended their last job may still hold locks on the tables: let them go first.
DO $$
BEGIN
  FOR i IN 1 .. 200 LOOP
    PERFORM pg_stat_clear_snapshot();
    EXIT WHEN NOT EXISTS (SELECT FROM pg_stat_activity
      WHERE backend_type = 'pg_glucose training' AND datname = current_database());
    PERFORM pg_sleep(0.05);
  END LOOP;
END $$;
