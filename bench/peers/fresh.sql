-- SPDX-License-Identifier: PostgreSQL
-- A database with as many persons of role app as the other one, and no reading yet.
SET client_min_messages = warning;
SELECT glucose.grant_access('app');
CREATE SCHEMA bench;
SET ROLE app;
INSERT INTO glucose.person (owner) SELECT 'app' FROM generate_series(1, :persons);
RESET ROLE;
CREATE TABLE bench.sensor AS SELECT row_number() OVER ()::int AS n, person_id FROM glucose.person;
ALTER TABLE bench.sensor ADD PRIMARY KEY (n);
GRANT SELECT ON bench.sensor TO PUBLIC;
VACUUM ANALYZE;
