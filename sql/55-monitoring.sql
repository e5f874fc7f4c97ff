-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.live_accuracy(person_id uuid, model_type text DEFAULT 'glucose',
  since timestamptz DEFAULT '-infinity', OUT version text, OUT minutes_ahead integer, OUT n bigint, OUT mae real,
  OUT rmse real, OUT bias real, OUT coverage real, OUT source text) RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
BEGIN
  PERFORM glucose.require_person(live_accuracy.person_id);
  IF live_accuracy.model_type IS NULL OR live_accuracy.since IS NULL THEN
    RAISE EXCEPTION 'argument "%" must not be null',
      CASE WHEN live_accuracy.since IS NULL THEN 'since' ELSE 'model_type' END
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  RETURN QUERY
    SELECT o.version, o.minutes_ahead, count(*), avg(abs(o.mg_dl - o.outcome))::real,
           sqrt(avg((o.mg_dl - o.outcome) ^ 2))::real, avg(o.mg_dl - o.outcome)::real,
           avg((o.outcome BETWEEN o.lower AND o.upper)::integer)::real, o.source
    FROM glucose.prediction_outcome o
    WHERE o.person_id = live_accuracy.person_id AND o.model_type = live_accuracy.model_type
      AND o.at >= live_accuracy.since AND o.outcome IS NOT NULL AND NOT o.in_training
    GROUP BY o.version, o.minutes_ahead, o.source
    ORDER BY string_to_array(o.version, '.')::integer[], o.source, o.minutes_ahead;
END
$fn$;
COMMENT ON FUNCTION glucose.live_accuracy(uuid, text, timestamptz) IS
'How good the forecasts served to the person were, by version and horizon: errors in mg/dL, and the share of '
'outcomes inside the 90 % interval.';
