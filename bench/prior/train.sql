-- SPDX-License-Identifier: PostgreSQL
-- psql -v data=DIR: the artifact, in hexadecimal, of a linear population model of everybody in the folder.
SET client_min_messages = warning;
\ir ../load/load.sql
UPDATE glucose.person SET shares_data = true;
\ir artifact.sql
