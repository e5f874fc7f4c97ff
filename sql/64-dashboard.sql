-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.html(text text) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_html';
COMMENT ON FUNCTION glucose.html(text) IS
'Internal: text as HTML has it, so that nothing that is stored can be markup.';

CREATE FUNCTION glucose.svg_lines(title text, unit text, labels text[], names text[], y double precision[],
  from_zero boolean DEFAULT true) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'glucose_svg_lines';
COMMENT ON FUNCTION glucose.svg_lines(text, text, text[], text[], double precision[], boolean) IS
'Internal: one to six series over the same labels as lines of SVG with a legend; the values of one series after '
'those '
'of the other, NULL where nothing is known.';

CREATE FUNCTION glucose.html_table(caption text, head text[], body text[]) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  cells text;
BEGIN
  IF coalesce(cardinality(body), 0) = 0 THEN
    RETURN format('<p class="none">%s: none.</p>', glucose.html(caption));
  END IF;
  SELECT string_agg('<tr>' || r.cells || '</tr>', '' ORDER BY r.row) INTO cells
  FROM (SELECT (c.i - 1) / cardinality(head) AS row,
               string_agg(CASE WHEN (c.i - 1) % cardinality(head) = 0
               THEN '<th scope="row">' || glucose.html(coalesce(nullif(c.cell, ''), '–')) || '</th>'
                          ELSE CASE WHEN length(c.cell) > 30 THEN '<td class="long">'
                                    WHEN c.cell IN ('critical', 'warning') THEN '<td class="' || c.cell || '">'
                                    ELSE '<td>' END
                               || glucose.html(coalesce(c.cell, '–')) || '</td>' END, '' ORDER BY c.i) AS cells
        FROM unnest(body) WITH ORDINALITY c (cell, i) GROUP BY 1) r;
  RETURN format('<section class="wide" tabindex="0" aria-label="%s"><table><caption>%s</caption><thead>'
                '<tr>%s</tr></thead><tbody>%s</tbody></table></section>', glucose.html(caption), glucose.html(caption),
                (SELECT string_agg('<th scope="col">' || glucose.html(h.name) || '</th>', '' ORDER BY h.i)
                 FROM unnest(head) WITH ORDINALITY h (name, i)), cells);
END
$fn$;
COMMENT ON FUNCTION glucose.html_table(text, text[], text[]) IS
'Internal: cells, row after row, as a table that scrolls by itself where the page is narrow; the first of a row '
'heads '
'it.';

CREATE FUNCTION glucose.html_colors() RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ':root{color-scheme:light dark;--ink:#1d2733;--soft:#5a6673;--paper:#fff;--card:#f4f6f8;--line:#d9dfe5;'
  '--s1:#0b62a8;'
  '--s2:#b3470b;--s3:#1a7a4c;--s4:#7a3d9e;--s5:#8a6a00;--s6:#a8235e;--bad:#a3180f;--warn:#8a5a00;'
  '--r1:#8f1d14;--r2:#d8574c;--r3:#3f9e6c;--r4:#e3b341;--r5:#cf7a1d}'
  '@media(prefers-color-scheme:dark){:root{--ink:#e8edf2;--soft:#a9b4bf;--paper:#12181f;--card:#1c252f;--line:#33404d;'
  '--s1:#6db5f2;--s2:#f2a06d;--s3:#6ed3a3;--s4:#cf9cf0;--s5:#e0c25a;--s6:#f28ab6;--bad:#ff9a91;--warn:#f0c060;'
  '--r1:#b3261e;--r2:#e8776c;--r3:#4fae7d;--r4:#e6bd55;--r5:#d98a33}}';
COMMENT ON FUNCTION glucose.html_colors() IS
'Internal: the colours of pages and pictures, by their names, light and dark.';

