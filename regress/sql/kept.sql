-- SPDX-License-Identifier: PostgreSQL
-- What a session keeps of persons between forecasts: the same answers to the bit, whatever happens to the rows. One
-- person
-- is served by a model of its own, one by the population's. `./dev histories` goes through many more.
\getenv here PG_ABS_SRCDIR
\set test kept
\i :here/include/begin.sql
CREATE EXTENSION dblink;
SET ROLE anna;
SELECT count(simulate_person(seed, 25, 't2d')) AS sharing FROM generate_series(21, 24) seed;
UPDATE person SET shares_data = true;
SET ROLE ben;
SELECT simulate_person(31, 45, 't2d') AS one, simulate_person(32, 45, 't1d') AS two \gset
SET ROLE dora;
SELECT version FROM train_population_model(algorithm => 'ridge');
SET ROLE ben;
SELECT version FROM train_model(:'one', 'glucose', 'personal', '{"end_at": "2026-02-10"}');
SELECT count(*) > 0 AS marked, bool_and(rows_until > '2026-02-10') AS to_the_end FROM serving_mark
  WHERE rows_until IS NOT NULL;
RESET ROLE;
\if :{?more_histories}
\else
  \set more_histories 20
  \set more_seed 7
\endif
SELECT set_config('test.persons', ARRAY[:'one', :'two']::text, false) IS NOT NULL AS persons,
  set_config('test.connection', format('dbname=%L host=%s port=%s', current_database(),
    current_setting('unix_socket_directories'), current_setting('port')), false) IS NOT NULL AS connection,
  set_config('test.role', 'ben', false) AS role, set_config('test.seed', :'more_seed', false) AS seed,
  set_config('test.histories', :'more_histories', false) AS histories;
\set ECHO none
\i :here/../scripts/histories.sql
\set ECHO all
