-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.model_performance(model_type text DEFAULT 'glucose', since timestamptz DEFAULT '-infinity',
  OUT source text, OUT version text, OUT algorithm text, OUT minutes_ahead integer, OUT n_persons integer, OUT n bigint,
  OUT mae real, OUT rmse real, OUT bias real, OUT coverage real) RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
DECLARE
  fewest CONSTANT integer := 10;   -- what is said of fewer persons says something of one
BEGIN
  PERFORM glucose.model_type(model_performance.model_type);
  IF model_performance.since IS NULL THEN
    RAISE EXCEPTION 'argument "since" must not be null' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  -- Persons are the units: who asks often counts as much as anybody. A version number of one person's is not another's.
  RETURN QUERY
    WITH of_person AS (
      SELECT o.person_id, o.source, CASE o.source WHEN 'population' THEN o.version END AS version,
             coalesce(v.algorithm, p.algorithm) AS algorithm, o.minutes_ahead, count(*) AS n,
             avg(abs(o.value - o.outcome)) AS mae, avg((o.value - o.outcome) ^ 2) AS mse,
             avg(o.value - o.outcome) AS bias, avg((o.outcome BETWEEN o.lower AND o.upper)::integer) AS coverage
      FROM glucose.prediction_outcome o
      LEFT JOIN glucose.model_version v ON o.source = 'personal' AND v.person_id = o.person_id
        AND v.model_type = o.model_type AND v.version = o.version
      LEFT JOIN glucose.population_model p ON o.source = 'population' AND p.model_type = o.model_type
        AND p.version = o.version
      WHERE o.model_type = model_performance.model_type AND o.at >= model_performance.since
        AND o.outcome IS NOT NULL AND NOT o.in_training
      GROUP BY 1, 2, 3, 4, 5
    )
    SELECT q.source, q.version, q.algorithm, q.minutes_ahead, count(*)::integer, sum(q.n)::bigint,
           avg(q.mae)::real, sqrt(avg(q.mse))::real, avg(q.bias)::real, avg(q.coverage)::real
    FROM of_person q
    GROUP BY q.source, q.version, q.algorithm, q.minutes_ahead
    HAVING count(*) >= fewest
    ORDER BY q.source, glucose.version_parts(q.version) DESC, q.algorithm, q.minutes_ahead;
END
$fn$;
COMMENT ON FUNCTION glucose.model_performance(text, timestamptz) IS
'How good served forecasts were over the persons the caller sees, by source, algorithm and horizon; groups of fewer '
'than 10 persons are left out. Persons are the units: means of their means (mg/dL).';