CREATE FUNCTION glucose.picture_style() RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '.plot{display:block}.plot text{font:12px system-ui,sans-serif;fill:var(--soft)}.plot '
  '.foot{font-size:10px}.plot .title{font-weight:600;fill:var(--ink)}'
  '.plot .paper{fill:var(--paper)}.plot .grid{stroke:var(--line)}.plot .limit{stroke:var(--s3);stroke-opacity:.6}'
  '.plot .target{fill:var(--s3);opacity:.09}.plot .now{stroke:var(--soft);stroke-dasharray:4 3}'
  '.plot .line{fill:none;stroke-width:2;vector-effect:non-scaling-stroke;stroke-linejoin:round;stroke-linecap:round}'
  '.plot .line.s1{stroke:var(--s1)}.plot .line.level{stroke:var(--ink);stroke-width:1.3}'
  '.plot .area{stroke:none}.plot .area.s1{fill:var(--s1);opacity:.3}.plot .area.wide{fill:var(--s1);opacity:.16}'
  '.plot .area.over{fill:var(--s5);opacity:.5}.plot .area.under{fill:var(--bad);opacity:.6}'
  '.plot .point{stroke:none}.plot .point.s1{fill:var(--s1)}.plot .point.soft{fill:var(--soft)}'
  '.plot .ring{fill:var(--paper);stroke-width:1.6}.plot .ring.s2{stroke:var(--s2)}'
  '.plot .bar{stroke-width:4;stroke-linecap:round;opacity:.35}.plot .bar.s1{stroke:var(--s1)}'
  '.plot .word{stroke:none;fill:var(--soft)}.plot .word.s1,.plot .word.wide{fill:var(--s1)}'
  '.plot .word.s2{fill:var(--s2)}.plot .word.wide{opacity:.5}'
  '.plot .r1{fill:var(--r1)}.plot .r2{fill:var(--r2)}.plot .r3{fill:var(--r3)}.plot .r4{fill:var(--r4)}.plot '
  '.r5{fill:var(--r5)}';
COMMENT ON FUNCTION glucose.picture_style() IS
'Internal: how pictures of glucose look, in a page and alone.';

CREATE FUNCTION glucose.html_style() RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN glucose.html_colors() || glucose.picture_style() ||
  '*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}'
  'header,main,footer{max-width:76rem;margin:0 auto;padding:1rem}h1{font-size:1.5rem;margin:.2rem 0}'
  'h2{font-size:1.15rem;margin:0 0 .5rem}p{margin:.3rem 0}'
  '.soft,.none,.legend,caption,footer{color:var(--soft);font-size:.9rem}'
  ''
  '.tiles,.charts{display:grid;gap:1rem;grid-template-columns:repeat(auto-fit,minmax(7rem,1fr));padding:0;'
  'margin:0 0 1rem;list-style:none}'
  '.charts{grid-template-columns:repeat(auto-fit,minmax(min(24rem,100%),1fr))}'
  '.tiles li,main>section,.charts>section{background:var(--card);border:1px solid var(--line);'
  'border-radius:.5rem;padding:.8rem}'
  'main>section{margin:0 0 1rem}'
  '.tiles strong{display:block;font-size:1.4rem}.chart{width:100%;height:auto;display:block}'
  '.grid{stroke:var(--line)}.tick{fill:var(--soft);font-size:13px}.line{fill:none;stroke-width:2}'
  '.s1{stroke:var(--s1)}.s2{stroke:var(--s2)}.s3{stroke:var(--s3)}.s4{stroke:var(--s4)}.s5{stroke:var(--s5)}'
  '.s6{stroke:var(--s6)}'
  'circle.s1{fill:var(--s1)}circle.s2{fill:var(--s2)}circle.s3{fill:var(--s3)}circle.s4{fill:var(--s4)}'
  'circle.s5{fill:var(--s5)}circle.s6{fill:var(--s6)}'
  '.key::before{content:"";display:inline-block;width:1.2em;height:.25em;margin:0 .3em .2em '
  '0;background:currentColor}'
  '.key{margin-right:.8em}.key.s1{color:var(--s1)}.key.s2{color:var(--s2)}.key.s3{color:var(--s3)}'
  '.key.s4{color:var(--s4)}.key.s5{color:var(--s5)}.key.s6{color:var(--s6)}'
  '.alerts{list-style:none;margin:0;padding:0}.alerts li{padding:.3rem 0;border-bottom:1px solid var(--line)}'
  '.alerts li:last-child{border:0}.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.9rem}'
  'caption{text-align:left;padding:.2rem 0}'
  'th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid var(--line);vertical-align:top;white-space:nowrap}'
  'td.long{white-space:normal;min-width:16rem}caption{white-space:normal}table{margin:0 0 .6rem}'
  'tbody th{font-weight:600}'
  'a{color:var(--s1)}:focus-visible{outline:3px solid var(--s1);outline-offset:2px}'
  '.critical{color:var(--bad);font-weight:700}.warning{color:var(--warn);font-weight:700}'
  '.key.soft{color:var(--soft)}.key.wide{color:var(--s1)}'
  '.key.dot::before,.key.ring::before,.key.mark::before{width:.6em;'
  'height:.6em;border-radius:50%;margin-bottom:0}.key.ring::before{background:none;border:2px solid currentColor}'
  '.key.band::before{height:.8em;margin-bottom:-.05em;opacity:.45}.key.band.wide::before{opacity:.2}'
  '.key.bar::before{width:.3em;height:.9em;margin-bottom:-.1em;opacity:.45}'
  '.chips{list-style:none;padding:0;margin:.5rem 0 1rem;display:grid;gap:.2rem 1.2rem;font-size:.9rem;'
  'grid-template-columns:repeat(auto-fit,minmax(min(15rem,100%),1fr))}'
  '.chips strong{float:right}.chip::before{content:"";display:inline-block;width:.8em;height:.8em;border-radius:.2em;'
  'margin-right:.5em;background:var(--r3)}.chip.r1::before{background:var(--r1)}'
  '.chip.r2::before{background:var(--r2)}'
  '.chip.r4::before{background:var(--r4)}.chip.r5::before{background:var(--r5)}'
  '.shares{border-radius:.4rem;overflow:hidden}'
  '.strips{display:grid;gap:.7rem;grid-template-columns:repeat(auto-fill,minmax(8.5rem,1fr))}'
  '.day{margin:0;min-width:0}figcaption{font-size:.85rem;display:flex;justify-content:space-between}'
  'h3{font-size:1rem;margin:.8rem 0 .3rem}details{margin:.6rem 0 0}summary{cursor:pointer;color:var(--s1)}'
  '.notice{border-left:.3rem solid var(--warn);padding:.3rem .7rem;background:var(--card)}'
  '@media(max-width:40rem){header,main,footer{padding:.8rem .6rem}th,td{padding:.3rem .35rem}'
  'tbody th{min-width:6.5rem}}'
  '@page{size:A4;margin:14mm}@media print{:root{color-scheme:light}html,body{font-size:11px}'
  'header,main,footer{padding:.4rem 0}'
  'figure,tr,svg,.charts section,.tiles,.wide{break-inside:avoid}h2,h3,h2+p,.soft{break-after:avoid}'
  '.chips{grid-template-columns:repeat(3,1fr)}'
  'main>section{border:0;padding:0;background:none}'
  '.strips{grid-template-columns:'
  'repeat(7,1fr);gap:.4rem}summary{display:none}.plot text{font-size:9px}*{print-color-adjust:exact}}';
