-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.explain_prediction(meal_id uuid, minutes_ahead integer, options jsonb DEFAULT '{}', person_id uuid DEFAULT NULL)
RETURNS TABLE (feature text, value real, contribution real)
LANGUAGE c STABLE PARALLEL SAFE ROWS 64 COST 1000 AS 'MODULE_PATHNAME', 'glucose_explain_prediction';
COMMENT ON FUNCTION glucose.explain_prediction(uuid, integer, jsonb, uuid) IS
'Why glucose_forecast says what it says after a stored meal at one horizon. The first row is baseline: value is what the model says of an average moment (mg/dL), contribution is 0. Then what each feature adds in mg/dL, the largest first: baseline and contributions sum to the forecast. value is the feature as the model sees it, NULL when not known. earlier_meals: what the person''s own meals add (value: what they led to expect); low_glucose: what keeps glucose from falling as low as the features say; typical_outcome: the median minus the mean; limit: where a forecast ends at 20 or 600. Options as glucose_forecast. It describes the model, not causes. Errors: P0002, 22023 (also for a horizon the model does not have), MG001, MG002, MG003. Show glucose.disclaimer() with it.';

CREATE FUNCTION glucose.explain_forecast(person_id uuid, at timestamptz, minutes_ahead integer, options jsonb DEFAULT '{}')
RETURNS TABLE (feature text, value real, contribution real)
LANGUAGE c STABLE PARALLEL SAFE ROWS 16 COST 1000 AS 'MODULE_PATHNAME', 'glucose_explain_forecast';
COMMENT ON FUNCTION glucose.explain_forecast(uuid, timestamptz, integer, jsonb) IS
'What cgm_forecast says at a moment and one horizon (minutes_ahead, 1 to 120), taken apart in rows like those of explain_prediction: the baseline is the last reading, and the parts are what groups of earlier readings, their variation and the time of day add to it, mg/dL. Options as cgm_forecast, without minutes; it describes the model, not causes. Errors: P0002, 22023, MG001, MG002, MG003, 0A000.';

CREATE FUNCTION glucose.what_if(meal_id uuid, changes jsonb, options jsonb DEFAULT '{}', person_id uuid DEFAULT NULL)
RETURNS TABLE (minutes_ahead integer, mg_dl real, changed real, difference real, lower real, upper real)
LANGUAGE c STABLE PARALLEL SAFE ROWS 2 COST 1000 AS 'MODULE_PATHNAME', 'glucose_what_if';
COMMENT ON FUNCTION glucose.what_if(uuid, jsonb, jsonb, uuid) IS
'The forecast after a stored meal (mg_dl) beside the one for the same moment with other nutrients or another meal_type (changed, with its interval lower to upper), in mg/dL; changes uses the keys of predict_meal''s meal, and null makes a nutrient unknown. What is not named stays, also the calories. Differences are what the model associates with such meals in its data, not the effect of eating otherwise. eaten_at cannot be changed (22023): predict_meal forecasts at another time. Writes nothing. Errors: P0002, 22023, 22003, MG001, MG002. Show glucose.disclaimer() with it.';

CREATE FUNCTION glucose.glucose_curve(meal_id uuid, step_minutes integer DEFAULT 15, options jsonb DEFAULT '{}', person_id uuid DEFAULT NULL)
RETURNS TABLE (minutes_ahead integer, at timestamptz, mg_dl real, lower real, upper real, is_peak boolean, incremental_area real)
LANGUAGE c STABLE PARALLEL SAFE ROWS 13 COST 1000 AS 'MODULE_PATHNAME', 'glucose_glucose_curve';
COMMENT ON FUNCTION glucose.glucose_curve(uuid, integer, jsonb, uuid) IS
'The forecast after a stored meal as a curve: 0 to 180 minutes every step_minutes (1 to 60), in mg/dL. It passes through the level at the meal and, at the model''s horizons, through what glucose_forecast says; between them it has the shape that the population''s or the person''s meals have had, else a smooth one. lower and upper are exact at the horizons and interpolated elsewhere. is_peak: the highest of the rows (the first, when several are). incremental_area: area above the level at the meal up to the row, mg/dL times minutes, by trapezoids of the rows; what is below the level does not count. Options as glucose_forecast. Errors: P0002, 22023, MG001, MG002. Show glucose.disclaimer() with it.';

