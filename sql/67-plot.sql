-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.picture_svg(picture jsonb, style text DEFAULT '') RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_picture_svg';
COMMENT ON FUNCTION glucose.picture_svg(jsonb, text) IS
'Internal: a picture, as core/pages/picture.hpp describes it, as SVG; with a style it stands alone.';

CREATE FUNCTION glucose.picture_legend(picture jsonb) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_picture_legend';
COMMENT ON FUNCTION glucose.picture_legend(jsonb) IS
'Internal: what is drawn in a picture, as HTML.';

CREATE FUNCTION glucose.picture_text(picture jsonb) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_picture_text';
COMMENT ON FUNCTION glucose.picture_text(jsonb) IS
'Internal: a picture as text for a terminal, 100 columns wide.';

CREATE FUNCTION glucose.wall_clock(person_id uuid, moments timestamptz[]) RETURNS timestamp[]
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_wall_clock';
COMMENT ON FUNCTION glucose.wall_clock(uuid, timestamptz[]) IS
'Internal: what the person''s clock showed at these moments, where the person was then.';

CREATE FUNCTION glucose.midnights(person_id uuid, first_day date, last_day date) RETURNS timestamptz[]
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_midnights';
COMMENT ON FUNCTION glucose.midnights(uuid, date, date) IS
'Internal: when the person''s days begin, from the first to the last, and when the last one ends.';