COMMENT ON FUNCTION glucose.html_style() IS
'Internal: how pages look: light and dark as the reader has it, wide and narrow, on paper.';

CREATE FUNCTION glucose.html_page(title text, head text, body text, foot text, lang text DEFAULT 'en') RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '<!DOCTYPE html>' || chr(10) || '<html lang="' || glucose.html(lang) || '"><head><meta charset="utf-8"><title>'
  || glucose.html(title) || '</title><meta name="viewport" content="width=device-width, initial-scale=1">'
  '<meta http-equiv="Content-Security-Policy" content="default-src ''none''; style-src ''unsafe-inline''"><style>'
  || glucose.html_style() || '</style></head><body><header><h1>' || glucose.html(title) || '</h1>' || head
  || '</header><main>' || body || '</main><footer>' || foot || '</footer></body></html>' || chr(10);
COMMENT ON FUNCTION glucose.html_page(text, text, text, text, text) IS
'Internal: a page that needs nothing from elsewhere, and loads nothing even when it is told to.';

CREATE FUNCTION glucose.dashboard_charts(since timestamptz) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  out text := '';
  days text[];
  drawn text;
BEGIN
  SELECT array_agg(to_char(d, 'YYYY-MM-DD') ORDER BY d) INTO days
  FROM generate_series(greatest(since, now() - interval '1000 days')::date, current_date, interval '1 day') d;
  WITH day AS (SELECT to_char(p.issued_at, 'YYYY-MM-DD') AS day, count(*) AS n, count(p.cached_from) AS cached,
                      percentile_cont(0.5) WITHIN GROUP (ORDER BY p.latency_ms) AS median,
                      percentile_cont(0.95) WITHIN GROUP (ORDER BY p.latency_ms) AS p95
               FROM glucose.prediction p WHERE p.issued_at >= since GROUP BY 1),
  filled AS (SELECT l.i, coalesce(d.n, 0) AS n, coalesce(d.cached, 0) AS cached, d.median, d.p95
             FROM unnest(days) WITH ORDINALITY l (day, i) LEFT JOIN day d ON d.day = l.day)
  SELECT '<section><h2>Answers a day</h2>'
         || glucose.svg_lines('Answers a day', 'answers', days, '{answers,of them from the log}',
                              array_agg(f.n::float8 ORDER BY f.i) || array_agg(f.cached::float8 ORDER BY f.i))
         || '</section><section><h2>How long an answer takes</h2>'
         || glucose.svg_lines('Latency of answers', 'ms', days, '{median,95 %}',
                              array_agg(f.median ORDER BY f.i) || array_agg(f.p95 ORDER BY f.i)) || '</section>'
  INTO drawn FROM filled f;
  out := out || drawn;
  WITH sample AS (SELECT to_char(h.sampled_at, 'YYYY-MM-DD') AS day, h.name, max(h.value) AS value
                  FROM glucose.health_sample h WHERE h.sampled_at >= since GROUP BY 1, 2)
  SELECT '<section><h2>Size of the tables</h2>'
         || glucose.svg_lines('Size of the tables', 'MB', days, '{MB}', array_agg(b.value / 1e6 ORDER BY l.i))
         || '</section><section><h2>Open jobs</h2>'
         || glucose.svg_lines('Most open jobs', 'jobs', days, '{jobs}', array_agg(j.value ORDER BY l.i)) || '</section>'
  INTO drawn
  FROM unnest(days) WITH ORDINALITY l (day, i) LEFT JOIN sample b ON b.day = l.day AND b.name = 'bytes'
  LEFT JOIN sample j ON j.day = l.day AND j.name = 'open_jobs';
  out := out || drawn;
  -- A picture for each kind of forecast: its error by what answered, over the horizons.
  FOR drawn IN
    WITH day AS (SELECT p.model_type, p.source, to_char(p.day, 'YYYY-MM-DD') AS day,
                        sum(p.sum_absolute) / sum(p.n) AS mae, sum(p.n_inside)::float8 / sum(p.n) AS coverage
                 FROM glucose.performance_log p WHERE p.days = 1 AND p.day >= since::date GROUP BY 1, 2, 3),
    source AS (SELECT DISTINCT d.model_type, d.source FROM day d),
    filled AS (SELECT s.model_type, s.source, l.i, d.mae, 100 * d.coverage AS coverage
               FROM source s CROSS JOIN unnest(days) WITH ORDINALITY l (day, i)
               LEFT JOIN day d ON d.model_type = s.model_type AND d.source = s.source AND d.day = l.day),
    series AS (SELECT f.model_type, array_agg(f.mae ORDER BY f.source, f.i) AS mae,
                      array_agg(f.coverage ORDER BY f.source, f.i) AS coverage FROM filled f GROUP BY 1)
    SELECT '<section><h2>Errors of ' || glucose.html(s.model_type) || '</h2>'
           || glucose.svg_lines('Mean absolute error of '
             '' || s.model_type, glucose.unit_of(s.model_type), days, n.names,
           s.mae)
           || '</section><section><h2>What intervals of ' || glucose.html(s.model_type) || ' held</h2>'
           || glucose.svg_lines('Coverage of the intervals of ' || s.model_type, '%', days, n.names, s.coverage,
                              false)
           || '</section>'
    FROM series s CROSS JOIN LATERAL (SELECT array_agg(x.source ORDER BY x.source) AS names FROM source x
                                      WHERE x.model_type = s.model_type) n
    WHERE cardinality(n.names) <= 6 ORDER BY s.model_type LIMIT 12
  LOOP
    out := out || drawn;
  END LOOP;
  RETURN '<div class="charts">' || out || '</div>';
