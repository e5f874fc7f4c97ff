-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.train_metric(person_id uuid, metric text, architecture text DEFAULT 'auto',
  options jsonb DEFAULT '{}') RETURNS glucose.training_result
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  IF metric IS NULL OR architecture IS NULL THEN
    RAISE EXCEPTION 'argument "%" must not be null', CASE WHEN metric IS NULL THEN 'metric' ELSE 'architecture' END
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  RETURN glucose.train_model(train_metric.person_id, 'daily:' || metric,
    CASE architecture WHEN 'xgboost' THEN 'trees' WHEN 'linear' THEN 'linear_mean' WHEN 'last' THEN 'persistence'
                      ELSE architecture END, options);
END
$fn$;
COMMENT ON FUNCTION glucose.train_metric(uuid, text, text, jsonb) IS
'Trains a new version of the person''s model of a metric of days, one day ahead: train_model() with model type '
'daily:METRIC. xgboost is trees, linear is linear_mean, last is persistence.';

CREATE FUNCTION glucose.predict_metric(person_id uuid, metric text, target_date date DEFAULT NULL,
  options jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_predict_metric';
COMMENT ON FUNCTION glucose.predict_metric(uuid, text, date, jsonb) IS
'Forecasts a metric of a day, by default tomorrow''s, as one document with interval, what it is held against, words '
'and disclaimer; logs the answer in prediction. A day that has been is answered as of the evening before.';

CREATE FUNCTION glucose.metric_forecast(person_id uuid, metric text, target_date date DEFAULT NULL,
  options jsonb DEFAULT '{}')
RETURNS TABLE (metric text, target_date date, value real, lower real, upper real, unit text, confidence_score real,
               architecture text, model_version text)
LANGUAGE c STABLE PARALLEL SAFE ROWS 1 COST 10000 AS 'MODULE_PATHNAME', 'glucose_metric_forecast';
COMMENT ON FUNCTION glucose.metric_forecast(uuid, text, date, jsonb) IS
'The forecast of predict_metric() as a row, in the metric''s unit; writes nothing. Show disclaimer() with it.';

CREATE FUNCTION glucose.predict_metrics(person_id uuid, metrics text[], target_date date DEFAULT NULL,
  options jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  name text;
  predictions jsonb := '{}';
  failed text[] := '{}';
  errors jsonb := '{}';
  state text;
  message text;
BEGIN
  IF metrics IS NULL THEN
    RAISE EXCEPTION 'argument "metrics" must not be null' USING ERRCODE = 'invalid_parameter_value';
  ELSIF cardinality(metrics) > 100 THEN
    RAISE EXCEPTION 'at most 100 metrics can be predicted in one call'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Ask for them in parts.';
  END IF;
  PERFORM glucose.require_person(predict_metrics.person_id);
  FOR name IN SELECT DISTINCT ON (m.name) m.name FROM unnest(metrics) AS m (name) ORDER BY m.name LOOP
    BEGIN
      predictions := predictions || jsonb_build_object(coalesce(name, ''),
        glucose.predict_metric(predict_metrics.person_id, name, predict_metrics.target_date, options));
    EXCEPTION
      WHEN query_canceled OR serialization_failure OR insufficient_privilege THEN
        RAISE;
      WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
        failed := failed || coalesce(name, '');
        errors := errors || jsonb_build_object(coalesce(name, ''),
                                               jsonb_build_object('sqlstate', state, 'message', message));
    END;
  END LOOP;
  RETURN jsonb_build_object('predictions', predictions,
    'overall_data_quality', (SELECT round(avg((p.value ->> 'data_quality_score')::numeric), 2)
                             FROM jsonb_each(predictions) p),
    'all_predictions_successful', failed = '{}', 'failed_metrics', to_jsonb(failed), 'errors', errors,
    'disclaimer', glucose.disclaimer(coalesce(options ->> 'lang', 'en')));
END
$fn$;
COMMENT ON FUNCTION glucose.predict_metrics(uuid, text[], date, jsonb) IS
'predict_metric() of several metrics in one document; what goes wrong with one spoils no other and is named.';

CREATE FUNCTION glucose.metric_forecast_json(person_id uuid, metric text, target_date date DEFAULT NULL,
  options jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN glucose.rows_with_disclaimer(options, (SELECT jsonb_agg(f) FROM glucose.metric_forecast(
    metric_forecast_json.person_id, metric_forecast_json.metric, metric_forecast_json.target_date,
    metric_forecast_json.options) f)) - 'unit';   -- each row has its own
END
$fn$;
COMMENT ON FUNCTION glucose.metric_forecast_json(uuid, text, date, jsonb) IS
'The row of metric_forecast() with the disclaimer, as one document.';

CREATE FUNCTION glucose.what_if_metric(person_id uuid, metric text, changes jsonb, target_date date DEFAULT NULL,
  options jsonb DEFAULT '{}')
RETURNS TABLE (value real, changed real, difference real, lower real, upper real, unit text)
LANGUAGE c STABLE PARALLEL SAFE ROWS 1 COST 10000 AS 'MODULE_PATHNAME', 'glucose_what_if_metric';
COMMENT ON FUNCTION glucose.what_if_metric(uuid, text, jsonb, date, jsonb) IS
'The forecast of a metric beside the one with other values of the day before; it names no cause. Show disclaimer() '
'with it.';

CREATE FUNCTION glucose.explain_metric(person_id uuid, metric text, target_date date DEFAULT NULL,
  options jsonb DEFAULT '{}')
RETURNS TABLE (feature text, value real, contribution real)
LANGUAGE c STABLE PARALLEL SAFE ROWS 64 COST 10000 AS 'MODULE_PATHNAME', 'glucose_explain_metric';
COMMENT ON FUNCTION glucose.explain_metric(uuid, text, date, jsonb) IS
'Why metric_forecast() says what it says: what each feature adds to the person''s own level of 30 days, in the '
'metric''s unit. Show disclaimer() with it.';

CREATE FUNCTION glucose.metric_attention(person_id uuid, metric text, target_date date DEFAULT NULL,
  options jsonb DEFAULT '{}')
RETURNS TABLE (day date, weight real)
LANGUAGE c STABLE PARALLEL SAFE ROWS 30 COST 10000 AS 'MODULE_PATHNAME', 'glucose_metric_attention';
COMMENT ON FUNCTION glucose.metric_attention(uuid, text, date, jsonb) IS
'How much each day counted in a forecast by a model with attention; their sum is 1.';

CREATE FUNCTION glucose.what_if_metric_json(person_id uuid, metric text, changes jsonb,
  target_date date DEFAULT NULL, options jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN glucose.rows_with_disclaimer(options, (SELECT jsonb_agg(f) FROM glucose.what_if_metric(
    what_if_metric_json.person_id, what_if_metric_json.metric, what_if_metric_json.changes,
    what_if_metric_json.target_date, what_if_metric_json.options) f)) - 'unit';
END
$fn$;
COMMENT ON FUNCTION glucose.what_if_metric_json(uuid, text, jsonb, date, jsonb) IS
'The row of what_if_metric() with the disclaimer, as one document.';

CREATE FUNCTION glucose.explain_metric_json(person_id uuid, metric text, target_date date DEFAULT NULL,
  options jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN glucose.rows_with_disclaimer(options, (SELECT jsonb_agg(f) FROM glucose.explain_metric(
    explain_metric_json.person_id, explain_metric_json.metric, explain_metric_json.target_date,
    explain_metric_json.options) f)) - 'unit';
END
$fn$;
COMMENT ON FUNCTION glucose.explain_metric_json(uuid, text, date, jsonb) IS
'The rows of explain_metric() with the disclaimer, as one document.';
