-- SPDX-License-Identifier: PostgreSQL
-- psql -v source=NAME: the artifact, in hexadecimal, of a linear population model of everybody of the other sources, which
-- print_prior makes what is known beforehand of.
SET client_min_messages = warning;
UPDATE glucose.person g SET shares_data = p.source <> :'source' FROM bench.person p WHERE p.person_id = g.person_id;
\ir ../../prior/artifact.sql
DELETE FROM glucose.population_model;
