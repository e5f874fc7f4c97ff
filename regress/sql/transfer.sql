-- SPDX-License-Identifier: PostgreSQL
-- Models as values: out, away, back in with the same answers; whatever is damaged or not of us is refused and stores
-- nothing.
\getenv here PG_ABS_SRCDIR
\set test transfer
\i :here/include/begin.sql
SET ROLE anna;
SELECT simulate_person(81, 25) AS person \gset
SELECT count(*) AS trained FROM unnest('{mean,ridge,lstm}'::text[]) a,
  train_model(:'person', algorithm => a, options => '{"epochs": 3, "hidden": [8]}') t WHERE t.version IS NOT NULL;
CREATE TEMP TABLE exported AS SELECT version, algorithm, export_model(:'person', 'glucose', version) AS artifact
  FROM list_model_versions(:'person');
CREATE TEMP TABLE answers AS SELECT e.version, m.meal_id, f.minutes_ahead, f.mg_dl, f.lower, f.upper
  FROM exported e, (SELECT meal_id FROM meal ORDER BY eaten_at DESC LIMIT 20) m,
  glucose_forecast(m.meal_id, jsonb_build_object('version', e.version)) f;
SELECT export_model(:'person', 'glucose') = (SELECT artifact FROM exported
  WHERE version = active_model_version(:'person')) AS active_unless_named;

-- Export, drop, import: the same bits, whoever they go to.
SELECT simulate_person(82, 25) AS other \gset
CREATE TEMP TABLE imported AS SELECT e.version AS was, import_model(:'person', e.artifact) AS version,
  import_model(:'other', e.artifact) AS of_other FROM exported e;
SELECT count(*) AS versions, count(*) FILTER (WHERE is_active) AS active FROM list_model_versions(:'other');
SELECT deploy_model(:'person', 'glucose', version, 'back') IS NOT NULL AS deployed FROM imported WHERE was = '1.1.0';
SELECT count(delete_model(:'person', 'glucose', version)) AS deleted FROM exported;
SELECT invalidate_cache() >= 0 AS cache_emptied;
SELECT count(*) AS answers, bool_and(a.mg_dl = f.mg_dl AND a.lower = f.lower AND a.upper = f.upper) AS bit_equal
FROM answers a JOIN imported i ON i.was = a.version,
  glucose_forecast(a.meal_id, jsonb_build_object('version', i.version)) f WHERE f.minutes_ahead = a.minutes_ahead;
SELECT algorithm, n_train, rmse, status, is_production_ready, quality_issues FROM list_model_versions(:'other')
  ORDER BY algorithm;

-- Ten thousand damaged ones: bytes changed, cut off, added, taken out. All are refused with MG003, and nothing is
-- stored.
CREATE TEMP TABLE refusal (sqlstate text, n integer);
SELECT setseed(0.5) IS NOT NULL AS seeded;
DO $$
DECLARE
  whole bytea[] := (SELECT array_agg(artifact ORDER BY version) FROM exported);
  person uuid := (SELECT person_id FROM meal LIMIT 1);
  one bytea;
  at integer;
  counts jsonb := '{}';
BEGIN
  FOR i IN 1 .. 10000 LOOP
    one := whole[1 + i % 3];
    at := floor(random() * length(one));
    CASE i % 4
      WHEN 0 THEN one := set_byte(one, at, (get_byte(one, at) + 1 + floor(random() * 255)::integer) % 256);
      WHEN 1 THEN one := substr(one, 1, at);
      WHEN 2 THEN one := one || set_byte('\x00', 0, floor(random() * 256)::integer);
      ELSE one := substr(one, 1, at) || substr(one, at + 2);
    END CASE;
    BEGIN
      PERFORM glucose.import_model(person, one);
      counts := jsonb_set(counts, '{stored}', to_jsonb(coalesce((counts -> 'stored')::integer, 0) + 1));
    EXCEPTION WHEN OTHERS THEN
      counts := jsonb_set(counts, ARRAY[SQLSTATE], to_jsonb(coalesce((counts -> SQLSTATE)::integer, 0) + 1));
    END;
  END LOOP;
  INSERT INTO refusal SELECT key, value::integer FROM jsonb_each_text(counts);
END $$;
SELECT * FROM refusal;
SELECT count(*) AS versions FROM model_version;

-- Wrong input, and somebody else's.
SELECT test.expect(format('SELECT import_model(%L, %L)', :'person', '\x'::bytea));
SELECT test.expect(format('SELECT import_model(%L, NULL)', :'person'));
SELECT test.expect(format('SELECT import_model(%L, ''\x00'', ''{"deploy": "yes"}'')', :'person'));
SELECT test.expect(format('SELECT import_model(%L, ''\x00'', ''{"model_type": "cgm"}'')', :'person'));
SELECT test.expect(format('SELECT import_model(%L, ''\x00'', ''{"force": true}'')', :'person'));
SELECT test.expect(format('SELECT export_model(%L, ''glucose'', ''7.7.7'')', :'person'));
SELECT test.expect(format('SELECT export_model(%L, ''glucose'')', simulate_person(83, 2)));
SET ROLE ben;
SELECT test.expect(format('SELECT export_model(%L, ''glucose'')', :'person')) = format('P0002 person %s not found',
  :'person') AS not_his;
BEGIN READ ONLY;
SELECT test.expect(format('SELECT import_model(%L, ''\x00'')', :'person')) AS read_only;
ROLLBACK;
