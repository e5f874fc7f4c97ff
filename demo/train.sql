-- SPDX-License-Identifier: PostgreSQL
-- Trains everybody in known_person, a line each. Too little history is an answer, not a failure.
CREATE FUNCTION pg_temp.train_line(person uuid, label text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  result glucose.training_result;
  started timestamptz := clock_timestamp();
  line text := rpad(left(label, 16), 17) || lpad((SELECT count(*) FROM glucose.meal m WHERE m.person_id = person)::text,
    5);
BEGIN
  result := glucose.train_model(person);
  line := line || '   ' || rpad(result.algorithm, 12)
    || to_char(result.mae, '9990.0') || to_char(result.rmse, '9990.0')
    || to_char(extract(epoch FROM clock_timestamp() - started), '99990.0')
    || CASE WHEN result.is_production_ready THEN ''
       ELSE '   ' || replace(array_to_string(result.quality_issues, '; '), ' on test is', '') END;
  RETURN CASE WHEN length(line) > 100 THEN left(line, 99) || '…' ELSE line END;
EXCEPTION WHEN SQLSTATE 'MG002' THEN
  RETURN line || '   ' || replace(replace(SQLERRM, ' to train', ''), ' of readings', '');
END $$;

\echo '== what all have in common: train_population_model() learns from who shares data, stores weights only'
UPDATE glucose.person SET shares_data = true;
SELECT version AS population_version FROM glucose.train_population_model() \gset
SELECT format('%s persons, %s meals; RMSE of persons left out %s mg/dL, persistence %s', metadata ->> 'persons',
  n_train + n_validation + n_test,
              round((metadata #>> '{candidates,2,validation_rmse}')::numeric, 1),
              round((metadata #>> '{candidates,0,validation_rmse}')::numeric, 1)) AS population
FROM glucose.population_model WHERE model_type = 'glucose' AND version = :'population_version' \gset
\echo '  ' :population

\echo '== training, each person on top of it (at least 7 days of readings and 21 usable meals; MAE and RMSE in'
\echo '   mg/dL on the last 15 % of the meals, mean over the horizons; then what speaks against it)'
\echo 'person           meals   algorithm      MAE   RMSE seconds'
\pset tuples_only on
\pset format unaligned
SELECT format('SELECT pg_temp.train_line(%L, %L)', person_id, label) FROM known_person ORDER BY label \gexec
\pset format aligned
\pset tuples_only off
