-- SPDX-License-Identifier: PostgreSQL
-- psql -v part=0|1: trains its half of the persons.
CREATE FUNCTION pg_temp.train(who uuid, purpose text, asked text, options jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  r glucose.training_result;
BEGIN
  r := glucose.train_model(who, 'glucose', asked, options);
  INSERT INTO bench.training
    SELECT who, purpose, asked, r.version, r.algorithm, v.status = 'rejected', r.n_train, r.n_validation,
           max((c ->> 'validation_rmse')::float8) FILTER (WHERE c ->> 'algorithm' = r.algorithm),
           max((c ->> 'validation_rmse')::float8) FILTER (WHERE c ->> 'algorithm' = 'persistence'),
           r.quality_issues, r.training_ms
    FROM glucose.model_version v, jsonb_array_elements(v.metadata -> 'candidates') c
    WHERE v.person_id = who AND v.model_type = 'glucose' AND v.version = r.version
    GROUP BY v.status;
EXCEPTION WHEN SQLSTATE 'MG002' THEN
  INSERT INTO bench.training (person_id, purpose, asked, error) VALUES (who, purpose, asked, SQLERRM);
END $$;

\o /dev/null
SELECT pg_temp.train(person_id, 'whole history', 'auto', '{}') FROM bench.person WHERE part = :part ORDER BY label;
SELECT pg_temp.train(person_id, 'first 70 %', algorithm,
                     jsonb_build_object('end_at', end_at, 'min_days', 3, 'min_meals', 15, 'deploy', true))
FROM bench.person CROSS JOIN glucose.algorithms() a WHERE part = :part AND end_at IS NOT NULL
ORDER BY label, algorithm <> 'persistence';