CREATE FUNCTION glucose.similar_meals(meal_id uuid, k integer DEFAULT 5, person_id uuid DEFAULT NULL)
RETURNS TABLE (meal_id uuid, eaten_at timestamptz, meal_type text, carbs_g real, level real, similarity real,
               outcome_60 real, outcome_120 real, change_60 real, change_120 real)
LANGUAGE c STABLE PARALLEL SAFE ROWS 5 COST 10000 AS 'MODULE_PATHNAME', 'glucose_similar_meals';
COMMENT ON FUNCTION glucose.similar_meals(uuid, integer, uuid) IS
'The k (1 to 100) meals of the same person in the 180 days before a stored one that are most like it, the most alike first: glucose when they were eaten (level), 60 and 120 minutes later, and the changes, in mg/dL, as known when the stored meal was eaten; meals without any known outcome are left out. similarity, 0 to 1: as the personal model compares meals, by time of day, level, nutrients and all else it sees; works without a model, too. Errors: P0002, 22023.';

CREATE FUNCTION glucose.feature_importance(person_id uuid, model_type text DEFAULT 'glucose', version text DEFAULT NULL)
RETURNS TABLE (feature text, minutes_ahead integer, importance real, n integer)
LANGUAGE c STABLE PARALLEL SAFE ROWS 128 COST 100000 AS 'MODULE_PATHNAME', 'glucose_feature_importance';
COMMENT ON FUNCTION glucose.feature_importance(uuid, text, text) IS
'How much a stored version (the active one unless named) relies on each feature: by how many mg/dL its mean absolute error grows on its n test rows (meals, of model_type cgm windows of readings; of a population''s version, the person''s rows after all it has learnt from) when the feature''s values are shuffled among them, per horizon, the largest first. About 0, or below by chance, where nothing rests on it; features that say much the same share their importance. Errors: P0002, 22023, MG001, MG003, 0A000.';

CREATE FUNCTION glucose.explain_prediction_json(meal_id uuid, minutes_ahead integer, options jsonb DEFAULT '{}',
  person_id uuid DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN glucose.rows_with_disclaimer(options, (SELECT jsonb_agg(f) FROM glucose.explain_prediction(
    explain_prediction_json.meal_id, explain_prediction_json.minutes_ahead, explain_prediction_json.options,
    explain_prediction_json.person_id) f));
END
$fn$;
COMMENT ON FUNCTION glucose.explain_prediction_json(uuid, integer, jsonb, uuid) IS
'{"rows": those of explain_prediction, "disclaimer"}.';

CREATE FUNCTION glucose.explain_forecast_json(person_id uuid, at timestamptz, minutes_ahead integer,
  options jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN glucose.rows_with_disclaimer(options, (SELECT jsonb_agg(f) FROM glucose.explain_forecast(
    explain_forecast_json.person_id, explain_forecast_json.at, explain_forecast_json.minutes_ahead,
    explain_forecast_json.options) f));
END
$fn$;
COMMENT ON FUNCTION glucose.explain_forecast_json(uuid, timestamptz, integer, jsonb) IS
'{"rows": those of explain_forecast, "disclaimer"}.';

CREATE FUNCTION glucose.what_if_json(meal_id uuid, changes jsonb, options jsonb DEFAULT '{}', person_id uuid DEFAULT NULL)
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN glucose.rows_with_disclaimer(options, (SELECT jsonb_agg(f) FROM glucose.what_if(
    what_if_json.meal_id, what_if_json.changes, what_if_json.options, what_if_json.person_id) f));
END
$fn$;
COMMENT ON FUNCTION glucose.what_if_json(uuid, jsonb, jsonb, uuid) IS '{"rows": those of what_if, "disclaimer"}.';

CREATE FUNCTION glucose.glucose_curve_json(meal_id uuid, step_minutes integer DEFAULT 15, options jsonb DEFAULT '{}',
  person_id uuid DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN glucose.rows_with_disclaimer(options, (SELECT jsonb_agg(f) FROM glucose.glucose_curve(
    glucose_curve_json.meal_id, glucose_curve_json.step_minutes, glucose_curve_json.options,
    glucose_curve_json.person_id) f));
END
$fn$;
COMMENT ON FUNCTION glucose.glucose_curve_json(uuid, integer, jsonb, uuid) IS
'{"rows": those of glucose_curve, "disclaimer"}.';
