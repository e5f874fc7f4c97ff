-- SPDX-License-Identifier: PostgreSQL
-- The artifact, in hexadecimal, of a linear population model of everybody who shares.
SELECT version FROM glucose.train_population_model('glucose', 'ridge', '{"horizons": [15, 30, 45, 60, 75, 90, 105, 120, 135, 150, 165, 180]}') \gset
SELECT encode(artifact, 'hex') FROM glucose.population_model WHERE model_type = 'glucose' AND version = :'version';
