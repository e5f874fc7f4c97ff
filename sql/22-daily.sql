-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.define_metric(name text, unit text, low real DEFAULT NULL, high real DEFAULT NULL,
  better text DEFAULT NULL, description text DEFAULT NULL, sources text[] DEFAULT '{}', loinc text DEFAULT NULL,
  healthkit text DEFAULT NULL, health_connect text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
DECLARE
  before record;
BEGIN
  PERFORM glucose.require_decider('glucose.metric', 'define metrics');
  IF define_metric.name IS NULL OR define_metric.name !~ '^[A-Z][A-Z0-9_]{0,62}$' THEN
    RAISE EXCEPTION 'argument "name" is not the name of a metric'
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Names are of capital letters, digits and underscores, such as MORNING_MOOD.';
  ELSIF define_metric.unit IS NULL OR define_metric.unit = '' OR define_metric.sources IS NULL THEN
    RAISE EXCEPTION 'argument "%" must not be null or empty',
      CASE WHEN define_metric.sources IS NULL THEN 'sources' ELSE 'unit' END
      USING ERRCODE = 'invalid_parameter_value', HINT = 'A number without a unit is of the unit 1.';
  ELSIF NOT coalesce(define_metric.low < define_metric.high, true) THEN
    RAISE EXCEPTION 'argument "low" must be below "high"' USING ERRCODE = 'invalid_parameter_value';
  ELSIF define_metric.better NOT IN ('higher', 'lower') THEN
    RAISE EXCEPTION 'unrecognized direction "%"', define_metric.better
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Directions are higher and lower; NULL is neither.';
  END IF;
  SELECT m.unit, m.kind INTO before FROM glucose.metric m WHERE m.name = define_metric.name;
  IF before.unit <> define_metric.unit THEN
    RAISE EXCEPTION 'metric "%" is in % already', define_metric.name, before.unit
      USING ERRCODE = 'object_in_use', HINT = 'Values may have been stored in that unit: define another metric.';
  END IF;
  INSERT INTO glucose.metric AS m (name, unit, low, high, better, description, sources, loinc, healthkit,
                                   health_connect)
  VALUES (define_metric.name, define_metric.unit, define_metric.low, define_metric.high, define_metric.better,
          define_metric.description, define_metric.sources, define_metric.loinc, define_metric.healthkit,
          define_metric.health_connect)
  ON CONFLICT (name) DO UPDATE
  SET low = EXCLUDED.low, high = EXCLUDED.high, better = EXCLUDED.better, sources = EXCLUDED.sources,
      description = coalesce(EXCLUDED.description, m.description), loinc = coalesce(EXCLUDED.loinc, m.loinc),
      healthkit = coalesce(EXCLUDED.healthkit, m.healthkit),
      health_connect = coalesce(EXCLUDED.health_connect, m.health_connect);
END
$fn$;
COMMENT ON FUNCTION glucose.define_metric(text, text, real, real, text, text, text[], text, text, text) IS
'Adds a metric of days, of an application''s own, or changes all but its unit; for the owner of the tables and the '
'steward.';

CREATE FUNCTION glucose.daily_values(person_id uuid, start_at date, end_at date, metrics text[] DEFAULT NULL,
  OUT day date, OUT metric text, OUT value real, OUT unit text, OUT source text, OUT recorded_at timestamptz)
RETURNS SETOF record
LANGUAGE c STABLE PARALLEL SAFE ROWS 1000 AS 'MODULE_PATHNAME', 'glucose_daily_values';
COMMENT ON FUNCTION glucose.daily_values(uuid, date, date, text[]) IS
'What is known of a person''s days, one row for each day and metric: of several sources the preferred one, and what '
'readings make of themselves.';

CREATE FUNCTION glucose.person_days(person_id uuid, start_at date, end_at date, metrics text[] DEFAULT NULL,
  OUT day date, OUT known jsonb) RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 90 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
BEGIN
  RETURN QUERY
    SELECT v.day, jsonb_object_agg(v.metric, v.value)
    FROM glucose.daily_values(person_days.person_id, person_days.start_at, person_days.end_at,
                              person_days.metrics) v
    GROUP BY v.day ORDER BY v.day;
END
$fn$;
COMMENT ON FUNCTION glucose.person_days(uuid, date, date, text[]) IS
'daily_values(), one row for each day of which anything is known.';

CREATE FUNCTION glucose.daily_glucose(person_id uuid, start_at date, end_at date, OUT day date, OUT mean_mg_dl real,
  OUT sd_mg_dl real, OUT in_range_pct real, OUT below_70_pct real, OUT n integer, OUT covered real)
RETURNS SETOF record
LANGUAGE c STABLE PARALLEL SAFE ROWS 90 AS 'MODULE_PATHNAME', 'glucose_daily_glucose';
COMMENT ON FUNCTION glucose.daily_glucose(uuid, date, date) IS
'What the readings of each day say: mean, SD, share of 70 to 180 mg/dL and below 70, NULL on days of which less than '
'70 % is covered.';

CREATE FUNCTION glucose.daily_features(person_id uuid, day date, metric text DEFAULT 'RESTING_HEART_RATE',
  as_of timestamptz DEFAULT NULL) RETURNS real[]
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_daily_features';
COMMENT ON FUNCTION glucose.daily_features(uuid, date, text, timestamptz) IS
'The 51 features of ''daily51/1'' at the end of a day where the person is, NULL where not known. Nothing of later '
'days is used, and nothing that was recorded later than as_of.';

CREATE FUNCTION glucose.daily_feature_summary(person_id uuid, start_at date, end_at date,
  metric text DEFAULT 'RESTING_HEART_RATE', OUT feature text, OUT unit text, OUT known_share real, OUT mean real,
  OUT sd real, OUT last real) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL SAFE ROWS 51 AS 'MODULE_PATHNAME', 'glucose_daily_feature_summary';
COMMENT ON FUNCTION glucose.daily_feature_summary(uuid, date, date, text) IS
'Each feature over some days: on which share of them it is known, mean and SD, and the last value.';

CREATE FUNCTION glucose.data_quality_score(person_id uuid, metric text DEFAULT NULL, day date DEFAULT NULL,
  days integer DEFAULT 30) RETURNS real
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_data_quality_score';
COMMENT ON FUNCTION glucose.data_quality_score(uuid, text, date, integer) IS
'How good a ground the days up to a day are for a forecast, 0 to 1: share of known values, how recent the last one '
'is, and on how many days there is any; of one metric or of all.';

CREATE FUNCTION glucose.correlations(person_id uuid, metric text, days integer DEFAULT 90, lag integer DEFAULT 1,
  lang text DEFAULT 'en', OUT feature text, OUT n integer, OUT n_effective double precision,
  OUT pearson double precision, OUT spearman double precision, OUT p_value double precision,
  OUT false_discovery_rate double precision, OUT words text) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL SAFE ROWS 51 AS 'MODULE_PATHNAME', 'glucose_correlations';
COMMENT ON FUNCTION glucose.correlations(uuid, text, integer, integer, text) IS
'How each feature goes together with a metric "lag" days later, over the days up to its newest value, the surest '
'first. What goes together need not cause anything.';

CREATE FUNCTION glucose.lag_analysis(person_id uuid, metric text, feature text, max_lag integer DEFAULT 7,
  days integer DEFAULT 90, lang text DEFAULT 'en', OUT lag integer, OUT n integer, OUT n_effective double precision,
  OUT pearson double precision, OUT spearman double precision, OUT p_value double precision,
  OUT false_discovery_rate double precision, OUT words text) RETURNS SETOF record
LANGUAGE c STABLE PARALLEL SAFE ROWS 8 AS 'MODULE_PATHNAME', 'glucose_lag_analysis';
COMMENT ON FUNCTION glucose.lag_analysis(uuid, text, text, integer, integer, text) IS
'How one feature goes together with a metric 0 to max_lag days later. What goes together need not cause anything.';

CREATE FUNCTION glucose.correlation_summary(person_id uuid, metric text, days integer DEFAULT 90,
  lang text DEFAULT 'en') RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  strongest CONSTANT integer := 5;
  chance CONSTANT double precision := 0.1;   -- of those named, how many may be none
BEGIN
  RETURN (
    SELECT jsonb_build_object('metric', correlation_summary.metric, 'days', correlation_summary.days,
      'tested', count(c.p_value), 'found', count(*) FILTER (WHERE c.false_discovery_rate <= chance),
      'strongest', coalesce(jsonb_agg(jsonb_build_object('feature', c.feature, 'n', c.n, 'spearman', c.spearman,
        'pearson', c.pearson, 'falseDiscoveryRate', c.false_discovery_rate, 'words', c.words)
        ORDER BY abs(c.spearman) DESC, c.feature)
        FILTER (WHERE c.false_discovery_rate <= chance AND c.place <= strongest), '[]'),
      'note', CASE correlation_summary.lang
        WHEN 'de' THEN 'Was zusammen auftritt, muss einander nicht bedingen.'
        ELSE 'What goes together need not cause anything.' END,
      'disclaimer', glucose.disclaimer(correlation_summary.lang))
    FROM (SELECT r.*, row_number() OVER (ORDER BY r.false_discovery_rate > chance, abs(r.spearman) DESC) AS place
          FROM glucose.correlations(correlation_summary.person_id, correlation_summary.metric,
                                    correlation_summary.days, lang => correlation_summary.lang) r) c);
END
$fn$;
COMMENT ON FUNCTION glucose.correlation_summary(uuid, text, integer, text) IS
'The strongest of correlations() of a metric with the day before, at most five and none that may well be chance, in '
'words that name no cause.';