END
$fn$;
COMMENT ON FUNCTION glucose.dashboard_charts(timestamptz) IS
'Internal: part of dashboard(): what goes over time.';

CREATE FUNCTION glucose.dashboard_alerts() RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  minute CONSTANT text := 'YYYY-MM-DD HH24:MI';
BEGIN
  -- A list and no table: what an alert says is read on a phone without moving anything.
  RETURN '<section><h2>Alerts</h2>' || coalesce((
      SELECT '<ul class="alerts">' || string_agg(format(
               '<li><strong>%s</strong> <span class="%s">%s</span>%s: %s <span class="soft">since %s</span></li>',
               glucose.html(concat_ws(' ', a.kind, nullif(a.subject, ''))), a.severity, a.severity,
               CASE a.persons WHEN 0 THEN '' WHEN 1 THEN ' of one person' ELSE format(' of %s persons', a.persons) END,
               glucose.html(a.message), to_char(a.since, minute)), '' ORDER BY a.place, a.since, a.kind, a.subject)
             || '</ul>'
      FROM (SELECT x.kind, x.subject, x.severity, count(x.person_id) AS persons, min(x.message) AS message,
                   min(x.first_seen) AS since,
                   array_position(ARRAY['critical', 'warning', 'info'], x.severity) AS place
            FROM glucose.active_alerts x GROUP BY 1, 2, 3) a), '<p class="none">None is open.</p>') || '</section>';
