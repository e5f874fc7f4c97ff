-- SPDX-License-Identifier: PostgreSQL
-- One row: persons, meals learnt from and tested on, seconds, what serves, error of persons left out.
SELECT clock_timestamp() AS started \gset
SELECT version FROM glucose.train_population_model('glucose', 'auto') \gset
SELECT p.n_persons, p.n_train + p.n_validation + p.n_test,
       round(extract(epoch FROM clock_timestamp() - :'started'::timestamptz), 1), p.algorithm, round(p.mae::numeric, 3)
FROM glucose.list_population_models() AS p WHERE p.version = :'version';
