-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.concerns_one(sqlstate text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN pg_catalog.left(sqlstate, 2) OPERATOR(pg_catalog.<>) ALL ('{25,28,40,53,57,58}'::pg_catalog.text[])
  OR sqlstate OPERATOR(pg_catalog.=) ANY ('{53200,53400}'::pg_catalog.text[]);
COMMENT ON FUNCTION glucose.concerns_one(text) IS
'Internal: part of statements over many persons or meals: whether an error may be about one of them. A server that '
'ends or is out of disk, a transaction that only reads or cannot be serialized and unknown callers are not.';

CREATE FUNCTION glucose.own_sqlstate(sqlstate text, detail text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN sqlstate OPERATOR(pg_catalog.~~) 'PT%'
            THEN coalesce(pg_catalog."substring"(detail, 'SQLSTATE ([0-9A-Z]{5})'), sqlstate) ELSE sqlstate END;
COMMENT ON FUNCTION glucose.own_sqlstate(text, text) IS
'Internal: part of statements over many persons or meals: the SQLSTATE of an error that was made into a status for a '
'gateway.';

CREATE FUNCTION glucose.train_models(model_type text DEFAULT 'glucose', algorithm text DEFAULT 'auto',
  options jsonb DEFAULT '{}', OUT person_id uuid, OUT status text, OUT version text, OUT sqlstate text,
  OUT message text) RETURNS SETOF record
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_variable
DECLARE
  detail text;
BEGIN
  -- What is wrong with the arguments is wrong for everyone.
  PERFORM glucose.check_recipe(train_models.algorithm, train_models.options, train_models.model_type);
  FOR person_id IN
    SELECT p.person_id FROM glucose.person p WHERE glucose.may_train(p.person_id) ORDER BY p.person_id
  LOOP
    status := 'failed';
    version := NULL;
    train_models.sqlstate := NULL;
    message := NULL;
    BEGIN
      version := (glucose.train_model(train_models.person_id, train_models.model_type, train_models.algorithm,
                                      train_models.options)).version;
      status := (SELECT CASE WHEN v.status = 'rejected' THEN 'rejected' ELSE 'trained' END
                 FROM glucose.model_version v
                 WHERE v.person_id = train_models.person_id AND v.model_type = train_models.model_type
                   AND v.version = train_models.version);
    EXCEPTION WHEN OTHERS THEN   -- not of a cancelled query
      IF NOT glucose.concerns_one(SQLSTATE) THEN
        RAISE;
      END IF;
      GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
      train_models.sqlstate := glucose.own_sqlstate(SQLSTATE, detail);
      message := SQLERRM;
    END;
    RETURN NEXT;
  END LOOP;
END
$fn$;
COMMENT ON FUNCTION glucose.train_models(text, text, jsonb) IS
'Trains a model of everyone the caller may train for: a row for each with the version (trained, or rejected when it '
'is no use), or with the error (failed). One that fails stops nobody.';

CREATE FUNCTION glucose.forecast_meals(person_id uuid, start_at timestamptz, end_at timestamptz,
  options jsonb DEFAULT '{}', OUT meal_id uuid, OUT minutes_ahead integer, OUT at timestamptz, OUT mg_dl real,
  OUT lower real, OUT upper real, OUT confidence text, OUT confidence_score real, OUT model_version text,
  OUT sqlstate text, OUT message text) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL SAFE ROWS 200 COST 100000 AS 'MODULE_PATHNAME', 'glucose_forecast_meals';
COMMENT ON FUNCTION glucose.forecast_meals(uuid, timestamptz, timestamptz, jsonb) IS
'The forecasts of a person''s meals from start_at to before end_at, as glucose_forecast() gives them; a meal that '
'has none is one row with the error. Show disclaimer() with it.';
