-- SPDX-License-Identifier: PostgreSQL
-- forget_person(): all of a person goes at once, by whom it belongs to, and what remains is said.
\getenv here PG_ABS_SRCDIR
\set test erasure
\i :here/include/begin.sql
SELECT current_setting('data_directory') || '/pgg_erasure_key' AS key_file \gset
COPY (SELECT repeat('0123456789abcdef', 4)) TO :'key_file';
ALTER DATABASE test_erasure SET glucose.audit_key_file = 'pgg_erasure_key';
\c
SET search_path = glucose, public;
SET client_min_messages = warning;
SELECT add_steward('dora');
INSERT INTO person DEFAULT VALUES RETURNING person_id AS one \gset
-- Whatever table has persons is counted; nobody reads who is in a population.
SELECT array_agg(c.relname ORDER BY c.relname) AS not_counted
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'person_id'
WHERE c.relnamespace = 'glucose'::regnamespace AND c.relkind IN ('r', 'p')
  AND NOT rows_of_person(:'one') ? c.relname;
DELETE FROM person;

SET ROLE anna;
SELECT test.eater(1, 30) AS ada, test.eater(2, 30) AS amy \gset
UPDATE person SET shares_data = true;
SELECT count(train_model(p, algorithm => 'ridge', options => '{"deploy": true}'))
  FROM unnest(ARRAY[:'ada', :'amy']::uuid[]) p;
SELECT count(predict_glucose(meal_id)) FROM (SELECT meal_id FROM meal WHERE person_id = :'ada' LIMIT 5) m;
SELECT count(predict_glucose(meal_id)) FROM (SELECT meal_id FROM meal WHERE person_id = :'amy' LIMIT 5) m;
INSERT INTO person_access (person_id, identity, level) VALUES (:'ada', 'cara', 'manage');
RESET ROLE;
INSERT INTO batch_answer (person_id, job_id, place, id) SELECT p, gen_random_uuid(), 1, p
  FROM unnest(ARRAY[:'ada', :'amy']::uuid[]) p;
SET ROLE ben;
SELECT test.eater(3, 30) AS bob \gset
UPDATE person SET shares_data = true;
SET ROLE dora;
SELECT version FROM train_population_model('glucose', 'ridge');
SELECT seals, sealed_rows FROM seal_log();
-- By nobody else, and not by mistake.
SET ROLE ben;
SELECT test.expect(format('SELECT glucose.forget_person(%L, %L)', :'ada', :'ada')) = format('P0002 person %s not found',
  :'ada') AS anothers;
SELECT left(test.expect('SELECT glucose.forget_person(gen_random_uuid(), ''x'')'), 5) AS nobodys,
  test.expect('SELECT glucose.forget_person(NULL, NULL)') AS of_null;
SET ROLE cara;
SELECT left(test.expect(format('SELECT glucose.forget_person(%L, %L)', :'ada', :'ada')), 5) AS shared;
SET ROLE dora;
SELECT left(test.expect(format('SELECT glucose.forget_person(%L, %L)', :'ada', :'ada')), 5) AS steward;
SET ROLE anna;
SELECT test.expect(format('SELECT glucose.forget_person(%L, %L)', :'ada', 'yes')) AS not_confirmed,
  left(test.expect(format('SELECT glucose.forget_person(%L, NULL)', :'ada')), 5) AS null_confirmed;
SET ROLE cara;
SELECT left(test.expect(format('SELECT * FROM glucose.erase_person(%L)', :'ada')), 5) AS a_part_of_it;
SET ROLE anna;
SELECT quality_issues FROM population_model;
-- Undone.
BEGIN;
SELECT forget_person(:'ada', :'ada') -> 'deleted' -> 'person' AS deleted;
ROLLBACK;
SELECT count(*) AS there FROM meal WHERE person_id = :'ada' HAVING count(*) > 50;
SELECT quality_issues FROM population_model;
-- Done.
SELECT forget_person(:'ada', :'ada') AS done \gset
SELECT key, value::integer > 0 AS some FROM jsonb_each_text(:'done'::jsonb -> 'deleted') WHERE value <> '0' ORDER BY 1;
SELECT :'done'::jsonb - 'deleted' - 'person_id' - 'remains' AS told, jsonb_array_length(:'done'::jsonb -> 'remains') > 3
  AS remains;
