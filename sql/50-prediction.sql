-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.predict_glucose(meal_id uuid, options jsonb DEFAULT '{}', person_id uuid DEFAULT NULL)
RETURNS jsonb
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_predict_glucose';
COMMENT ON FUNCTION glucose.predict_glucose(uuid, jsonb, uuid) IS
'Forecasts glucose after a stored meal: one document with intervals, confidence, provenance and disclaimer. Logs '
'the answer in prediction.';

CREATE FUNCTION glucose.predict_meal(person_id uuid, meal jsonb, options jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_predict_meal';
COMMENT ON FUNCTION glucose.predict_meal(uuid, jsonb, jsonb) IS
'As predict_glucose(), for a meal that is not stored.';

CREATE FUNCTION glucose.glucose_forecast(meal_id uuid, options jsonb DEFAULT '{}', person_id uuid DEFAULT NULL)
RETURNS TABLE (minutes_ahead integer, at timestamptz, mg_dl real, lower real, upper real, confidence text,
               confidence_score real, model_version text)
LANGUAGE c STABLE PARALLEL SAFE ROWS 2 COST 10000 AS 'MODULE_PATHNAME', 'glucose_glucose_forecast';
COMMENT ON FUNCTION glucose.glucose_forecast(uuid, jsonb, uuid) IS
'The forecast of predict_glucose() as rows, one per horizon, in mg/dL; writes nothing. Show disclaimer() with it.';

CREATE FUNCTION glucose.cgm_forecast(person_id uuid, at timestamptz, options jsonb DEFAULT '{}')
RETURNS TABLE (minutes_ahead integer, at timestamptz, mg_dl real, lower real, upper real, confidence text,
               confidence_score real, model_version text)
LANGUAGE c STABLE PARALLEL SAFE ROWS 12 COST 10000 AS 'MODULE_PATHNAME', 'glucose_cgm_forecast';
COMMENT ON FUNCTION glucose.cgm_forecast(uuid, timestamptz, jsonb) IS
'Forecasts glucose (mg/dL) at a moment from the readings measured and recorded by then; writes nothing. Show '
'disclaimer() with it.';

CREATE FUNCTION glucose.predict_cgm(person_id uuid, at timestamptz DEFAULT now(), options jsonb DEFAULT '{}')
RETURNS jsonb
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_predict_cgm';
COMMENT ON FUNCTION glucose.predict_cgm(uuid, timestamptz, jsonb) IS
'Forecasts glucose from readings alone: the document of predict_glucose() for the forecast of cgm_forecast(). Logs '
'the answer in prediction.';

CREATE FUNCTION glucose.glucose_forecast_json(meal_id uuid, options jsonb DEFAULT '{}', person_id uuid DEFAULT NULL)
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN glucose.rows_with_disclaimer(options, (SELECT jsonb_agg(f) FROM glucose.glucose_forecast(
    glucose_forecast_json.meal_id, glucose_forecast_json.options, glucose_forecast_json.person_id) f));
END
$fn$;
COMMENT ON FUNCTION glucose.glucose_forecast_json(uuid, jsonb, uuid) IS
'The rows of glucose_forecast() with the disclaimer, as one document.';

CREATE FUNCTION glucose.cgm_forecast_json(person_id uuid, at timestamptz, options jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN glucose.rows_with_disclaimer(options, (SELECT jsonb_agg(f) FROM glucose.cgm_forecast(
    cgm_forecast_json.person_id, cgm_forecast_json.at, cgm_forecast_json.options) f));
END
$fn$;
COMMENT ON FUNCTION glucose.cgm_forecast_json(uuid, timestamptz, jsonb) IS
'The rows of cgm_forecast() with the disclaimer, as one document.';

CREATE FUNCTION glucose.rows_with_disclaimer(options jsonb, forecast jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN jsonb_build_object('rows', coalesce(forecast, '[]'),
                            'unit', CASE lower(options ->> 'unit') WHEN 'mmol/l' THEN 'mmol/L' ELSE 'mg/dL' END,
                            'disclaimer', glucose.disclaimer(coalesce(options ->> 'lang', 'en')));
END
$fn$;
COMMENT ON FUNCTION glucose.rows_with_disclaimer(jsonb, jsonb) IS
'Internal: part of the twins in JSON of functions that forecast in rows: rows and disclaimer, in the language of '
'the option lang.';