END
$fn$;
COMMENT ON FUNCTION glucose.dashboard_alerts() IS
'Internal: part of dashboard(): what is open, without persons.';

CREATE FUNCTION glucose.dashboard_tables(since timestamptz) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  minute CONSTANT text := 'YYYY-MM-DD HH24:MI';
BEGIN
  RETURN '<section><h2>Models</h2>'
    || glucose.html_table('Served since then, by kind, what answered and its five newest versions',
    '{model type,answered by,version,persons,outcomes,mean error,coverage}', (
      SELECT array_agg(c.cell ORDER BY m.model_type, m.source, m.place, c.i)
      FROM (SELECT x.*, row_number() OVER (PARTITION BY x.model_type, x.source
                                           ORDER BY glucose.version_parts(x.version) DESC) AS place
            FROM (SELECT p.model_type, p.source, p.version, count(DISTINCT p.person_id) AS persons, sum(p.n) AS n,
                         sum(p.sum_absolute) / sum(p.n) AS mae, sum(p.n_inside)::float8 / sum(p.n) AS coverage
                  FROM glucose.performance_log p WHERE p.day >= since::date GROUP BY 1, 2, 3) x) m
      CROSS JOIN LATERAL unnest(ARRAY[m.model_type, m.source, m.version, m.persons::text, m.n::text,
        round(m.mae::numeric, 2) || ' ' || glucose.unit_of(m.model_type), round(100 * m.coverage::numeric) || ' %'])
        WITH ORDINALITY c (cell, i)
      WHERE m.place <= 5))
    || glucose.html_table('Versions that serve', '{model type,algorithm,models,ready,withdrawn,newest}', (
      SELECT array_agg(c.cell ORDER BY v.model_type, v.algorithm, c.i)
      FROM (SELECT x.model_type, x.algorithm, count(*) AS n, count(*) FILTER (WHERE x.is_production_ready) AS ready,
                   count(x.withdrawn_at) AS withdrawn, max(x.trained_at) AS newest
            FROM glucose.model_version x WHERE x.is_active GROUP BY 1, 2) v
      CROSS JOIN LATERAL unnest(ARRAY[v.model_type, v.algorithm, v.n::text, v.ready::text, v.withdrawn::text,
        to_char(v.newest, minute)]) WITH ORDINALITY c (cell, i)))
    || glucose.html_table('Taken from service', '{when,model type,what,worse than,outcomes,error,instead of}', (
      SELECT array_agg(c.cell ORDER BY k.checked_at DESC, k.person_id, k.model_type, c.i)
      FROM (SELECT * FROM glucose.model_check x WHERE x.checked_at >= since ORDER BY x.checked_at DESC LIMIT 20) k
      CROSS JOIN LATERAL unnest(ARRAY[to_char(k.checked_at, minute), k.model_type, k.action,
        CASE WHEN k.against IN ('population', 'baseline') THEN k.against ELSE 'version before' END, k.n::text,
        round(k.mae::numeric, 1)::text, round(k.mae_against::numeric, 1)::text]) WITH ORDINALITY c (cell, i)))
    || glucose.html_table('Trainings that drift has asked for', '{when,model type,state,found}', (
      SELECT array_agg(c.cell ORDER BY d.queued_at DESC, d.job_id, c.i)
      FROM (SELECT * FROM glucose.training_job x WHERE x.reason LIKE 'drift of %' AND x.queued_at >= since
            ORDER BY x.queued_at DESC LIMIT 20) d
      CROSS JOIN LATERAL unnest(ARRAY[to_char(d.queued_at, minute), d.model_type, d.state, d.reason])
        WITH ORDINALITY c (cell, i)))
    || '</section><section><h2>Deployments and experiments</h2>'
    || glucose.html_table('Deployments by week', '{week,model type,deployments,of them rollbacks}', (
      SELECT array_agg(c.cell ORDER BY d.week DESC, d.model_type, c.i)
      FROM (SELECT date_trunc('week', x.deployed_at) AS week, x.model_type, count(*) AS n,
                   count(*) FILTER (WHERE x.reason = 'rollback') AS back
            FROM glucose.deployment x WHERE x.deployed_at >= since GROUP BY 1, 2 ORDER BY 1 DESC LIMIT 20) d
      CROSS JOIN LATERAL unnest(ARRAY[to_char(d.week, 'YYYY-MM-DD'), d.model_type, d.n::text, d.back::text])
        WITH ORDINALITY c (cell, i)))
    || glucose.html_table('Experiments', '{name,model type,kind,part,state,since}', (
      SELECT array_agg(c.cell ORDER BY e.started_at DESC, e.name, e.model_type, c.i)
      FROM (SELECT * FROM glucose.experiment x WHERE x.state = 'running' OR x.started_at >= since
            ORDER BY x.started_at DESC LIMIT 20) e
      CROSS JOIN LATERAL unnest(ARRAY[e.name, e.model_type, e.kind, e.percent || ' %', e.state,
        to_char(e.started_at, minute)]) WITH ORDINALITY c (cell, i)))
    || '</section><section><h2>Jobs</h2>'
    || glucose.html_table('Trainings in the background', '{model type,queued,running,done,failed,cancelled}', (
      SELECT array_agg(c.cell ORDER BY j.model_type, c.i)
      FROM (SELECT t.model_type, count(*) FILTER (WHERE t.state = 'queued') AS queued,
                   count(*) FILTER (WHERE t.state = 'running') AS running,
                   count(*) FILTER (WHERE t.state = 'done') AS done,
                   count(*) FILTER (WHERE t.state = 'failed') AS failed,
                   count(*) FILTER (WHERE t.state = 'cancelled') AS cancelled
            FROM glucose.training_job t WHERE t.queued_at >= since OR t.state IN ('queued', 'running') GROUP BY 1) j
      CROSS JOIN LATERAL unnest(ARRAY[j.model_type, j.queued::text, j.running::text, j.done::text, j.failed::text,
        j.cancelled::text]) WITH ORDINALITY c (cell, i)))
    || glucose.html_table('Retraining', '{model type,deployed,rejected,skipped}', (
      SELECT array_agg(c.cell ORDER BY r.model_type, c.i)
      FROM (SELECT x.model_type, count(*) FILTER (WHERE x.status = 'deployed') AS deployed,
                   count(*) FILTER (WHERE x.status = 'rejected') AS rejected,
                   count(*) FILTER (WHERE x.status = 'skipped') AS skipped
            FROM glucose.retraining_log x WHERE x.logged_at >= since GROUP BY 1) r
      CROSS JOIN LATERAL unnest(ARRAY[r.model_type, r.deployed::text, r.rejected::text, r.skipped::text])
        WITH ORDINALITY c (cell, i)))
    || '</section><section><h2>Latest answers</h2>'
    || glucose.html_table('The last twenty, without person and value', '{at,model type,answered by,version,ms}', (
      SELECT array_agg(c.cell ORDER BY p.issued_at DESC, p.prediction_id, c.i)
      FROM (SELECT * FROM glucose.prediction x WHERE x.purged_at IS NULL ORDER BY x.issued_at DESC LIMIT 20) p
      CROSS JOIN LATERAL unnest(ARRAY[to_char(p.issued_at, 'YYYY-MM-DD HH24:MI:SS'), p.model_type, p.source, p.version,
        round(p.latency_ms::numeric, 1)::text]) WITH ORDINALITY c (cell, i)))
    || '</section><section><h2>System</h2>'
    || glucose.html_table('Whether it works', '{part,status,says}', (
      SELECT array_agg(c.cell ORDER BY s.i, c.i)
      FROM glucose.service_status() WITH ORDINALITY s (component, status, detail, i)
      CROSS JOIN LATERAL unnest(ARRAY[s.component, s.status, s.detail]) WITH ORDINALITY c (cell, i)))
    || glucose.html_table('How current it is', '{what,at}', ARRAY[
      'newest reading', (SELECT to_char(max(r.last), minute) FROM glucose.person p
        CROSS JOIN LATERAL (SELECT max(g.measured_at) AS last FROM glucose.glucose_reading g
                            WHERE g.person_id = p.person_id AND g.measured_at <= now()) r),
      'last answer', (SELECT to_char(max(x.issued_at), minute) FROM glucose.prediction x WHERE x.purged_at IS NULL),
      'newest day of outcomes', (SELECT max(x.day)::text FROM glucose.performance_log x),
      'last health check, to the hour', (SELECT to_char(max(x.sampled_at), minute) FROM glucose.health_sample x)])
    || glucose.html_table('Size on disk', '{table,size,rows about}', (
      SELECT array_agg(c.cell ORDER BY t.bytes DESC, t.name, c.i)
      FROM (SELECT x.relname::text AS name, pg_total_relation_size(x.oid) AS bytes, x.reltuples FROM pg_class x
            WHERE x.relnamespace = 'glucose'::regnamespace AND x.relkind = 'r' ORDER BY 2 DESC LIMIT 10) t
      CROSS JOIN LATERAL unnest(ARRAY[t.name, pg_size_pretty(t.bytes),
        CASE WHEN t.reltuples >= 0 THEN t.reltuples::bigint::text END]) WITH ORDINALITY c (cell, i))) || '</section>';