SELECT :'done'::jsonb #> '{deleted,batch_answer}' AS batch_answers;
SELECT left(test.expect(format('SELECT glucose.forget_person(%L, %L)', :'ada', :'ada')), 5) AS again;
RESET ROLE;
CREATE FUNCTION test.rows_with(id uuid) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  relation regclass;
  n bigint;
  found text := '';
BEGIN
  FOR relation IN SELECT oid FROM pg_class WHERE relnamespace = 'glucose'::regnamespace AND relkind IN ('r', 'p') LOOP
    EXECUTE format('SELECT count(*) FROM %s t WHERE t::text LIKE %L', relation, '%' || id || '%') INTO n;
    IF n > 0 THEN found := found || relation || ' '; END IF;
  END LOOP;
  RETURN found;
END
$$;
SELECT test.rows_with(:'ada') AS gone, test.rows_with(:'amy') <> '' AS the_other_is_there;
-- The log of the others verifies, and the seal of the person is nobody's.
SET ROLE dora;
SELECT count(*) AS wrong FROM verify_seals();
SELECT count(*) AS wrong FROM verify_log(:'amy');
RESET ROLE;
SELECT count(*) AS seals, count(*) FILTER (WHERE subject IS NULL) AS released FROM audit_seal;
-- The next one is counted with it; a superuser may, too; what says so does not pile up.
SELECT jsonb_path_query_array(forget_person(:'bob', :'bob'), '$.population_models') AS models;
SELECT quality_issues FROM population_model;
-- What is left for the owner of the tables.
SET ROLE anna;
SELECT left(test.expect('SELECT * FROM glucose.purge_remains()'), 5) AS by_others;
RESET ROLE;
SELECT count(*) > 15 AS relations, bool_and(to_run LIKE 'VACUUM (FULL%' OR to_run LIKE 'VACUUM FULL pg\_%') AS runs
FROM purge_remains();
SELECT count(*) AS in_statistics FROM pg_stats WHERE schemaname = 'glucose'
  AND (most_common_vals::text || histogram_bounds::text) LIKE '%' || :'ada' || '%';
-- Through views over an application's tables, which no foreign key binds and which may have columns of their own.
CREATE TABLE public.own_reading AS SELECT person_id, measured_at, mg_dl, recorded_at FROM glucose_reading;
CREATE TABLE public.own_meal AS SELECT *, gen_random_uuid() AS id FROM meal;
GRANT ALL ON public.own_reading, public.own_meal TO anna;
DROP TABLE glucose.meal, glucose.glucose_reading CASCADE;
CREATE VIEW glucose.meal WITH (security_invoker) AS SELECT * FROM public.own_meal
  WHERE person_id = ANY (glucose.visible_persons());
CREATE VIEW glucose.glucose_reading WITH (security_invoker) AS SELECT DISTINCT * FROM public.own_reading
  WHERE person_id = ANY (glucose.visible_persons());
SELECT setup() IS NOT NULL AS set_up, grant_access('anna');
SET ROLE anna;
SELECT done -> 'deleted' -> 'meal' AS meals, done -> 'remains' -> -1 AS said
FROM forget_person(:'amy', :'amy') done;
RESET ROLE;
SELECT (SELECT count(*) FROM person) AS persons,
  (SELECT count(*) FROM public.own_meal WHERE person_id = :'amy') AS meals_beneath,
  (SELECT count(*) > 0 FROM public.own_reading) AS readings_beneath;
