-- SPDX-License-Identifier: PostgreSQL
-- The persons load.sql has loaded, for another session.
CREATE SCHEMA bench;
CREATE TABLE bench.loaded AS SELECT person_id, source, label FROM known_person;
