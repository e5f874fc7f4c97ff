-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.mark_changed_rows() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_mark_changed_rows';
COMMENT ON FUNCTION glucose.mark_changed_rows() IS
'Internal: the trigger that tells what sessions keep of a person when settled meals or readings change.';

CREATE FUNCTION glucose.setup_serving() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  relation regclass;
  trigger record;
  is_new boolean := false;
BEGIN
  -- ENABLE ALWAYS: rows that replication brings count like any. Where a view or a partitioned table is in a table's
  -- place, nothing is kept, and everything is read every time.
  FOR relation IN
    SELECT c.oid FROM pg_class c
    WHERE c.oid IN (to_regclass('glucose.meal'), to_regclass('glucose.glucose_reading')) AND c.relkind = 'r'
      AND pg_has_role(c.relowner, 'USAGE')
  LOOP
    FOR trigger IN
      SELECT t.*, e.enabled FROM (VALUES
        ('pg_glucose_changed', 'AFTER INSERT OR UPDATE OR DELETE', 'ROW'),
        ('pg_glucose_entered', 'AFTER INSERT', 'STATEMENT'),
        ('pg_glucose_emptied', 'AFTER TRUNCATE', 'STATEMENT')) AS t (name, happens, level)
      LEFT JOIN LATERAL (SELECT tgenabled AS enabled FROM pg_trigger
                         WHERE tgrelid = relation AND tgname = t.name) AS e ON true
    LOOP
      CONTINUE WHEN trigger.enabled = 'A';
      is_new := true;
      IF trigger.enabled IS NULL THEN
        EXECUTE format('CREATE TRIGGER %I %s ON %s FOR EACH %s EXECUTE FUNCTION glucose.mark_changed_rows()',
                       trigger.name, trigger.happens, relation, trigger.level);
      END IF;
      EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', relation, trigger.name);
    END LOOP;
  END LOOP;
  IF is_new THEN
    TRUNCATE glucose.serving_mark;
  END IF;
  -- A statement that forecasts after thousands of meals is worth a second process; by its size alone the table is not.
  FOR relation IN
    SELECT c.oid FROM pg_class c
    WHERE c.oid = to_regclass('glucose.meal') AND c.relkind = 'r' AND pg_has_role(c.relowner, 'USAGE')
      AND array_to_string(c.reloptions, ',') NOT LIKE '%parallel_workers%' IS NOT FALSE
  LOOP
    EXECUTE format('ALTER TABLE %s SET (parallel_workers = 2)', relation);
  END LOOP;
END
$fn$;
COMMENT ON FUNCTION glucose.setup_serving() IS
'Internal: part of setup(): the triggers by which forecasts know which rows they have read before.';

CREATE FUNCTION glucose.serving_stats(OUT persons bigint, OUT bytes bigint, OUT kept bigint, OUT read bigint,
                                      OUT begun bigint)
LANGUAGE c VOLATILE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'glucose_serving_stats';
COMMENT ON FUNCTION glucose.serving_stats() IS
'What this session keeps of persons (setting glucose.cache_size): how many and their bytes; how many forecasts used '
'kept rows, how many read all of them, and how often keeping a person''s began.';