END
$fn$;
COMMENT ON FUNCTION glucose.dashboard_tables(timestamptz) IS
'Internal: part of dashboard(): what is counted.';

CREATE FUNCTION glucose.dashboard(since timestamptz DEFAULT NULL) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  from_then CONSTANT timestamptz := coalesce(since, now() - interval '30 days');
  tiles text;
BEGIN
  PERFORM glucose.require_watcher();
  IF NOT isfinite(from_then) THEN
    RAISE EXCEPTION 'argument "since" must be a finite time' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  SELECT string_agg(format('<li><strong>%s</strong>%s</li>', glucose.html(coalesce(t.value, '–')), t.name), ''
    ORDER BY t.i)
  INTO tiles
  FROM (SELECT count(*) FILTER (WHERE p.issued_at >= current_date) AS today,
               count(*) FILTER (WHERE p.issued_at >= from_then) AS n,
               count(p.cached_from) FILTER (WHERE p.issued_at >= from_then) AS cached,
               percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY p.latency_ms)
                 FILTER (WHERE p.issued_at >= from_then) AS ms
        FROM glucose.prediction p WHERE p.issued_at >= least(from_then, current_date)) answered
  CROSS JOIN LATERAL (VALUES
    (1, 'models that serve', (SELECT count(*)::text FROM glucose.model_version v WHERE v.is_active)),
    (2, 'persons', (SELECT count(*)::text FROM glucose.person)),
    (3, 'answers today', answered.today::text),
    (4, 'answers since then', answered.n::text),
    (5, 'ms, median', round(answered.ms[1]::numeric, 1)::text),
    (6, 'ms, 95 %', round(answered.ms[2]::numeric, 1)::text),
    (9, 'from the log', round(100.0 * answered.cached / nullif(answered.n, 0), 1) || ' %'),
    (7, 'open jobs', (SELECT count(*)::text FROM glucose.training_job j WHERE j.state IN ('queued', 'running'))),
    (8, 'open alerts', (SELECT count(*)::text FROM glucose.active_alerts))) t (i, name, value);
  RETURN glucose.html_page('Forecasts and models',
    format('<p class="soft">%s to %s, times of zone %s. For operators: no person and no glucose value is on this '
      'page.'
           '</p>',
           to_char(from_then, 'YYYY-MM-DD HH24:MI'), to_char(now(), 'YYYY-MM-DD HH24:MI'),
           glucose.html(current_setting('TimeZone'))),
    '<ul class="tiles">' || tiles || '</ul>' || glucose.dashboard_alerts() || glucose.dashboard_charts(from_then)
    || glucose.dashboard_tables(from_then),
    format('<p>pg_glucose %s, tables of version %s, PostgreSQL %s. %s</p>', glucose.html(glucose.version()),
           (SELECT max(v.version) FROM glucose.schema_version v), glucose.html(current_setting('server_version')),
           glucose.html(glucose.disclaimer())));
