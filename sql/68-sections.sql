-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.report_limits(c jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE c ->> 'targets' WHEN 'pregnancy' THEN '{"very_low": 54, "low": 63, "high": 140, "very_high": 250}'::jsonb
            ELSE '{"very_low": 54, "low": 70, "high": 180, "very_high": 250}' END;
COMMENT ON FUNCTION glucose.report_limits(jsonb) IS
'Internal: part of glucose_report(): the limits of the ranges, mg/dL.';

CREATE FUNCTION glucose.shown_limits(c jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT pg_catalog.jsonb_object_agg(x.key, glucose.page_level(x.value::float8, c))
        FROM pg_catalog.jsonb_each_text(glucose.report_limits(c)) x);
COMMENT ON FUNCTION glucose.shown_limits(jsonb) IS
'Internal: part of glucose_report(): the limits of the ranges as the page writes them.';

CREATE FUNCTION glucose.report_numbers(s glucose.glucose_summary, c jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  w CONSTANT jsonb := c -> 'w';
  l CONSTANT text := c ->> 'lang';
  u CONSTANT text := c ->> 'unit';
  digits CONSTANT integer := c ->> 'digits';
  lim CONSTANT jsonb := glucose.shown_limits(c);
  cells text[];
BEGIN
  SELECT array_agg(x.cell ORDER BY n.i, x.i) INTO cells
  FROM (VALUES (1, format(w ->> 'mean', u), glucose.page_number(s.mean, digits, l)),
    (2, format(w ->> 'sd', u), glucose.page_number(s.sd, digits, l)),
    (3, w ->> 'cv', glucose.page_percent(s.cv_pct, 1, l)),
    (4, w ->> 'gmi', glucose.page_percent(s.gmi_pct, 1, l)),
    (5, w ->> 'tight', glucose.page_percent(s.tight_range_pct, 1, l)),
    (6, format(w ->> 'low_episodes', lim ->> 'low'), s.low_episodes::text),
    (7, format(w ->> 'of_them', lim ->> 'very_low'), s.very_low_episodes::text),
    (8, format(w ->> 'high_episodes', lim ->> 'high'), s.high_episodes::text),
    (9, format(w ->> 'of_them', lim ->> 'very_high'), s.very_high_episodes::text),
    (10, w ->> 'risk', glucose.page_number(s.lbgi, 1, l) || ' / ' || glucose.page_number(s.hbgi, 1, l)),
    (11, w ->> 'gri', glucose.page_number(s.gri, 1, l)),
    (12, format(w ->> 'mage', u), glucose.page_number(s.mage, digits, l)),
    (13, format(w ->> 'modd', u), glucose.page_number(s.modd, digits, l)),
    (14, format(w ->> 'conga', glucose.page_number(s.conga_hours, 0, l), u), glucose.page_number(s.conga, digits, l)),
    (15, w ->> 'adrr', glucose.page_number(s.adrr, 1, l)),
    (16, w ->> 'j_index', glucose.page_number(s.j_index, 1, l)),
    (17, w ->> 'readings', s.readings::text), (18, w ->> 'days_with', s.days::text)) n (i, name, value)
  CROSS JOIN LATERAL unnest(ARRAY[n.name, n.value]) WITH ORDINALITY x (cell, i);
  RETURN glucose.folded(w ->> 'numbers', glucose.html_table(w ->> 'numbers', (w ->> 'number_head')::text[], cells));
END
$fn$;
COMMENT ON FUNCTION glucose.report_numbers(glucose.glucose_summary, jsonb) IS
'Internal: part of glucose_report(): all statistics as a table.';

CREATE FUNCTION glucose.report_shares(s glucose.glucose_summary, c jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  w CONSTANT jsonb := c -> 'w';
  l CONSTANT text := c ->> 'lang';
  lim CONSTANT jsonb := glucose.shown_limits(c);
  bars text;
  said text;
  keys text;
BEGIN
  SELECT string_agg(format('<rect class="r%s" x="%s%%" width="%s%%" height="30"/>', r.i, round(r.before::numeric, 3),
                           round(r.share::numeric, 3)), '' ORDER BY r.i),
         string_agg(format('%s %s %%', r.name, glucose.page_number(r.share, 1, l)), '; ' ORDER BY r.i),
         string_agg(format('<li class="chip r%s">%s<strong>%s&#160;%%</strong></li>', r.i, glucose.html(r.name),
                           glucose.page_number(r.share, 1, l)), '' ORDER BY r.i)
  INTO bars, said, keys
  FROM (SELECT v.i, v.name, v.share, sum(v.share) OVER (ORDER BY v.i) - v.share AS before
        FROM (VALUES (1, format(w ->> 'very_low_pct', lim ->> 'very_low'), s.very_low_pct),
                (2, format(w ->> 'low_only', lim ->> 'very_low', lim ->> 'low'), s.low_pct - s.very_low_pct),
                (3, format(w ->> 'in_range_pct', lim ->> 'low', lim ->> 'high'), s.in_range_pct),
                (4, format(w ->> 'high_only', lim ->> 'high', lim ->> 'very_high'), s.high_pct - s.very_high_pct),
                (5, format(w ->> 'very_high_pct', lim ->> 'very_high'), s.very_high_pct)) v (i, name, share)) r;
  RETURN format('<svg class="plot shares" role="img" width="100%%" height="30" aria-label="%s">%s</svg>'
                '<ul class="chips">%s'
                '</ul>', glucose.html((w ->> 'shares') || ': ' || said), bars, keys);
END
$fn$;
COMMENT ON FUNCTION glucose.report_shares(glucose.glucose_summary, jsonb) IS
'Internal: part of glucose_report(): the time in ranges as a bar.';

CREATE FUNCTION glucose.report_statistics(s glucose.glucose_summary, c jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  w CONSTANT jsonb := c -> 'w';
  l CONSTANT text := c ->> 'lang';
  u CONSTANT text := c ->> 'unit';
  digits CONSTANT integer := c ->> 'digits';
  lim CONSTANT jsonb := glucose.shown_limits(c);
  tiles text;
  goals text[];
BEGIN
  SELECT string_agg(format('<li><strong>%s</strong>%s</li>', t.value, glucose.html(t.name)), '' ORDER BY t.i) INTO tiles
  FROM (VALUES (1, glucose.page_percent(s.in_range_pct, 1, l), format(w ->> 'in_range', lim ->> 'low',
                lim ->> 'high', u)), (2, glucose.page_number(s.mean, digits, l), format(w ->> 'mean', u)),
    (3, glucose.page_percent(s.gmi_pct, 1, l), w ->> 'gmi'),
    (4, glucose.page_percent(s.cv_pct, 1, l), w ->> 'cv'),
    (5, glucose.page_percent(s.covered_pct, 1, l), w ->> 'covered'),
    (6, s.readings::text, w ->> 'readings')) t (i, value, name);
  SELECT array_agg(x.cell ORDER BY g.i, x.i) INTO goals
  FROM (SELECT row_number() OVER () AS i, o.* FROM glucose.glucose_goals(s, c ->> 'targets') o) g
  CROSS JOIN LATERAL unnest(ARRAY[
    format(w ->> ('goal_' || g.goal), lim ->> replace(g.goal, '_pct', '')), glucose.page_percent(g.value, 1, l),
    CASE WHEN g.below IS NULL THEN format(w ->> 'at_least', g.at_least) ELSE format(w ->> 'below', g.below) END,
    CASE g.met WHEN true THEN '✓ ' || (w ->> 'yes') WHEN false THEN '✗ ' || (w ->> 'no') END])
    WITH ORDINALITY x (cell, i);
  RETURN format('<section><h2>%s</h2><ul class="tiles">%s</ul>', glucose.html(w ->> 'statistics'), tiles)
    || glucose.report_shares(s, c) || '<div class="beside">'
    || glucose.html_table((w ->> 'goals') || '. ' || (w ->> ('goals_' || (c ->> 'targets'))),
    (w ->> 'goal_head')::text[], goals)
    || '</div>' || glucose.report_numbers(s, c) || '</section>';
END
$fn$;
COMMENT ON FUNCTION glucose.report_statistics(glucose.glucose_summary, jsonb) IS
'Internal: part of glucose_report(): statistics and goals.';

CREATE FUNCTION glucose.report_profile(person_id uuid, days integer, c jsonb) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  w CONSTANT jsonb := c -> 'w';
  part CONSTANT integer := 30;
  parts jsonb;
  picture jsonb;
  cells text[];
  said text;
BEGIN
  SELECT jsonb_agg(to_jsonb(a) ORDER BY a.minute_of_day),
         array_agg(ARRAY[glucose.page_clock(time '00:00' + a.minute_of_day * interval '1 min' + date '2000-01-01'),
           glucose.page_number(a.p5, v.digits, v.l), glucose.page_number(a.p25, v.digits, v.l),
           glucose.page_number(a.p50, v.digits, v.l), glucose.page_number(a.p75, v.digits, v.l),
           glucose.page_number(a.p95, v.digits, v.l), a.n::text] ORDER BY a.minute_of_day),
         format(w ->> 'profile_alt', min(glucose.page_clock(date '2000-01-01' + a.minute_of_day * interval '1 min'))
                FILTER (WHERE a.p50 = a.lowest), glucose.page_number(min(a.p50), v.digits, v.l),
                min(glucose.page_clock(date '2000-01-01' + a.minute_of_day * interval '1 min'))
                FILTER (WHERE a.p50 = a.highest), glucose.page_number(max(a.p50), v.digits, v.l), c ->> 'unit')
  INTO parts, cells, said
  FROM (SELECT x.*, min(x.p50) OVER () AS lowest, max(x.p50) OVER () AS highest
        FROM glucose.agp(report_profile.person_id, report_profile.days, NULL,
                         jsonb_build_object('unit', c ->> 'unit', 'part_min', part)) x) a,
       (VALUES ((c ->> 'digits')::integer, c ->> 'lang')) v (digits, l)
  GROUP BY v.digits, v.l;
  SELECT jsonb_build_object(
    'words', said, 'unit', c ->> 'unit', 'comma', c ->> 'lang' = 'de', 'x', '[0, 1440]'::jsonb, 'height', 260, 'ticks',
    glucose.day_ticks(3),
    'y', CASE c ->> 'unit' WHEN 'mmol/L' THEN jsonb_build_array(2, greatest(16, max(p.p95)))
                           ELSE jsonb_build_array(40, greatest(280, max(p.p95))) END,
    'target', (SELECT jsonb_build_array(round(((x ->> 'low')::numeric / (c ->> 'per')::numeric), 1),
                                        round(((x ->> 'high')::numeric / (c ->> 'per')::numeric), 1))
               FROM (SELECT glucose.report_limits(c)) t (x)),
    'layers', jsonb_build_array(
      jsonb_build_object('kind', 'band', 'tone', 'wide', 'name', w ->> 'band_wide', 'x', jsonb_agg(p.x ORDER BY p.x),
                         'low', jsonb_agg(p.p5 ORDER BY p.x), 'high', jsonb_agg(p.p95 ORDER BY p.x)),
      jsonb_build_object('kind', 'band', 'tone', 's1', 'name', w ->> 'band_narrow', 'x', jsonb_agg(p.x ORDER BY p.x),
                         'low', jsonb_agg(p.p25 ORDER BY p.x), 'high', jsonb_agg(p.p75 ORDER BY p.x)),
      jsonb_build_object('kind', 'line', 'tone', 's1', 'name', w ->> 'median', 'x', jsonb_agg(p.x ORDER BY p.x),
                         'low', jsonb_agg(p.p50 ORDER BY p.x)))) INTO picture
  -- The day goes on at both ends.
  FROM (SELECT q.minute_of_day + part / 2 + 1440 * o.over AS x, q.*
        FROM jsonb_to_recordset(parts) q (minute_of_day integer, p5 float8, p25 float8, p50 float8, p75 float8,
        p95 float8)
        CROSS JOIN generate_series(-1, 1) o (over)) p
  WHERE p.x BETWEEN -part AND 1440 + part;
  RETURN format('<section><h2>%s</h2><p class="soft">%s</p>', glucose.html(w ->> 'profile'),
    glucose.html(w ->> 'profile_says'))
    || glucose.picture_svg(picture) || glucose.picture_legend(picture)
    || glucose.folded(w ->> 'table', glucose.html_table(format(w ->> 'profile_table', c ->> 'unit'),
                                                        (w ->> 'profile_head')::text[], glucose.flat(cells)))
                                                        || '</section>';
END
$fn$;
COMMENT ON FUNCTION glucose.report_profile(uuid, integer, jsonb) IS
'Internal: part of glucose_report(): the ambulatory glucose profile.';

CREATE FUNCTION glucose.report_days(person_id uuid, first_day date, last_day date, c jsonb) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  w CONSTANT jsonb := c -> 'w';
  l CONSTANT text := c ->> 'lang';
  most CONSTANT integer := 28;
  drawn CONSTANT date := greatest(report_days.first_day, report_days.last_day - most + 1);
  lim CONSTANT jsonb := glucose.report_limits(c);
  per CONSTANT numeric := c ->> 'per';
  ends CONSTANT timestamptz[] := glucose.midnights(report_days.person_id, report_days.first_day, report_days.last_day);
  span jsonb;
  strips text;
  cells text[];
BEGIN
  SELECT glucose.day_axis(max(r.mg_dl), c) INTO span
  FROM glucose.glucose_reading r
  WHERE r.person_id = report_days.person_id AND r.measured_at >= ends[1] AND r.measured_at < ends[array_upper(ends, 1)];
  WITH shown AS (
    SELECT x.day::date AS day, s.covered_pct, s.mean, s.in_range_pct, s.low_pct, s.high_pct, s.low_episodes,
    s.high_episodes
    FROM generate_series(report_days.first_day, report_days.last_day, interval '1 day') x (day)
    LEFT JOIN glucose.glucose_statistics_daily(report_days.person_id, report_days.first_day, report_days.last_day,
      jsonb_build_object('targets', c ->> 'targets', 'unit', c ->> 'unit')) s ON s.day = x.day::date)
  SELECT string_agg(format('<figure class="day"><figcaption>%s%s</figcaption>%s</figure>', glucose.page_day(d.day, c),
           CASE WHEN d.in_range_pct IS NULL THEN '' ELSE
             ' <strong>' || glucose.page_number(d.in_range_pct, 0, l) || '&#160;%</strong>' END,
           glucose.picture_svg(glucose.day_picture(report_days.person_id, d.day, c)
             || jsonb_build_object('y', span, 'height', 92, 'ticks', glucose.day_ticks(6, false), 'target',
             jsonb_build_array(
               round((lim ->> 'low')::numeric / per, 1), round((lim ->> 'high')::numeric / per, 1))))), ''
               ORDER BY d.day)
         FILTER (WHERE d.day >= drawn),
         array_agg(ARRAY[glucose.page_day(d.day, c), glucose.page_percent(coalesce(d.covered_pct, 0), 0, l),
           glucose.page_number(d.mean, CASE per WHEN 1 THEN 0 ELSE 1 END, l),
           glucose.page_percent(d.in_range_pct, 1, l),
           glucose.page_percent(d.low_pct, 1, l), glucose.page_percent(d.high_pct, 1, l),
           d.low_episodes::text, d.high_episodes::text] ORDER BY d.day)
  INTO strips, cells FROM shown d;
  RETURN format('<section><h2>%s</h2><p class="soft">%s</p><div class="strips">%s</div>', glucose.html(w ->> 'days'),
      glucose.html(format(w ->> 'days_say', span ->> 0, span ->> 1, c ->> 'unit',
      glucose.page_level((lim ->> 'low')::float8, c),
                          glucose.page_level((lim ->> 'high')::float8, c))
                   || CASE WHEN drawn > report_days.first_day THEN ' ' || format(w ->> 'days_cut', most) ELSE '' END),
                   strips)
    || glucose.folded(w ->> 'table',
    glucose.html_table(format(w ->> 'day_table', c ->> 'unit'), (w ->> 'day_head')::text[],
                                                        glucose.flat(cells))) || '</section>';
END
$fn$;
COMMENT ON FUNCTION glucose.report_days(uuid, date, date, jsonb) IS
'Internal: part of glucose_report(): a strip for each day.';

CREATE FUNCTION glucose.report_patterns(person_id uuid, c jsonb) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  w CONSTANT jsonb := c -> 'w';
  -- As many as glucose_patterns() takes when it is not told: weekdays need nine weeks, whatever the page is about.
  looked_back CONSTANT integer := 90;
  n_asked bigint;
  found text;
BEGIN
  SELECT count(*), string_agg('<li>' || glucose.html(p.words) || '</li>', ''
                              ORDER BY abs(p.difference) DESC, p.words) FILTER (WHERE p.is_found)
  INTO n_asked, found
  FROM glucose.glucose_patterns(report_patterns.person_id, looked_back, c ->> 'lang', c ->> 'unit', true) p;
  RETURN format('<section><h2>%s</h2>', glucose.html(w ->> 'patterns'))
    || CASE WHEN n_asked = 0 THEN format('<p class="none">%s</p>', glucose.html(w ->> 'patterns_too_few'))
       ELSE coalesce('<ul>' || found || '</ul>', format('<p class="none">%s</p>', glucose.html(w ->> 'patterns_none')))
         || format('<p class="soft">%s</p>', glucose.html(format(w ->> 'patterns_say', n_asked, looked_back))) END
    || '</section>';
END
$fn$;
COMMENT ON FUNCTION glucose.report_patterns(uuid, jsonb) IS
'Internal: part of glucose_report(): what glucose_patterns() finds, and of how many comparisons.';

CREATE FUNCTION glucose.report_quality(person_id uuid, start_at timestamptz, c jsonb) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  w CONSTANT jsonb := c -> 'w';
  l CONSTANT text := c ->> 'lang';
  cells text[];
BEGIN
  WITH reading AS (
    SELECT r.measured_at AS at, r.mg_dl, r.recorded_at > r.measured_at + interval '1 hour' AS is_late,
           extract(epoch FROM r.measured_at - lag(r.measured_at) OVER (ORDER BY r.measured_at))::float8 / 60 AS step
    FROM glucose.glucose_reading r
    WHERE r.person_id = report_quality.person_id AND r.measured_at >= report_quality.start_at),
  told AS (
    SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY r.step) AS step, max(r.at) AS newest,
           count(*) FILTER (WHERE r.mg_dl <= 40 OR r.mg_dl >= 400) AS at_limit,
           count(*) FILTER (WHERE r.is_late) AS late FROM reading r),
  meal AS (SELECT count(*) AS n, count(m.carbs_g) AS with_carbs FROM glucose.meal m
           WHERE m.person_id = report_quality.person_id AND m.eaten_at >= report_quality.start_at),
  fault AS (
    SELECT e.kind, count(*) AS n, extract(epoch FROM max(e.ended_at - e.started_at))::float8 / 60 AS longest
    FROM glucose.glucose_events(report_quality.person_id, report_quality.start_at) e
    WHERE e.certainty >= 0.5 GROUP BY e.kind),
  line AS (
    SELECT q.* FROM told t CROSS JOIN meal m LEFT JOIN fault g ON g.kind = 'gap' CROSS JOIN LATERAL (VALUES
      (1, w ->> 'newest', (SELECT glucose.page_day(n.at::date, c) || ', ' || glucose.page_clock(n.at)
                           FROM unnest(glucose.wall_clock(report_quality.person_id, ARRAY[t.newest])) n (at))),
      (2, w ->> 'step', format(w ->> 'minutes', glucose.page_number(t.step, 0, l))),
      (4, w ->> 'gap_longest', CASE WHEN g.longest >= 120
        THEN format(w ->> 'hours', glucose.page_number(g.longest / 60, 1, l))
        WHEN g.longest IS NOT NULL THEN format(w ->> 'minutes', glucose.page_number(g.longest, 0, l)) ELSE '–' END),
      (10, w ->> 'at_limit', t.at_limit::text), (11, w ->> 'late', t.late::text), (12, w ->> 'meals', m.n::text),
      (13, w ->> 'with_carbs_known', m.with_carbs::text)) q (i, name, value)
    UNION ALL
    SELECT k.i, w ->> k.kind, coalesce(f.n, 0)::text
    FROM (VALUES (3, 'gap'), (5, 'warm_up'), (6, 'stuck'), (7, 'jump'), (8, 'two_sensors'), (9, 'compression_low'))
      k (i, kind) LEFT JOIN fault f USING (kind))
  SELECT array_agg(x.cell ORDER BY r.i, x.i) INTO cells
  FROM line r CROSS JOIN LATERAL unnest(ARRAY[r.name, r.value]) WITH ORDINALITY x (cell, i);
  RETURN format('<section><h2>%s</h2>', glucose.html(w ->> 'quality'))
    || glucose.html_table(w ->> 'quality_of', (w ->> 'quality_head')::text[], cells) || '</section>';
END
$fn$;
COMMENT ON FUNCTION glucose.report_quality(uuid, timestamptz, jsonb) IS
'Internal: part of glucose_report(): what the data are like, with what glucose_events() names of the sensor.';
