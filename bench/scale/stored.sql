-- SPDX-License-Identifier: PostgreSQL
-- What scale.py's part "stored" asks for: rows to import, of as much as the longest life has; a model, sums of three weeks and
-- old answers, signed and sealed, of everybody, as copies of that person's. Their signatures are as long as real ones.
CREATE TABLE bench.longest AS SELECT person_id FROM bench.person ORDER BY years DESC NULLS LAST LIMIT 1;
INSERT INTO glucose.person (person_id, owner, diabetes_type, created_at) VALUES (glucose.key('new'), 'app', 't2d', '2000-01-01');
CREATE TABLE bench.given AS
  SELECT glucose.key('new') AS person_id, r.*, m.meals, d.days
  FROM (SELECT array_agg(measured_at ORDER BY measured_at) AS at, array_agg(measured_at ORDER BY measured_at DESC) AS at_backwards,
               array_agg(mg_dl::real ORDER BY measured_at) AS mg_dl, (array_agg((mg_dl + 1)::real ORDER BY measured_at))[:200000] AS corrected
        FROM (SELECT measured_at, least(mg_dl, 400) AS mg_dl FROM glucose.glucose_reading JOIN bench.longest USING (person_id)
              ORDER BY measured_at DESC LIMIT 1000000) newest) r,
       (SELECT jsonb_agg(jsonb_build_object('eaten_at', eaten_at, 'meal_type', meal_type, 'carbs_g', carbs_g)) AS meals
        FROM glucose.meal JOIN bench.longest USING (person_id)) m,
       (SELECT jsonb_agg(jsonb_build_object('day', current_date - day, 'metric', metric, 'value', 50)) AS days
        FROM generate_series(1, 3650) day, unnest('{STEPS,STRAIN,SLEEP_DURATION}'::text[]) metric) d;
GRANT SELECT ON bench.given, bench.longest TO app;

SET ROLE app;
SELECT glucose.train_model(person_id, 'glucose', 'ridge', '{"deploy": true}') FROM bench.longest;
SELECT count(glucose.predict_glucose(m.meal_id, person_id => m.person_id))
FROM (SELECT * FROM glucose.meal JOIN bench.longest USING (person_id) ORDER BY eaten_at DESC LIMIT 20) m;
RESET ROLE;
CREATE TABLE bench.answer AS SELECT row_number() OVER () AS i, p.* FROM glucose.prediction p;
DELETE FROM glucose.prediction;
UPDATE bench.answer SET seal_no = NULL, values_digest = sha256(values_digest);
DO $$
DECLARE
  members bigint := (SELECT max(member) FROM bench.person);
  columns_of CONSTANT text := 'SELECT string_agg(quote_ident(attname), '', '') FROM pg_attribute
    WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped AND attname <> ALL ($2)';
  columns text;
BEGIN
  EXECUTE columns_of INTO columns USING 'glucose.model_version'::regclass, '{person_id}'::name[];
  EXECUTE format('INSERT INTO glucose.model_version (person_id, %1$s)
    SELECT b.person_id, %2$s FROM glucose.model_version v JOIN bench.longest USING (person_id), bench.person b WHERE b.member > 0',
    columns, regexp_replace(columns, '(^|, )', '\1v.', 'g'));
  INSERT INTO glucose.performance_log (person_id, model_type, day, source, version, minutes_ahead, n, sum_error, sum_absolute, sum_squared,
                                       n_inside, sum_level)
    SELECT b.person_id, 'glucose', current_date - d, 'personal', v.version, h, 4, sin(b.member + d) * 20, 60, 1200, 4 - (b.member + d) % 8 / 7, 3.6
    FROM bench.person b, generate_series(1, 21) d, unnest('{60,120}'::integer[]) h,
         (SELECT version FROM glucose.model_version JOIN bench.longest USING (person_id)) v WHERE b.member > 0;
  -- Every fortieth is of the longest life.
  EXECUTE columns_of INTO columns USING 'glucose.prediction'::regclass, '{person_id,prediction_id,issued_at,mac}'::name[];
  EXECUTE format('INSERT INTO glucose.prediction (person_id, prediction_id, issued_at, mac, %1$s)
    SELECT CASE WHEN n %% 40 = 0 THEN a.person_id ELSE glucose.key(''member '' || 1 + n %% %2$s) END, gen_random_uuid(),
           now() - interval ''400 days'' + n * (interval ''360 days'' / 200000), sha256(int8send(n)), %1$s
    FROM generate_series(1, 200000::bigint) n JOIN bench.answer a ON a.i = 1 + n %% (SELECT count(*) FROM bench.answer)', columns, members);
END
$$;
ANALYZE;
