-- SPDX-License-Identifier: PostgreSQL
-- psql -v source=NAME: the artifact, in hexadecimal, of a linear population model of everybody of the other sources, which
-- print_prior makes what is known beforehand of.
SET client_min_messages = warning;
UPDATE glucose.person g SET shares_data = p.source <> :'source' FROM bench.person p WHERE p.person_id = g.person_id;
SELECT version FROM glucose.train_population_model('glucose', 'ridge', '{"horizons": [15, 30, 45, 60, 75, 90, 105, 120, 135, 150, 165, 180]}') \gset
SELECT encode(artifact, 'hex') FROM glucose.population_model WHERE model_type = 'glucose' AND version = :'version';
DELETE FROM glucose.population_model;