END
$fn$;
COMMENT ON FUNCTION glucose.dashboard(timestamptz) IS
'One HTML page about answers, errors, alerts, jobs, versions and experiments since a moment, by default of 30 '
'days; it '
'needs nothing from elsewhere. For the owner of the tables and the steward.';

CREATE FUNCTION glucose.openmetrics() RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  PERFORM glucose.require_watcher();
  RETURN (
    WITH metric AS (
      SELECT 1 AS i, 'pg_glucose_active_models' AS name, 'gauge' AS type, 'Models that serve.' AS help,
             format('model_type="%s"', v.model_type) AS labels, count(*)::text AS value
      FROM glucose.model_version v WHERE v.is_active GROUP BY v.model_type
      UNION ALL
      SELECT 2, 'pg_glucose_predictions_hour', 'gauge', 'Answers in the last hour.',
      format('model_type="%s"', p.model_type),
             count(*)::text
      FROM glucose.prediction p WHERE p.issued_at > now() - interval '1 hour' GROUP BY p.model_type
      UNION ALL
      SELECT 3, 'pg_glucose_latency_p95_seconds', 'gauge', '95 % of the answers of the last hour took less.',
             format('model_type="%s"', p.model_type),
             round((percentile_cont(0.95) WITHIN GROUP (ORDER BY p.latency_ms) / 1000)::numeric, 6)::text
      FROM glucose.prediction p WHERE p.issued_at > now() - interval '1 hour' GROUP BY p.model_type
      UNION ALL
      SELECT 4, 'pg_glucose_error_mean', 'gauge',
      'Mean absolute error of the last seven days, in the unit of the type.',
             format('model_type="%s",source="%s"', l.model_type, l.source),
             round((sum(l.sum_absolute) / sum(l.n))::numeric, 4)::text
      FROM glucose.performance_log l WHERE l.days = 1 AND l.day > current_date - 8 GROUP BY l.model_type, l.source
      UNION ALL
      SELECT 5, 'pg_glucose_coverage_ratio', 'gauge', 'Share of outcomes that intervals of the last seven days held.',
             format('model_type="%s",source="%s"', l.model_type, l.source),
             round(sum(l.n_inside)::numeric / sum(l.n), 4)::text
      FROM glucose.performance_log l WHERE l.days = 1 AND l.day > current_date - 8 GROUP BY l.model_type, l.source
      UNION ALL
      SELECT 6, 'pg_glucose_jobs', 'gauge', 'Background trainings that are queued or running.',
      format('state="%s"', s.state),
             (SELECT count(*) FROM glucose.training_job j WHERE j.state = s.state)::text
      FROM unnest(ARRAY['queued', 'running']) s (state)
      UNION ALL
      SELECT 7, 'pg_glucose_alerts', 'gauge', 'Open alerts.', format('severity="%s"', s.severity),
             (SELECT count(*) FROM glucose.active_alerts a WHERE a.severity = s.severity)::text
      FROM unnest(ARRAY['critical', 'warning', 'info']) s (severity)
      UNION ALL
      SELECT 8, 'pg_glucose_models_withdrawn', 'gauge', 'Models taken from service in the last seven days.', NULL,
             (SELECT count(*) FROM glucose.model_check c WHERE c.checked_at > now() - interval '7 days')::text
    )
    SELECT string_agg(CASE WHEN m.first THEN format(E'# HELP %s %s\n# TYPE %s %s\n', m.name, m.help, m.name, m.type)
    ELSE '' END
                      || m.name || coalesce('{' || m.labels || '}', '') || ' ' || m.value || E'\n', ''
                      ORDER BY m.i, m.labels) || E'# EOF\n'
    FROM (SELECT x.*, row_number() OVER (PARTITION BY x.name ORDER BY x.labels) = 1 AS first FROM metric x) m);
END
$fn$;
COMMENT ON FUNCTION glucose.openmetrics() IS
'Numbers of the service as OpenMetrics text, for Prometheus; no person, no glucose value. For the owner of the '
'tables '
'and the steward.';