CREATE FUNCTION glucose.page_number(value double precision, digits integer, lang text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(pg_catalog.replace(pg_catalog.round(value::pg_catalog.numeric, digits)::pg_catalog.text, '.',
                                   CASE lang WHEN 'de' THEN ',' ELSE '.' END), '–');
COMMENT ON FUNCTION glucose.page_number(double precision, integer, text) IS
'Internal: a number as a page in that language has it; – when it is not known.';

CREATE FUNCTION glucose.page_percent(value double precision, digits integer, lang text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN glucose.page_number(value, digits, lang) || pg_catalog.chr(160) || '%';
COMMENT ON FUNCTION glucose.page_percent(double precision, integer, text) IS
'Internal: percent as a page has them, never broken before the sign.';

CREATE FUNCTION glucose.page_level(mg_dl double precision, c jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN glucose.page_number(mg_dl / (c ->> 'per')::pg_catalog.float8, (c ->> 'digits')::pg_catalog.int4, c ->> 'lang');
COMMENT ON FUNCTION glucose.page_level(double precision, jsonb) IS
'Internal: a level of glucose in the unit of a page, without its name.';

CREATE FUNCTION glucose.page_day(day date, c jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN pg_catalog.format('%s %s%s %s', c #>> ARRAY['w', 'weekdays', pg_catalog.date_part('dow', day)::text],
                         pg_catalog.date_part('day', day), CASE c ->> 'lang' WHEN 'de' THEN '.' ELSE '' END,
                         c #>> ARRAY['w', 'months', (pg_catalog.date_part('month', day) - 1)::text]);
COMMENT ON FUNCTION glucose.page_day(date, jsonb) IS
'Internal: weekday, day and month in the language of a page.';

CREATE FUNCTION glucose.page_clock(at timestamp) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN pg_catalog.to_char(at, 'HH24:MI');
COMMENT ON FUNCTION glucose.page_clock(timestamp) IS
'Internal: the time of day of a page.';

CREATE FUNCTION glucose.page_context(person_id uuid, lang text, unit text, OUT c jsonb)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  said CONSTANT text := coalesce(page_context.lang, 'en');
  wanted text := page_context.unit;
BEGIN
  PERFORM glucose.require_person(page_context.person_id);
  IF wanted IS NULL THEN
    SELECT p.unit INTO wanted FROM glucose.person p WHERE p.person_id = page_context.person_id;
  END IF;
  PERFORM glucose.to_mg_dl(100, wanted);
  c := jsonb_build_object('lang', said, 'disclaimer', glucose.disclaimer(said), 'w', glucose.page_words(said),
                          'unit', CASE lower(wanted) WHEN 'mmol/l' THEN 'mmol/L' ELSE 'mg/dL' END,
                          'per', CASE lower(wanted) WHEN 'mmol/l' THEN 18.0182 ELSE 1 END,
                          'digits', CASE lower(wanted) WHEN 'mmol/l' THEN 1 ELSE 0 END);
END
$fn$;
COMMENT ON FUNCTION glucose.page_context(uuid, text, text) IS
'Internal: what all parts of a page share: language, unit, words, disclaimer. Raises what require_person(), '
'disclaimer() and to_mg_dl() do.';

CREATE FUNCTION glucose.day_ticks(every integer, ends boolean DEFAULT true) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN (SELECT jsonb_agg(t.part ORDER BY h.hour, t.i) FROM generate_series(0, 24, every) h (hour)
          CROSS JOIN LATERAL (VALUES (1, to_jsonb(60 * h.hour)),
            (2, to_jsonb(CASE WHEN ends OR h.hour % 24 <> 0 THEN lpad(h.hour::text, 2, '0') ELSE '' END))) t (i, part));
END
$fn$;
COMMENT ON FUNCTION glucose.day_ticks(integer, boolean) IS
'Internal: the hours along a picture of a day, with or without those of midnight.';

CREATE FUNCTION glucose.day_axis(highest real, c jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE (c ->> 'digits')::pg_catalog.int4
         WHEN 0 THEN pg_catalog.jsonb_build_array(40, CASE WHEN highest > 300 THEN 400 ELSE 300 END)
         ELSE pg_catalog.jsonb_build_array(2, CASE WHEN highest > 300 THEN 22 ELSE 17 END) END;
COMMENT ON FUNCTION glucose.day_axis(real, jsonb) IS
'Internal: from where to where a picture of days reaches, in the unit of the page; highest: mg/dL.';

CREATE FUNCTION glucose.drawn_readings(person_id uuid, since timestamptz, until timestamptz,
  OUT measured_at timestamptz, OUT mg_dl real) RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 288 SET search_path = pg_catalog, pg_temp
AS $fn$
#variable_conflict use_column
BEGIN
  RETURN QUERY
    SELECT s.measured_at, s.mg_dl
    FROM (SELECT r.measured_at, r.mg_dl, b.slot, lag(b.slot) OVER (ORDER BY r.measured_at) AS before
          FROM glucose.glucose_reading r, LATERAL date_bin('30 s', r.measured_at, '2000-01-01+00') b (slot)
          WHERE r.person_id = drawn_readings.person_id AND r.measured_at >= since AND r.measured_at <= until) s
    WHERE s.slot IS DISTINCT FROM s.before ORDER BY s.measured_at;
END
$fn$;
COMMENT ON FUNCTION glucose.drawn_readings(uuid, timestamptz, timestamptz) IS
'Internal: the readings of a time as pictures draw them: of each half minute the first, however many there are.';

CREATE FUNCTION glucose.day_picture(person_id uuid, day date, c jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  ends CONSTANT timestamptz[] := glucose.midnights(day_picture.person_id, day, day);
  per CONSTANT double precision := c ->> 'per';
  levels jsonb;
  lowest real;
  highest real;
BEGIN
  SELECT jsonb_build_object('x', jsonb_agg(round(extract(epoch FROM l.local - day::timestamp) / 60, 2)
                                           ORDER BY r.i),
                            'low', jsonb_agg(round((r.mg_dl / per)::numeric, 2) ORDER BY r.i)), min(r.mg_dl),
                            max(r.mg_dl)
  INTO levels, lowest, highest
  FROM (SELECT array_agg(g.measured_at ORDER BY g.measured_at) AS at, array_agg(g.mg_dl ORDER BY g.measured_at) AS mg_dl
        FROM glucose.drawn_readings(day_picture.person_id, ends[1], ends[2] - interval '1 microsecond') g) a
  CROSS JOIN LATERAL unnest(a.at, a.mg_dl) WITH ORDINALITY r (at, mg_dl, i)
  JOIN LATERAL unnest(glucose.wall_clock(day_picture.person_id, a.at)) WITH ORDINALITY l (local, i) USING (i);
  RETURN jsonb_build_object(
    'words', glucose.page_day(day, c) || ': ' || CASE WHEN lowest IS NULL THEN c #>> '{w,no_readings}' ELSE
      format(c #>> '{w,from_to}', glucose.page_level(lowest, c), glucose.page_level(highest, c), c ->> 'unit') END,
    'x', '[0, 1440]'::jsonb, 'comma', c ->> 'lang' = 'de',
    'y', glucose.day_axis(highest, c),
    'target', jsonb_build_array(round((70 / per)::numeric, 1), round((180 / per)::numeric, 1)), 'gap', 23,
    'layers', CASE WHEN lowest IS NULL THEN '[]'::jsonb
    ELSE jsonb_build_array(levels || '{"kind": "line", "tone": "level"}') END);
END
$fn$;
COMMENT ON FUNCTION glucose.day_picture(uuid, date, jsonb) IS
'Internal: the readings of a day of the person''s clock as a picture.';

CREATE FUNCTION glucose.readings_about(person_id uuid, at timestamptz, back interval, ahead interval, c jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN (SELECT jsonb_build_array(
      jsonb_build_object('kind', 'dot', 'tone', 'soft', 'name', c #>> '{w,readings_before}',
        'x', coalesce(jsonb_agg(r.minute ORDER BY r.minute) FILTER (WHERE r.minute <= 0), '[]'),
        'low', coalesce(jsonb_agg(r.level ORDER BY r.minute) FILTER (WHERE r.minute <= 0), '[]')),
      jsonb_build_object('kind', 'ring', 'tone', 's2', 'name', c #>> '{w,what_happened}',
        'x', coalesce(jsonb_agg(r.minute ORDER BY r.minute) FILTER (WHERE r.minute > 0), '[]'),
        'low', coalesce(jsonb_agg(r.level ORDER BY r.minute) FILTER (WHERE r.minute > 0), '[]')))
    FROM (SELECT round(extract(epoch FROM g.measured_at - readings_about.at) / 60, 2) AS minute,
                 round((g.mg_dl / (c ->> 'per')::float8)::numeric, 2) AS level
          FROM glucose.drawn_readings(readings_about.person_id, readings_about.at - back,
            readings_about.at + ahead) g) r);
END
$fn$;
COMMENT ON FUNCTION glucose.readings_about(uuid, timestamptz, interval, interval, jsonb) IS
'Internal: the readings before and after a moment as layers of a picture, in minutes from it.';

CREATE FUNCTION glucose.forecast_layers(curve jsonb, points jsonb, level double precision, c jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  per CONSTANT double precision := c ->> 'per';
  names jsonb;
BEGIN
  names := jsonb_build_object('mark', c #>> '{w,forecast}', 'bar', format(c #>> '{w,range_of}', round(100 * level)),
                              'wide', format(c #>> '{w,range_of}', round(100 * level)), 'narrow',
                              format(c #>> '{w,range_of}', 50));
  RETURN (SELECT jsonb_agg(l.layer ORDER BY l.i) FROM (
    SELECT s.i, jsonb_build_object('kind', s.kind, 'tone', s.tone, 'name', names ->> s.name,
             'x', jsonb_agg(p.minutes_ahead ORDER BY p.minutes_ahead),
             'low', jsonb_agg(round(((CASE WHEN s.kind IN ('band', 'bar') THEN CASE s.name WHEN 'narrow'
             THEN p.narrow_lower
               ELSE p.lower END ELSE p.mg_dl END) / per)::numeric, 2) ORDER BY p.minutes_ahead))
           || CASE WHEN s.kind IN ('band', 'bar') THEN jsonb_build_object('high', jsonb_agg(round(((CASE s.name
                WHEN 'narrow' THEN p.narrow_upper ELSE p.upper END) / per)::numeric, 2) ORDER BY p.minutes_ahead))
              ELSE '{}' END AS layer
    FROM (VALUES (1, 'band', 'wide', 'wide', true), (2, 'band', 's1', 'narrow', true), (3, 'line', 's1', '', true),
                 (4, 'bar', 's1', 'bar', false), (9, 'mark', 's1', 'mark', false)) s (i, kind, tone, name, of_curve)
    CROSS JOIN LATERAL jsonb_to_recordset(CASE WHEN s.of_curve THEN curve ELSE points END)
      p (minutes_ahead integer, mg_dl float8, lower float8, upper float8, narrow_lower float8, narrow_upper float8)
    GROUP BY s.i, s.kind, s.tone, s.name) l);
END
$fn$;
COMMENT ON FUNCTION glucose.forecast_layers(jsonb, jsonb, double precision, jsonb) IS
'Internal: a forecast as layers of a picture: a curve with intervals as bands, and points with theirs as bars.';

CREATE FUNCTION glucose.meal_picture(person_id uuid, meal_id uuid, level double precision, c jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  eaten record;
  local timestamp;
  curve jsonb;
  points jsonb;
  drawn jsonb;
BEGIN
  SELECT m.eaten_at, m.meal_type, m.carbs_g INTO eaten FROM glucose.meal m
  WHERE m.person_id = meal_picture.person_id AND m.meal_id = meal_picture.meal_id;
  -- What is not there, or not the caller's, is said by the forecast.
  SELECT jsonb_agg(f) INTO points FROM glucose.glucose_forecast(meal_picture.meal_id,
    jsonb_build_object('level', level), meal_picture.person_id) f;
  SELECT jsonb_agg(to_jsonb(w) || jsonb_build_object('narrow_lower', n.lower, 'narrow_upper', n.upper)) INTO curve
  FROM glucose.glucose_curve(meal_picture.meal_id, 5, jsonb_build_object('level', level), meal_picture.person_id) w
  JOIN glucose.glucose_curve(meal_picture.meal_id, 5, '{"level": 0.5}', meal_picture.person_id) n USING (minutes_ahead);
  local := (glucose.wall_clock(meal_picture.person_id, ARRAY[eaten.eaten_at]))[1];
  drawn := glucose.readings_about(meal_picture.person_id, eaten.eaten_at, '3 h', '3 h', c);
  RETURN jsonb_build_object(
    'words', format(c #>> '{w,forecast_after}', c #>> ARRAY['w', eaten.meal_type],
                    CASE WHEN eaten.carbs_g IS NULL THEN '' ELSE
                      format(c #>> '{w,with_carbs}', round(eaten.carbs_g::numeric)) END,
                    glucose.page_day(local::date, c), glucose.page_clock(local)),
    'x', '[-180, 180]'::jsonb, 'now', 0,
    'ticks', (SELECT jsonb_agg(t.part ORDER BY h.hour, t.i) FROM generate_series(-3, 3) h (hour)
              CROSS JOIN LATERAL (VALUES (1, to_jsonb(60 * h.hour)), (2, to_jsonb(CASE h.hour WHEN 0 THEN
                c #>> ARRAY['w', eaten.meal_type] ELSE format('%s h', to_char(h.hour, 'FMSG9')) END))) t (i, part)),
    'layers', glucose.forecast_layers(curve, points, level, c) || drawn);
END
$fn$;
COMMENT ON FUNCTION glucose.meal_picture(uuid, uuid, double precision, jsonb) IS
'Internal: the forecast after a meal, the readings before and what came as a picture.';

CREATE FUNCTION glucose.moment_picture(person_id uuid, at timestamptz, level double precision, c jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  local CONSTANT timestamp := (glucose.wall_clock(moment_picture.person_id, ARRAY[moment_picture.at]))[1];
  curve jsonb;
BEGIN
  SELECT jsonb_agg(to_jsonb(w) || jsonb_build_object('narrow_lower', n.lower, 'narrow_upper', n.upper)) INTO curve
  FROM glucose.cgm_forecast(moment_picture.person_id, moment_picture.at,
                            jsonb_build_object('level', level, 'minutes', 60)) w
  JOIN glucose.cgm_forecast(moment_picture.person_id, moment_picture.at, '{"level": 0.5, "minutes": 60}') n
  USING (minutes_ahead);
  RETURN jsonb_build_object(
    'words', format(c #>> '{w,forecast_at}', glucose.page_day(local::date, c), glucose.page_clock(local)),
    'x', '[-120, 60]'::jsonb, 'now', 0,
    'ticks', (SELECT jsonb_agg(t.part ORDER BY h.part, t.i) FROM generate_series(-4, 2) h (part)
              CROSS JOIN LATERAL (VALUES (1, to_jsonb(30 * h.part)), (2, to_jsonb(CASE h.part WHEN 0 THEN
                glucose.page_clock(local) ELSE format('%s min', to_char(30 * h.part, 'FMSG999')) END))) t (i, part)),
    'layers', glucose.forecast_layers(curve, (SELECT jsonb_agg(p) FROM jsonb_array_elements(curve) p
                                              WHERE (p ->> 'minutes_ahead')::integer % 30 = 0), level, c)
              || glucose.readings_about(moment_picture.person_id, moment_picture.at, '2 h', '1 h', c));
END
$fn$;
COMMENT ON FUNCTION glucose.moment_picture(uuid, timestamptz, double precision, jsonb) IS
'Internal: the forecast from readings alone at a moment, the readings before and what came as a picture.';

CREATE FUNCTION glucose.plot_options(options jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  usual CONSTANT jsonb := '{"format": "svg", "lang": "en", "unit": null, "level": 0.9, "width": 760}';
  wrong text;
BEGIN
  PERFORM glucose.require_object(options);
  SELECT o.key INTO wrong FROM jsonb_each(options) o
  WHERE NOT CASE o.key WHEN 'format' THEN o.value IN ('"svg"', '"text"')
                       WHEN 'lang' THEN jsonb_typeof(o.value) = 'string'
                       WHEN 'unit' THEN jsonb_typeof(o.value) IN ('string', 'null')
                       WHEN 'level' THEN jsonb_typeof(o.value) = 'number' AND o.value BETWEEN '0.1' AND '0.99'
                       WHEN 'width' THEN jsonb_typeof(o.value) = 'number' AND o.value BETWEEN '200' AND '4000'
                       ELSE false END ORDER BY 1 LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION '% option "%"', CASE WHEN usual ? wrong THEN 'invalid value for' ELSE 'unrecognized' END, wrong
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Options are format ("svg", "text"), lang, unit, level (0.1 to 0.99) and width (200 to 4000).';
  END IF;
  RETURN usual || options;
END
$fn$;
COMMENT ON FUNCTION glucose.plot_options(jsonb) IS
'Internal: part of glucose_plot(): the options, those given in place of the usual.';

CREATE FUNCTION glucose.glucose_plot(person_id uuid, day date DEFAULT NULL, meal_id uuid DEFAULT NULL,
  at timestamptz DEFAULT NULL, options jsonb DEFAULT '{}') RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  o CONSTANT jsonb := glucose.plot_options(glucose_plot.options);
  c CONSTANT jsonb := glucose.page_context(glucose_plot.person_id, o ->> 'lang', o ->> 'unit');
  shown date := glucose_plot.day;
  picture jsonb;
BEGIN
  IF num_nonnulls(glucose_plot.day, glucose_plot.meal_id, glucose_plot.at) > 1 THEN
    RAISE EXCEPTION 'a plot is of a day, a meal or a moment' USING ERRCODE = 'invalid_parameter_value',
      HINT = 'Give at most one of "day", "meal_id" and "at"; without any it is the day of the newest reading.';
  ELSIF NOT isfinite(glucose_plot.day) OR NOT isfinite(glucose_plot.at) THEN
    RAISE EXCEPTION 'argument "%" must be finite', CASE WHEN glucose_plot.at IS NULL THEN 'day' ELSE 'at' END
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF glucose_plot.meal_id IS NOT NULL THEN
    picture := glucose.meal_picture(glucose_plot.person_id, glucose_plot.meal_id, (o ->> 'level')::float8, c);
  ELSIF glucose_plot.at IS NOT NULL THEN
    picture := glucose.moment_picture(glucose_plot.person_id, glucose_plot.at, (o ->> 'level')::float8, c);
  ELSE
    shown := coalesce(shown, glucose.newest_day(glucose_plot.person_id), current_date);
    picture := glucose.day_picture(glucose_plot.person_id, shown, c) || jsonb_build_object('ticks',
      glucose.day_ticks(3));
    IF o ->> 'format' = 'text' THEN   -- a line of a terminal is made of dots
      picture := jsonb_set(picture, '{layers,0,kind}', '"dot"', false);
    END IF;
  END IF;
  picture := picture || jsonb_build_object('unit', c ->> 'unit', 'comma', c ->> 'lang' = 'de', 'height', 300, 'width',
    o -> 'width')
    || CASE WHEN num_nonnulls(glucose_plot.meal_id, glucose_plot.at) > 0
            THEN jsonb_build_object('foot', c ->> 'disclaimer') ELSE '{}' END;
  IF o ->> 'format' = 'text' THEN
    RETURN glucose.picture_text(picture);
  END IF;
  -- Bars at the horizons are what bands are where bands cannot be drawn.
  picture := jsonb_set(picture, '{layers}', jsonb_path_query_array(picture, '$.layers[*] ? (@.kind != "bar")'));
  RETURN glucose.picture_svg(picture, replace(glucose.html_colors(), ':root', '.plot') || glucose.picture_style());
END
$fn$;
COMMENT ON FUNCTION glucose.glucose_plot(uuid, date, uuid, timestamptz, jsonb) IS
'Draws a day of the person''s readings, the forecast after a meal or the one from readings at a moment, beside what '
'came: as one SVG for an app, or as text for a terminal. Forecasts carry the disclaimer.';

CREATE FUNCTION glucose.newest_day(person_id uuid) RETURNS date
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN (glucose.wall_clock(newest_day.person_id, ARRAY[(SELECT max(r.measured_at) FROM glucose.glucose_reading r
                                                          WHERE r.person_id = newest_day.person_id)]))[1]::date;
END
$fn$;
COMMENT ON FUNCTION glucose.newest_day(uuid) IS
'Internal: the day of the person''s clock that the newest reading is of; NULL without one.';
