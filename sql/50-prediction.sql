-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.predict_glucose(meal_id uuid, options jsonb DEFAULT '{}', person_id uuid DEFAULT NULL)
RETURNS jsonb
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_predict_glucose';
COMMENT ON FUNCTION glucose.predict_glucose(uuid, jsonb, uuid) IS
'Forecasts glucose after a stored meal: predictions with interval and confidence, provenance, disclaimer; logs the answer in prediction unless the transaction is read-only. Options: model_type, version, level of the interval (0.9; 0.01 to 0.99), lang, log. Errors: 28000, P0002, 22023, 22003, MG001 without a model, MG002 without a reading, MG003 for a model that does not fit, 55000 for a version that was rejected. Informational only.';

CREATE FUNCTION glucose.predict_meal(person_id uuid, meal jsonb, options jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_predict_meal';
COMMENT ON FUNCTION glucose.predict_meal(uuid, jsonb, jsonb) IS
'As predict_glucose, for a meal that is not stored: {calories, carbs_g, protein_g, fat_g, fiber_g, meal_type, eaten_at}. A nutrient left out or null is not known; eaten_at is now and meal_type follows the person''s clock unless given.';

CREATE FUNCTION glucose.glucose_forecast(meal_id uuid, options jsonb DEFAULT '{}', person_id uuid DEFAULT NULL)
RETURNS TABLE (minutes_ahead integer, at timestamptz, mg_dl real, lower real, upper real, confidence text,
               confidence_score real, model_version text)
LANGUAGE c STABLE PARALLEL SAFE ROWS 2 COST 1000 AS 'MODULE_PATHNAME', 'glucose_glucose_forecast';
COMMENT ON FUNCTION glucose.glucose_forecast(uuid, jsonb, uuid) IS
'The forecast of predict_glucose as rows, one per horizon, in mg/dL; writes nothing, for joins and analysts. Options as predict_glucose, and head: mg_dl is the median or the mean; the interval holds it. confidence_score: probability that the outcome is within 20 mg/dL or 20 % (the larger) of the median. Show glucose.disclaimer() with it.';

CREATE FUNCTION glucose.cgm_forecast(person_id uuid, at timestamptz, options jsonb DEFAULT '{}')
RETURNS TABLE (minutes_ahead integer, at timestamptz, mg_dl real, lower real, upper real, confidence text,
               confidence_score real, model_version text)
LANGUAGE c STABLE PARALLEL SAFE ROWS 12 COST 1000 AS 'MODULE_PATHNAME', 'glucose_cgm_forecast';
COMMENT ON FUNCTION glucose.cgm_forecast(uuid, timestamptz, jsonb) IS
'Forecasts glucose (mg/dL) at a moment from the readings measured and recorded by then, every 5 minutes up to 60; writes nothing. The person''s model of type cgm answers, else the population''s. confidence as in predict_glucose, low when the last reading is older than 15 minutes; confidence_score: probability that the outcome is within 20 mg/dL or 20 % (the larger) of mg_dl. Options: minutes (up to 120, or a list), level of the interval (0.9), head (median or mean), version. Errors: P0002, 22023, MG001 without a model, MG002 when the last reading is older than an hour. Show glucose.disclaimer() with it.';

CREATE FUNCTION glucose.predict_cgm(person_id uuid, at timestamptz DEFAULT now(), options jsonb DEFAULT '{}')
RETURNS jsonb
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_predict_cgm';
COMMENT ON FUNCTION glucose.predict_cgm(uuid, timestamptz, jsonb) IS
'The forecast of cgm_forecast as a document like that of predict_glucose: predictions with interval and confidence, provenance, disclaimer; logs the answer in prediction unless the transaction is read-only. Options: those of cgm_forecast, lang and log. Informational only.';

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
'{"rows": those of glucose_forecast, "disclaimer"}.';

CREATE FUNCTION glucose.cgm_forecast_json(person_id uuid, at timestamptz, options jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN glucose.rows_with_disclaimer(options, (SELECT jsonb_agg(f) FROM glucose.cgm_forecast(
    cgm_forecast_json.person_id, cgm_forecast_json.at, cgm_forecast_json.options) f));
END
$fn$;
COMMENT ON FUNCTION glucose.cgm_forecast_json(uuid, timestamptz, jsonb) IS '{"rows": those of cgm_forecast, "disclaimer"}.';

CREATE FUNCTION glucose.rows_with_disclaimer(options jsonb, forecast jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN jsonb_build_object('rows', coalesce(forecast, '[]'),
                            'disclaimer', glucose.disclaimer(coalesce(options ->> 'lang', 'en')));
END
$fn$;
COMMENT ON FUNCTION glucose.rows_with_disclaimer(jsonb, jsonb) IS
'Part of the twins in JSON of functions that forecast in rows: {"rows", "disclaimer"}, in the language of the option lang.';
