-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.report_targets(person_id uuid, options jsonb) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  wrong text;
BEGIN
  PERFORM glucose.require_object(options);
  SELECT o.key INTO wrong FROM jsonb_each(options) o WHERE o.key <> 'targets' ORDER BY 1 LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'unrecognized option "%"', wrong USING ERRCODE = 'invalid_parameter_value',
      HINT = 'Known is targets.';
  ELSIF options ? 'targets' AND (options ->> 'targets' IS NULL
                                 OR options ->> 'targets' NOT IN ('standard', 'older', 'pregnancy')) THEN
    RAISE EXCEPTION 'invalid value for option "targets"' USING ERRCODE = 'invalid_parameter_value',
      HINT = 'It must be standard, older or pregnancy.';
  END IF;
  RETURN coalesce(options ->> 'targets',
    (SELECT CASE p.diabetes_type WHEN 'gestational' THEN 'pregnancy' ELSE 'standard' END
                                          FROM glucose.person p WHERE p.person_id = report_targets.person_id));
END
$fn$;
COMMENT ON FUNCTION glucose.report_targets(uuid, jsonb) IS
'Internal: part of glucose_report(): the option targets, else what fits the person.';

CREATE FUNCTION glucose.glucose_report(person_id uuid, days integer DEFAULT 14, lang text DEFAULT 'en',
  unit text DEFAULT NULL, options jsonb DEFAULT '{}') RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  c jsonb := glucose.page_context(glucose_report.person_id, glucose_report.lang, glucose_report.unit);
  s glucose.glucose_summary;
  newest timestamptz;
  since timestamptz;
  first_day date;
  last_day date;
  body text;
  head text;
BEGIN
  IF glucose_report.days IS NULL OR glucose_report.days NOT BETWEEN 1 AND 90 THEN
    RAISE EXCEPTION '"days" must be from 1 to 90' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  c := c || jsonb_build_object('targets', glucose.report_targets(glucose_report.person_id, glucose_report.options));
  SELECT max(r.measured_at) INTO newest FROM glucose.glucose_reading r WHERE r.person_id = glucose_report.person_id;
  IF newest IS NULL THEN
    body := format('<section><p>%s</p></section>', glucose.html(format(c #>> '{w,nothing}', glucose_report.days)));
    head := '';
  ELSE
    -- As the functions count: so many times 24 hours up to the newest reading; strips are whole days of the clock.
    since := newest - glucose_report.days * interval '24 hours' + interval '1 microsecond';
    s := glucose.glucose_statistics(glucose_report.person_id, since, NULL,
      jsonb_build_object('unit', c ->> 'unit', 'targets', c ->> 'targets'));
    last_day := (glucose.wall_clock(glucose_report.person_id, ARRAY[newest]))[1]::date;
    first_day := greatest(last_day - glucose_report.days + 1,
      (glucose.wall_clock(glucose_report.person_id, ARRAY[s.first_at]))[1]::date);
    head := format('<p class="soft">%s</p>', glucose.html(format(c #>> '{w,period}', glucose.page_day(first_day, c),
      glucose.page_day(last_day, c), date_part('year', last_day), (SELECT replace(p.time_zone, '_', ' ')
        FROM glucose.person p WHERE p.person_id = glucose_report.person_id))));
    IF NOT s.is_enough THEN
      head := head || format('<p class="notice">%s</p>', glucose.html(format(c #>> '{w,too_few}',
        glucose.page_number(s.covered_pct, 0, c ->> 'lang'), glucose_report.days)));
    END IF;
    body := glucose.report_statistics(s, c) || glucose.report_profile(glucose_report.person_id, glucose_report.days, c)
      || glucose.report_days(glucose_report.person_id, first_day, last_day, c)
      || glucose.report_forecasts(glucose_report.person_id, since, c) || glucose.report_model(glucose_report.person_id,
      c) || glucose.report_patterns(glucose_report.person_id, c)
      || glucose.report_quality(glucose_report.person_id, since, c);
  END IF;
  RETURN glucose.html_page(c #>> '{w,title}',
    head || format('<p class="soft">%s</p>', glucose.html(c ->> 'disclaimer')), body,
    format('<p>%s</p><p>%s</p>', glucose.html(format(c #>> '{w,made}', glucose.page_day((glucose.wall_clock(
      glucose_report.person_id, ARRAY[now()]))[1]::date, c) || ' ' || date_part('year', now()),
      glucose.version(), glucose_report.person_id)),
      glucose.html(c ->> 'disclaimer')), c ->> 'lang');
END
$fn$;
COMMENT ON FUNCTION glucose.glucose_report(uuid, integer, text, text, jsonb) IS
'One HTML page about a person''s glucose, to look at on a phone or to print: statistics and goals, profile, '
'days, forecasts '
'against what happened, model, patterns and data. In English or German, mg/dL or mmol/L; nothing from elsewhere.';
