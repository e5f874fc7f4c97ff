-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.type_in_words(model_type text, c jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(c #>> ARRAY['w', 'type_' || model_type], model_type);
COMMENT ON FUNCTION glucose.type_in_words(text, jsonb) IS
'Internal: part of glucose_report(): what a kind of forecast is called.';

CREATE FUNCTION glucose.chance_of_share(k bigint, n bigint, OUT low double precision, OUT high double precision)
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  z CONSTANT double precision := 1.959964;
  p CONSTANT double precision := k::float8 / n;
  half CONSTANT double precision := z * sqrt(p * (1 - p) / n + z * z / (4.0 * n * n));
BEGIN
  low := greatest(0, (p + z * z / (2 * n) - half) / (1 + z * z / n));
  high := least(1, (p + z * z / (2 * n) + half) / (1 + z * z / n));
END
$fn$;
COMMENT ON FUNCTION glucose.chance_of_share(bigint, bigint) IS
'Internal: part of glucose_report(): where a share of which k of n were counted may lie, with 95 % (Wilson 1927).';

CREATE TYPE glucose.known_outcome AS (
  model_type text, minutes_ahead integer, asked_at timestamptz, value double precision,
  lower double precision, upper double precision, outcome double precision, level double precision,
  score double precision);
COMMENT ON TYPE glucose.known_outcome IS
'Internal: part of glucose_report(): an answer with what came of it.';

CREATE FUNCTION glucose.known_outcomes(person_id uuid, start_at timestamptz) RETURNS glucose.known_outcome[]
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  -- A moment or a meal counts once, by the first answer.
  RETURN ARRAY(
    SELECT ROW(f.*)::glucose.known_outcome FROM (
    SELECT DISTINCT ON (o.model_type, o.minutes_ahead, o.asked_at) o.model_type, o.minutes_ahead, o.asked_at,
           o.value::float8, o.lower::float8, o.upper::float8, o.outcome::float8, o.level::float8, p.score::float8
    FROM glucose.prediction_outcome o
    LEFT JOIN glucose.prediction p ON p.person_id = o.person_id AND p.prediction_id = o.prediction_id
    WHERE o.person_id = known_outcomes.person_id AND o.at >= known_outcomes.start_at AND o.outcome IS NOT NULL
      AND NOT o.in_training AND o.level IS NOT NULL
    ORDER BY o.model_type, o.minutes_ahead, o.asked_at, o.issued_at) f);
END
$fn$;
COMMENT ON FUNCTION glucose.known_outcomes(uuid, timestamptz) IS
'Internal: part of glucose_report(): answers with what came of them, of which the model had not learnt.';

CREATE FUNCTION glucose.report_latest(person_id uuid, model_type text, known glucose.known_outcome[], c jsonb)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_variable
DECLARE
  w CONSTANT jsonb := c -> 'w';
  per CONSTANT double precision := c ->> 'per';
  most CONSTANT integer := 40;
  picture jsonb;
  cells text[];
  ahead integer;
BEGIN
  WITH latest AS (
    SELECT o.*, row_number() OVER (ORDER BY o.asked_at) AS i, count(*) OVER () AS n FROM (
      SELECT k.*, max(k.minutes_ahead) OVER () AS longest FROM unnest(known) k
      WHERE k.model_type = report_latest.model_type ORDER BY k.asked_at DESC) o
    WHERE o.minutes_ahead = o.longest ORDER BY o.asked_at DESC LIMIT most),
  numbered AS (
    SELECT l.*, row_number() OVER (ORDER BY l.asked_at) AS place, t.local,
           t.local::date IS DISTINCT FROM lag(t.local::date) OVER (ORDER BY l.asked_at) AS begins
    FROM latest l CROSS JOIN LATERAL (SELECT x
    FROM unnest(glucose.wall_clock(report_latest.person_id, ARRAY[l.asked_at])) x)
      t (local)),
  day AS (SELECT n.place, n.local::date AS day,
  row_number() OVER (PARTITION BY 4 * (n.place - 1) / n.n ORDER BY n.place) = 1
                 AND 4 * (n.place - 1) % n.n < n.n / 2.0 AS is_named
          FROM numbered n WHERE n.begins)
  SELECT max(n.minutes_ahead), jsonb_build_object(
      'words', format(w ->> 'latest_alt', count(*), count(*) FILTER (WHERE n.outcome BETWEEN n.lower AND n.upper)),
      'unit', c ->> 'unit', 'comma', c ->> 'lang' = 'de',
      'x', jsonb_build_array(0, count(*) + 1), 'height', 230,
      'ticks', (SELECT jsonb_agg(t.part ORDER BY d.place, t.i) FROM day d CROSS JOIN LATERAL (VALUES
        (1, to_jsonb(d.place - 0.5)), (2, to_jsonb(CASE WHEN d.is_named
          THEN format('%s %s', date_part('day', d.day),
          c #>> ARRAY['w', 'months', (date_part('month', d.day) - 1)::text])
          ELSE '' END))) t (i, part)),
      'layers', jsonb_build_array(
        jsonb_build_object('kind', 'bar', 'tone', 's1', 'name', format(w ->> 'range_of', round(100 * max(n.level))),
          'x', jsonb_agg(n.place ORDER BY n.place), 'low', jsonb_agg(n.lower / per ORDER BY n.place),
          'high', jsonb_agg(n.upper / per ORDER BY n.place)),
        jsonb_build_object('kind', 'dot', 'tone', 's1', 'name', w ->> 'forecast', 'x',
        jsonb_agg(n.place ORDER BY n.place),
          'low', jsonb_agg(n.value / per ORDER BY n.place)),
        jsonb_build_object('kind', 'ring', 'tone', 's2', 'name', w ->> 'what_happened',
          'x', jsonb_agg(n.place ORDER BY n.place), 'low', jsonb_agg(n.outcome / per ORDER BY n.place)))),
    array_agg(ARRAY[glucose.page_day(n.local::date, c) || ', ' || glucose.page_clock(n.local),
    glucose.page_level(n.value, c),
      glucose.page_level(n.lower, c) || ' – ' || glucose.page_level(n.upper, c), glucose.page_level(n.outcome, c),
      CASE WHEN n.outcome BETWEEN n.lower AND n.upper THEN w ->> 'yes' ELSE w ->> 'no' END] ORDER BY n.place)
  INTO ahead, picture, cells FROM numbered n;
  RETURN format('<h3>%s</h3>',
    glucose.html(format(w ->> 'latest', glucose.type_in_words(report_latest.model_type, c), ahead)))
    || glucose.picture_svg(picture) || glucose.picture_legend(picture)
    || glucose.folded(w ->> 'table',
    glucose.html_table(format(w ->> 'latest', glucose.type_in_words(report_latest.model_type,
         c), ahead) || ', ' || (c ->> 'unit'), (w ->> 'latest_head')::text[], glucose.flat(cells)));
END
$fn$;
COMMENT ON FUNCTION glucose.report_latest(uuid, text, glucose.known_outcome[], jsonb) IS
'Internal: part of glucose_report(): the latest answers beside what came, at the longest horizon.';

CREATE FUNCTION glucose.report_accuracy(person_id uuid, start_at timestamptz, known glucose.known_outcome[], c jsonb)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  w CONSTANT jsonb := c -> 'w';
  l CONSTANT text := c ->> 'lang';
  cells text[];
  any_less boolean;
  close text;
BEGIN
  WITH live AS (
    SELECT t.model_type, t.unit, a.*, round(a.coverage * a.n)::bigint AS held
    FROM (SELECT d.model_type, glucose.unit_of(d.model_type) AS unit FROM (
            SELECT DISTINCT k.model_type FROM unnest(known) k OFFSET 0) d) t
    CROSS JOIN LATERAL glucose.live_accuracy(report_accuracy.person_id, t.model_type, report_accuracy.start_at) a
    -- Of a curve of many horizons some say enough.
    WHERE t.unit <> 'probability' AND (a.minutes_ahead IN (15, 30) OR a.minutes_ahead % 60 = 0)),
  wide AS (SELECT k.model_type, k.minutes_ahead, k.level,
  percentile_cont(0.5) WITHIN GROUP (ORDER BY k.upper - k.lower) AS width
           FROM unnest(known) k GROUP BY 1, 2, 3),
  told AS (SELECT v.*, x.width, s.low, s.high, v.level > s.high AS is_less,
                  CASE WHEN v.unit = 'mg/dL' THEN c ->> 'unit' ELSE v.unit END AS shown
           FROM live v LEFT JOIN wide x USING (model_type, minutes_ahead, level)
           CROSS JOIN LATERAL glucose.chance_of_share(v.held, v.n) s)
  SELECT array_agg(ARRAY[glucose.type_in_words(t.model_type, c) || ', ' || CASE WHEN t.minutes_ahead % 1440 = 0
      THEN format(w ->> 'hours', t.minutes_ahead / 60) ELSE format(w ->> 'minutes', t.minutes_ahead) END,
    format(w ->> 'held_of_said', glucose.page_number(100 * t.coverage, 0, l), glucose.page_number(100 * t.level, 0, l))
      || CASE WHEN t.is_less THEN ' !' ELSE '' END,
    format(w ->> 'between', glucose.page_number(100 * t.low, 0, l), glucose.page_number(100 * t.high, 0, l)),
    t.n::text, glucose.page_error(t.mae, t.unit, c) || ' ' || t.shown,
    glucose.page_error(t.width, t.unit, c) || ' ' || t.shown,
    CASE WHEN t.source IN ('personal', 'population') THEN (w ->> ('source_' || t.source)) || ' ' || t.version
         ELSE w ->> 'source_baseline' END]
    ORDER BY t.model_type DESC, t.version, t.minutes_ahead), bool_or(t.is_less)
  INTO cells, any_less FROM told t;
  SELECT string_agg(format('<p>%s</p>', glucose.html(format(w ->> 'close', glucose.type_in_words(k.model_type, c),
           glucose.page_level(20, c), c ->> 'unit', glucose.page_number(100 * k.score, 0, l),
           glucose.page_number(100 * k.share, 0, l), k.n))), ''
           ORDER BY k.model_type)
  INTO close
  -- An answer's score is that of its least sure horizon, mostly the longest.
  FROM (SELECT o.model_type, avg(o.score) AS score, count(*) AS n,
               avg((abs(o.value - o.outcome) <= greatest(20, 0.2 * o.value))::integer) AS share
        FROM (SELECT x.*, max(x.minutes_ahead) OVER (PARTITION BY x.model_type) AS longest
              FROM unnest(known) x) o
        WHERE o.minutes_ahead = o.longest AND o.score IS NOT NULL GROUP BY o.model_type) k
  WHERE glucose.unit_of(k.model_type) = 'mg/dL';
  RETURN glucose.html_table(w ->> 'accuracy', (w ->> 'accuracy_head')::text[], glucose.flat(cells))
    || format('<p>%s</p>', glucose.html(w ->> CASE WHEN any_less THEN 'held_less' ELSE 'held_as_said' END))
    || coalesce(close, '');
END
$fn$;
COMMENT ON FUNCTION glucose.report_accuracy(uuid, timestamptz, glucose.known_outcome[], jsonb) IS
'Internal: part of glucose_report(): errors and what ranges held, of live_accuracy().';

CREATE FUNCTION glucose.page_error(value double precision, unit text, c jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN unit IS DISTINCT FROM 'mg/dL' THEN glucose.page_number(value, 1, c ->> 'lang')
            ELSE glucose.page_number(value / (c ->> 'per')::float8, 1 + (c ->> 'digits')::integer, c ->> 'lang') END;
COMMENT ON FUNCTION glucose.page_error(double precision, text, jsonb) IS
'Internal: part of glucose_report(): an error in the unit that the page says it in.';

CREATE FUNCTION glucose.report_forecasts(person_id uuid, start_at timestamptz, c jsonb) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  w CONSTANT jsonb := c -> 'w';
  known CONSTANT glucose.known_outcome[] := glucose.known_outcomes(report_forecasts.person_id,
    report_forecasts.start_at);
  drawn text;
BEGIN
  SELECT string_agg(glucose.report_latest(report_forecasts.person_id, t.model_type, known, c), ''
                    ORDER BY t.model_type DESC) INTO drawn
  -- OFFSET: the unit is asked for of each type, not of each outcome.
  FROM (SELECT DISTINCT k.model_type FROM unnest(known) k OFFSET 0) t
  WHERE glucose.unit_of(t.model_type) = 'mg/dL';
  RETURN format('<section><h2>%s</h2>', glucose.html(w ->> 'forecasts'))
    || coalesce(format('<p class="soft">%s</p>', glucose.html(w ->> 'forecasts_say')) || drawn
                || glucose.report_accuracy(report_forecasts.person_id, report_forecasts.start_at, known, c),
                format('<p class="none">%s</p>', glucose.html(w ->> 'forecasts_none'))) || '</section>';
END
$fn$;
COMMENT ON FUNCTION glucose.report_forecasts(uuid, timestamptz, jsonb) IS
'Internal: part of glucose_report(): forecasts against what happened.';

CREATE FUNCTION glucose.report_model(person_id uuid, c jsonb) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  w CONSTANT jsonb := c -> 'w';
  l CONSTANT text := c ->> 'lang';
  cells text[];
  said text;
BEGIN
  WITH version AS (
    SELECT v.model_type, v.version, v.algorithm, v.trained_at, v.n_train, v.n_validation, v.n_test, v.mae,
    v.withdrawn_at,
           v.is_production_ready, v.quality_issues, glucose.unit_of(v.model_type) AS unit,
           (SELECT avg(m.value) FROM glucose.model_metric m
           WHERE m.person_id = v.person_id AND m.model_type = v.model_type
              AND m.version = v.version AND m.split = 'test' AND m.metric = 'persistence_mae') AS persistence
    FROM glucose.model_version v WHERE v.person_id = report_model.person_id AND v.is_active)
  SELECT array_agg(ARRAY[glucose.type_in_words(v.model_type, c), v.version, v.algorithm,
      glucose.page_day((glucose.wall_clock(report_model.person_id, ARRAY[v.trained_at]))[1]::date,
      c) || ' ' || date_part('year', v.trained_at),
      (v.n_train + v.n_validation)::text, v.n_test::text,
      coalesce(glucose.page_error(v.mae, v.unit, c) || ' ' || CASE v.unit WHEN 'mg/dL' THEN c ->> 'unit'
      ELSE v.unit END, '–'),
      coalesce(glucose.page_error(v.persistence, v.unit, c), '–'),
      CASE WHEN v.withdrawn_at IS NOT NULL THEN w ->> 'withdrawn' WHEN v.is_production_ready THEN w ->> 'yes'
           ELSE w ->> 'no' END] ORDER BY v.model_type DESC),
    string_agg(format('<p>%s</p>', glucose.html(CASE WHEN v.mae < v.persistence
        THEN format(w ->> 'better', glucose.type_in_words(v.model_type, c),
                    glucose.page_number(100 * (1 - v.mae / v.persistence), 0, l))
        ELSE format(w ->> 'no_better', glucose.type_in_words(v.model_type, c)) END)), '' ORDER BY v.model_type DESC)
      FILTER (WHERE v.persistence IS NOT NULL)
  INTO cells, said FROM version v;
  RETURN format('<section><h2>%s</h2>', glucose.html(w ->> 'model'))
    || CASE WHEN cells IS NULL THEN format('<p class="none">%s</p>', glucose.html(w ->> 'model_none'))
       ELSE format('<p class="soft">%s</p>', glucose.html(w ->> 'model_say'))
         || glucose.html_table(w ->> 'model_table', (w ->> 'model_head')::text[], glucose.flat(cells)) || coalesce(said,
         '')
         || format('<p class="soft">%s</p>', glucose.html(w ->> 'good_enough')) END
    || '</section>';
END
$fn$;
COMMENT ON FUNCTION glucose.report_model(uuid, jsonb) IS
'Internal: part of glucose_report(): how good the person''s models are.';
