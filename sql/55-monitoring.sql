-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.prediction_points(predictions jsonb)
RETURNS TABLE (minutes_ahead integer, at timestamptz, value real, lower real, upper real)
LANGUAGE c STABLE STRICT PARALLEL SAFE ROWS 2 AS 'MODULE_PATHNAME', 'glucose_prediction_points';
COMMENT ON FUNCTION glucose.prediction_points(jsonb) IS
'Internal: part of the views of outcomes: the forecasts of a logged answer as rows. What is no forecast is left out, '
'whatever it is: one bad row stops nobody''s query.';

CREATE FUNCTION glucose.outcome_of(person_id uuid, model_type text, asked_at timestamptz) RETURNS real
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 1000 AS 'MODULE_PATHNAME', 'glucose_outcome_of';
COMMENT ON FUNCTION glucose.outcome_of(uuid, text, timestamptz) IS
'Internal: part of the views of outcomes: what came of a question about a metric or an event, NULL as long as it is '
'not known.';

CREATE FUNCTION glucose.time_or_null(value text) RETURNS timestamptz
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_time_or_null';
COMMENT ON FUNCTION glucose.time_or_null(text) IS
'Internal: a moment as models note it; NULL for what is none.';

CREATE FUNCTION glucose.version_parts(version text) RETURNS integer[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN version OPERATOR(pg_catalog.~) '^[0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,9}$'
            THEN pg_catalog.string_to_array(version, '.')::pg_catalog.int4[] END;
COMMENT ON FUNCTION glucose.version_parts(text) IS
'Internal: the numbers of a version, to sort by; NULL for what is no version.';

CREATE FUNCTION glucose.live_accuracy(person_id uuid, model_type text DEFAULT 'glucose',
  since timestamptz DEFAULT '-infinity', OUT version text, OUT minutes_ahead integer, OUT n bigint, OUT mae real,
  OUT rmse real, OUT bias real, OUT coverage real, OUT source text, OUT level real) RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
BEGIN
  PERFORM glucose.require_person(live_accuracy.person_id);
  PERFORM glucose.model_type(live_accuracy.model_type);
  IF live_accuracy.model_type IS NULL OR live_accuracy.since IS NULL THEN
    RAISE EXCEPTION 'argument "%" must not be null',
      CASE WHEN live_accuracy.since IS NULL THEN 'since' ELSE 'model_type' END
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  RETURN QUERY
    SELECT o.version, o.minutes_ahead, count(*), avg(abs(o.value - o.outcome))::real,
           sqrt(avg((o.value - o.outcome) ^ 2))::real, avg(o.value - o.outcome)::real,
           avg((o.outcome BETWEEN o.lower AND o.upper)::integer)::real, o.source, o.level
    FROM (
      -- As in the view model_live_accuracy: a moment or a meal counts once.
      SELECT f.*, lag(f.asked_at) OVER (
               PARTITION BY f.version, f.source, f.minutes_ahead, f.meal_id IS NULL ORDER BY f.asked_at) AS asked_before
      FROM (SELECT DISTINCT ON (p.version, p.source, p.minutes_ahead, p.asked_at) p.*
            FROM glucose.prediction_outcome p
            WHERE p.person_id = live_accuracy.person_id AND p.model_type = live_accuracy.model_type
              AND p.at >= live_accuracy.since AND p.outcome IS NOT NULL AND NOT p.in_training
            ORDER BY p.version, p.source, p.minutes_ahead, p.asked_at, p.issued_at) f) o
    WHERE o.meal_id IS NULL OR o.asked_before IS NULL OR o.asked_at - o.asked_before > interval '15 minutes'
    GROUP BY o.version, o.minutes_ahead, o.source, o.level
    ORDER BY glucose.version_parts(o.version), o.version, o.source, o.minutes_ahead, o.level;
END
$fn$;
COMMENT ON FUNCTION glucose.live_accuracy(uuid, text, timestamptz) IS
'How good the forecasts served to the person were, by version and horizon: errors in the unit of what is forecast, and '
'coverage of the interval of the level that was asked for. A moment or a meal counts once, by the first answer.';
