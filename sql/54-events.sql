-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.check_event_rule(definition text) RETURNS void
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_check_event_rule';
COMMENT ON FUNCTION glucose.check_event_rule(text) IS
'Internal: refuses what is no rule, naming the key that is wrong.';

CREATE FUNCTION glucose.event_definition(rule jsonb, horizon interval, look_back interval) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (rule || jsonb_build_object('horizon_minutes', trim_scale(EXTRACT(epoch FROM horizon) / 60),
                                   'window_minutes', trim_scale(EXTRACT(epoch FROM look_back) / 60)))::text;
COMMENT ON FUNCTION glucose.event_definition(jsonb, interval, interval) IS
'Internal: all that an event is, as one document.';

CREATE FUNCTION glucose.define_event(name text, horizon interval, "window" interval, rule jsonb,
  description jsonb DEFAULT '{}') RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
DECLARE
  definition text;
  before text;
BEGIN
  PERFORM glucose.require_decider('glucose.event', 'define events');
  IF define_event.name IS NULL OR define_event.name !~ '^[a-z][a-z0-9_]{0,55}$' THEN
    RAISE EXCEPTION 'argument "name" is not the name of an event'
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Names are of small letters, digits and underscores, such as short_night.';
  ELSIF num_nulls(define_event.horizon, define_event."window", define_event.rule, define_event.description) > 0 THEN
    RAISE EXCEPTION 'argument "%" must not be null',
      CASE WHEN define_event.horizon IS NULL THEN 'horizon' WHEN define_event."window" IS NULL THEN 'window'
           WHEN define_event.rule IS NULL THEN 'rule' ELSE 'description' END
      USING ERRCODE = 'invalid_parameter_value';
  ELSIF jsonb_typeof(define_event.rule) <> 'object' OR jsonb_typeof(define_event.description) <> 'object' THEN
    RAISE EXCEPTION 'argument "%" is not a JSON object',
      CASE WHEN jsonb_typeof(define_event.rule) <> 'object' THEN 'rule' ELSE 'description' END
      USING ERRCODE = 'invalid_parameter_value';
  ELSIF define_event.rule ?| '{horizon_minutes,window_minutes}' THEN
    RAISE EXCEPTION 'horizon and window are arguments, not keys of the rule'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  definition := glucose.event_definition(define_event.rule, define_event.horizon, define_event."window");
  PERFORM glucose.check_event_rule(definition);
  SELECT glucose.event_definition(e.rule, e.horizon, e.look_back) INTO before
  FROM glucose.event e WHERE e.name = define_event.name;
  IF before <> definition THEN
    RAISE EXCEPTION 'event "%" has another rule already', define_event.name
      USING ERRCODE = 'object_in_use', HINT = 'Models may have been trained for that rule: define another event.';
  END IF;
  INSERT INTO glucose.event AS e (name, horizon, look_back, rule, description)
  VALUES (define_event.name, define_event.horizon, define_event."window", define_event.rule, define_event.description)
  ON CONFLICT (name) DO UPDATE SET description = EXCLUDED.description;
END
$fn$;
COMMENT ON FUNCTION glucose.define_event(text, interval, interval, jsonb, jsonb) IS
'Adds a question to be answered yes or no, by a rule in a closed grammar, or changes its words; for the owner of the '
'tables and the steward.';

CREATE FUNCTION glucose.train_event(person_id uuid, event text, algorithm text DEFAULT 'auto',
  options jsonb DEFAULT '{}') RETURNS glucose.training_result
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  IF event IS NULL THEN
    RAISE EXCEPTION 'argument "event" must not be null' USING ERRCODE = 'invalid_parameter_value';
  ELSIF train_event.person_id IS NULL THEN
    RETURN glucose.train_population_model('event:' || event, algorithm, options);
  END IF;
  RETURN glucose.train_model(train_event.person_id, 'event:' || event, algorithm, options);
END
$fn$;
COMMENT ON FUNCTION glucose.train_event(uuid, text, text, jsonb) IS
'Trains a new version of the person''s model of an event, or of the population''s when person_id is NULL: '
'train_model() and train_population_model() with model type event:NAME.';

CREATE FUNCTION glucose.predict_event(person_id uuid, event text, at timestamptz DEFAULT now(),
  options jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'glucose_predict_event';
COMMENT ON FUNCTION glucose.predict_event(uuid, text, timestamptz, jsonb) IS
'How probable it is that an event comes after a moment, as one document with range, what is usual, words and '
'disclaimer; logs the answer in prediction.';

CREATE FUNCTION glucose.event_forecast(person_id uuid, event text, at timestamptz DEFAULT now(),
  options jsonb DEFAULT '{}')
RETURNS TABLE (event text, asked_at timestamptz, horizon_minutes integer, probability real, lower real, upper real,
               usual real, threshold real, is_expected boolean, confidence text, architecture text, model_version text)
LANGUAGE c STABLE PARALLEL SAFE ROWS 1 COST 10000 AS 'MODULE_PATHNAME', 'glucose_event_forecast';
COMMENT ON FUNCTION glucose.event_forecast(uuid, text, timestamptz, jsonb) IS
'The answer of predict_event() as a row; writes nothing. Show disclaimer() with it.';

CREATE FUNCTION glucose.event_forecast_json(person_id uuid, event text, at timestamptz DEFAULT now(),
  options jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN glucose.rows_with_disclaimer(options, (SELECT jsonb_agg(f) FROM glucose.event_forecast(
    event_forecast_json.person_id, event_forecast_json.event, event_forecast_json.at,
    event_forecast_json.options) f)) - 'unit';
END
$fn$;
COMMENT ON FUNCTION glucose.event_forecast_json(uuid, text, timestamptz, jsonb) IS
'The row of event_forecast() with the disclaimer, as one document.';

CREATE FUNCTION glucose.explain_event(person_id uuid, event text, at timestamptz DEFAULT now(),
  options jsonb DEFAULT '{}')
RETURNS TABLE (feature text, value real, contribution real)
LANGUAGE c STABLE PARALLEL SAFE ROWS 64 COST 10000 AS 'MODULE_PATHNAME', 'glucose_explain_event';
COMMENT ON FUNCTION glucose.explain_event(uuid, text, timestamptz, jsonb) IS
'Why event_forecast() says what it says: what each thing that is looked at adds to the base rate. Show disclaimer() '
'with it.';

CREATE FUNCTION glucose.explain_event_json(person_id uuid, event text, at timestamptz DEFAULT now(),
  options jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN glucose.rows_with_disclaimer(options, (SELECT jsonb_agg(f) FROM glucose.explain_event(
    explain_event_json.person_id, explain_event_json.event, explain_event_json.at,
    explain_event_json.options) f)) - 'unit';
END
$fn$;
COMMENT ON FUNCTION glucose.explain_event_json(uuid, text, timestamptz, jsonb) IS
'The rows of explain_event() with the disclaimer, as one document.';
