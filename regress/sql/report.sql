-- SPDX-License-Identifier: PostgreSQL
-- A person's page and plots: the numbers are those of the functions, in both languages and units, by the person's
-- clock; who has little or nothing has a page that says so; for nobody else.
\getenv here PG_ABS_SRCDIR
\set test report
\i :here/include/begin.sql
\pset format unaligned
\pset tuples_only on
CREATE FUNCTION test.body(page text) RETURNS xml LANGUAGE sql IMMUTABLE AS
$$ SELECT substring(page FROM '<body>.*</body>')::xml $$;
-- Cells of the table whose caption begins so, row by row.
CREATE FUNCTION test.cells(page text, caption text) RETURNS TABLE (row_no bigint, col bigint, cell text) LANGUAGE sql AS
$$ SELECT r.i, c.i, (xpath('string(.)', c.x))[1]::text
   FROM unnest(xpath(format('//table[starts-with(caption, "%s")]/tbody/tr', caption), test.body(page)))
          WITH ORDINALITY r (x, i), unnest(xpath('/tr/*', r.x)) WITH ORDINALITY c (x, i) $$;
-- The first number of a cell, whatever stands around it and however it is written.
CREATE FUNCTION test.number(cell text) RETURNS double precision LANGUAGE sql IMMUTABLE AS
$$ SELECT replace(substring(cell FROM '-?[0-9]+(?:[.,][0-9]+)?'), ',', '.')::float8 $$;
-- As the page rounds it.
CREATE FUNCTION test.is(cell text, value double precision, digits integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE WHEN value IS NULL THEN cell ~ '–' ELSE test.number(cell) = round(value::numeric, digits) END $$;

SET ROLE anna;
SELECT simulate_person(3, 40, 't1d') AS ada \gset
UPDATE person SET time_zone = 'America/New_York' WHERE person_id = :'ada';
SELECT max(measured_at) AS newest FROM glucose_reading WHERE person_id = :'ada' \gset
SELECT version FROM train_model(:'ada', 'glucose', 'ridge', jsonb_build_object('end_at',
  :'newest'::timestamptz - interval '15 days'));
SELECT version FROM train_model(:'ada', 'cgm', 'auto', jsonb_build_object('end_at',
  :'newest'::timestamptz - interval '15 days'));
SELECT count(predict_glucose(meal_id)) > 20 FROM meal
WHERE person_id = :'ada' AND eaten_at > :'newest'::timestamptz - interval '10 days';
SELECT count(predict_cgm(:'ada', m.at)) > 20 FROM (SELECT min(measured_at) AS at FROM glucose_reading
  WHERE person_id = :'ada' AND measured_at > :'newest'::timestamptz - interval '10 days'
  GROUP BY date_bin('7 hours', measured_at, '2026-01-01')) m;
CREATE TABLE pg_temp.page AS
  SELECT lang, unit, glucose_report(:'ada', 14, lang, unit) AS html,
  CASE unit WHEN 'mmol/L' THEN 18.0182 ELSE 1 END AS per,
         CASE unit WHEN 'mmol/L' THEN 1 ELSE 0 END AS digits
  FROM unnest('{en,de}'::text[]) lang, unnest('{mg/dL,mmol/L}'::text[]) unit;

-- One document of its own: valid, small, with the disclaimer, nothing from elsewhere, each picture said in words.
SELECT lang, unit, octet_length(html) < 300000 AS small,
  xml_is_well_formed_document(substring(html FROM '<body>.*</body>')),
       html !~ '<script|https?:|url\(|@import|<img|<link' AS nothing_from_elsewhere,
       html ~ 'default-src ''none''' AS loads_nothing,
       strpos(html, '<html lang="' || lang || '">') > 0 AS of_its_language,
       strpos(html, disclaimer(lang)) > 0 AS with_disclaimer,
       html !~ '(NaN|null|%s|Infinity)' AS all_is_said
FROM page ORDER BY 1, 2;
SELECT lang, unit, (xpath('count(//svg[@role="img"][@aria-label])', b))[1] AS pictures,
       (xpath('count(//svg[@role="img"][not(@aria-label) or @aria-label=""])', b))[1] AS unnamed,
       (xpath('count(//figure)', b))[1] AS strips, (xpath('count(//details//table)', b))[1] AS folded,
       (xpath('count(//h2)', b))[1] AS parts,
       (xpath('count(//h2[. = ../preceding-sibling::section/h2])', b))[1] AS twice
FROM page, test.body(html) b ORDER BY 1, 2;

-- Statistics: those of glucose_statistics(), told in whichever way.
CREATE TABLE pg_temp.expected AS
SELECT p.lang, p.unit, n.i, n.value, n.digits FROM page p,
  glucose_statistics(:'ada', options => jsonb_build_object('unit', p.unit)) s,
  LATERAL (VALUES (1, s.mean, p.digits), (2, s.sd, p.digits), (3, s.cv_pct, 1), (4, s.gmi_pct, 1),
  (5, s.tight_range_pct, 1),
    (6, s.low_episodes, 0), (7, s.very_low_episodes, 0), (8, s.high_episodes, 0), (9, s.very_high_episodes, 0),
    (10, s.lbgi, 1),
    (11, s.gri, 1), (12, s.mage, p.digits), (13, s.modd, p.digits), (14, s.conga, p.digits), (15, s.adrr, 1),
    (16, s.j_index, 1), (17, s.readings, 0), (18, s.days, 0)) n (i, value, digits);
SELECT p.lang, p.unit, count(*) AS numbers, count(*) FILTER (WHERE NOT test.is(c.cell, e.value, e.digits)) AS wrong
FROM page p JOIN expected e USING (lang, unit),
  test.cells(p.html, CASE p.lang WHEN 'de' THEN 'Alle Zahlen' ELSE 'All numbers' END) c
WHERE c.row_no = e.i AND c.col = 2 GROUP BY 1, 2 ORDER BY 1, 2;
SELECT p.lang, p.unit, count(*) AS goals, count(*) FILTER (WHERE NOT test.is(c.cell, g.value, 1)) AS wrong,
       count(*) FILTER (WHERE (m.cell ~ '✓') <> g.met) AS wrongly_met
FROM page p, glucose_statistics(:'ada') s,
  LATERAL (SELECT row_number() OVER () AS i, x.* FROM glucose_goals(s) x) g,
  test.cells(p.html, CASE p.lang WHEN 'de' THEN 'Ziele' ELSE 'Goals' END) c,
  test.cells(p.html, CASE p.lang WHEN 'de' THEN 'Ziele' ELSE 'Goals' END) m
WHERE c.row_no = g.i AND c.col = 2 AND m.row_no = g.i AND m.col = 4 GROUP BY 1, 2 ORDER BY 1, 2;
-- Tiles and the bar of shares, which make the whole.
SELECT p.lang, p.unit, test.is(t[1]::text, s.in_range_pct, 1), test.is(t[2]::text, s.mean / p.per, p.digits),
       test.is(t[3]::text, s.gmi_pct, 1), test.is(t[4]::text, s.cv_pct, 1), test.is(t[5]::text, s.covered_pct, 1),
       test.is(t[6]::text, s.readings, 0), round(b.sum::numeric, 1) AS bar
FROM page p, glucose_statistics(:'ada') s,
  LATERAL (SELECT xpath('//ul[@class="tiles"]/li/strong/text()', test.body(p.html))) x (t),
  LATERAL (SELECT sum(test.number(w::text)) FROM unnest(xpath('//svg[contains(@class, "shares")]/rect/@width',
    test.body(p.html))) w) b
ORDER BY 1, 2;
-- The profile: that of agp(), and the picture reaches from one midnight to the next.
SELECT p.lang, p.unit, count(*) AS cells, count(*) FILTER (WHERE NOT test.is(c.cell, v.value, v.digits)) AS wrong,
       count(DISTINCT a.minute_of_day) AS parts
FROM page p, agp(:'ada', 14, NULL, jsonb_build_object('unit', p.unit, 'part_min', 30)) a,
  LATERAL (VALUES (2, a.p5, p.digits), (3, a.p25, p.digits), (4, a.p50, p.digits), (5, a.p75, p.digits),
  (6, a.p95, p.digits),
           (7, a.n, 0)) v (col, value, digits),
  test.cells(p.html, CASE p.lang WHEN 'de' THEN 'Perzentile' ELSE 'Percentiles' END) c
WHERE c.row_no = a.minute_of_day / 30 + 1 AND c.col = v.col GROUP BY 1, 2 ORDER BY 1, 2;
-- Days: those of the person's clock.
SELECT p.lang, p.unit, count(*) AS cells, count(*) FILTER (WHERE NOT test.is(c.cell, v.value, v.digits)) AS wrong
FROM page p, glucose_statistics(:'ada') s,
  LATERAL (SELECT (s.last_at AT TIME ZONE 'America/New_York')::date) l (day),
  LATERAL (SELECT row_number() OVER (ORDER BY d.day) AS i, d.* FROM glucose_statistics_daily(:'ada', l.day - 13, l.day,
    jsonb_build_object('unit', p.unit)) d) d,
  LATERAL (VALUES (2, d.covered_pct, 0), (3, d.mean, p.digits), (4, d.in_range_pct, 1), (5, d.low_pct, 1),
  (6, d.high_pct, 1),
    (7, d.low_episodes, 0), (8, d.high_episodes, 0)) v (col, value, digits),
  test.cells(p.html, CASE p.lang WHEN 'de' THEN 'Tage' ELSE 'Days' END) c
WHERE c.row_no = d.i AND c.col = v.col GROUP BY 1, 2 ORDER BY 1, 2;
-- Forecasts: what live_accuracy() says, with what chance makes of a share; each listed one is as it was answered.
SELECT p.lang, p.unit, count(*) AS rows, count(*) FILTER (WHERE NOT test.is(n.cell, a.n, 0)) AS wrong_n,
       count(*) FILTER (WHERE NOT test.is(e.cell, a.mae / p.per, 2 - 1 + p.digits)) AS wrong_error,
       count(*) FILTER (WHERE NOT test.is(h.cell, 100 * a.coverage, 0)) AS wrong_share
FROM page p, LATERAL (SELECT row_number() OVER (ORDER BY t.type DESC, x.minutes_ahead) AS i, x.*
  FROM unnest('{cgm,glucose}'::text[]) t (type),
  live_accuracy(:'ada', t.type, :'newest'::timestamptz - interval '14 days') x
  WHERE x.minutes_ahead IN (15, 30) OR x.minutes_ahead % 60 = 0) a,
  test.cells(p.html, CASE p.lang WHEN 'de' THEN 'Wie weit' ELSE 'How far' END) n,
  test.cells(p.html, CASE p.lang WHEN 'de' THEN 'Wie weit' ELSE 'How far' END) e,
  test.cells(p.html, CASE p.lang WHEN 'de' THEN 'Wie weit' ELSE 'How far' END) h
WHERE n.row_no = a.i AND n.col = 4 AND e.row_no = a.i AND e.col = 5 AND h.row_no = a.i AND h.col = 2 GROUP BY 1, 2
  ORDER BY 1, 2;
SELECT p.unit, count(*) AS listed, count(*) FILTER (WHERE test.is(f.cell, o.value / p.per, p.digits)
         AND test.is(h.cell, o.outcome / p.per, p.digits)
         AND (y.cell = 'yes') = (o.outcome BETWEEN o.lower AND o.upper)) AS right
FROM page p, LATERAL (SELECT row_number() OVER (ORDER BY y.asked_at) AS i, y.* FROM (
    SELECT DISTINCT ON (x.asked_at) x.* FROM prediction_outcome x
    WHERE x.person_id = :'ada' AND x.model_type = 'glucose' AND x.minutes_ahead = 120 AND x.outcome IS NOT NULL
    ORDER BY x.asked_at DESC, x.issued_at LIMIT 40) y) o,
  test.cells(p.html, 'Latest forecasts after meals') f, test.cells(p.html, 'Latest forecasts after meals') h,
  test.cells(p.html, 'Latest forecasts after meals') y
WHERE p.lang = 'en' AND f.row_no = o.i AND f.col = 2 AND h.row_no = o.i AND h.col = 4 AND y.row_no = o.i AND y.col = 5
GROUP BY 1 ORDER BY 1;
SELECT c.row_no, c.col, c.cell FROM page p, test.cells(p.html, 'Models that answer') c
WHERE p.lang = 'en' AND p.unit = 'mg/dL' AND c.col IN (1, 2, 3) ORDER BY 1, 2;
-- What Wilson's interval is of shares known from tables.
SELECT k, n, round(low::numeric, 4), round(high::numeric, 4)
FROM (VALUES (0, 10), (10, 10), (81, 263), (1, 29)) v (k, n), chance_of_share(k, n);

INSERT INTO person (person_id, time_zone) VALUES (key('spring'), 'Europe/Berlin');
INSERT INTO glucose_reading (person_id, measured_at, mg_dl)
  SELECT key('spring'), at, CASE WHEN at < '2026-03-29 00:30+00' THEN 60 WHEN at < '2026-03-29 12:00+00' THEN 110
  ELSE 190 END
  FROM generate_series('2026-03-27 23:00+00', '2026-03-30 21:55+00', interval '5 min') at;
-- Three days: a page that says that it is little, whose days are those there are, the middle one of 23 hours.
SELECT glucose_report(key('spring')) AS page \gset
SELECT c.row_no, string_agg(c.cell, ' | ' ORDER BY c.col) FROM test.cells(:'page', 'Days') c GROUP BY 1 ORDER BY 1;
SELECT (xpath('//p[@class="notice"]/text()', test.body(:'page')))[1],
  (xpath('//p[@class="none"]/text()', test.body(:'page')))[1],
       (xpath('count(//figure)', test.body(:'page')))[1] AS strips;
-- None: also with a page.
INSERT INTO person (person_id, unit) VALUES (key('nobody'), 'mmol/L');
SELECT x.t FROM unnest(xpath('//main//p/text()', test.body(glucose_report(key('nobody'), lang => 'de')))) x (t);
-- The person's unit is the page's, and gestational diabetes has the ranges of pregnancy.
INSERT INTO person (person_id, unit, diabetes_type) VALUES (key('grace'), 'mmol/L', 'gestational');
INSERT INTO glucose_reading (person_id, measured_at, mg_dl)
  SELECT key('grace'), at, 66 + 90 * (extract(hour FROM at) / 23)
  FROM generate_series('2026-03-01 00:00+00', '2026-03-20 23:55+00', interval '5 min') at;
SELECT (xpath('//ul[@class="tiles"]/li[1]//text()', test.body(h)))::text,
  test.is((xpath('//ul[@class="tiles"]/li[1]/strong/text()',
  test.body(h)))[1]::text, s.in_range_pct, 1)
FROM glucose_report(key('grace')) h, glucose_statistics(key('grace'), options => '{"targets": "pregnancy"}') s
UNION ALL
SELECT (xpath('//ul[@class="tiles"]/li[1]//text()', test.body(h)))::text,
  test.is((xpath('//ul[@class="tiles"]/li[1]/strong/text()',
  test.body(h)))[1]::text, s.in_range_pct, 1)
FROM glucose_report(key('grace'), 7, 'en', 'mg/dL', '{"targets": "older"}') h,
  glucose_statistics(key('grace'), (SELECT max(measured_at) - interval '7 days' + interval '1 us' FROM glucose_reading
  WHERE person_id = key('grace')), options => '{"targets": "older"}') s;
-- Patterns: those of glucose_patterns(), in its words, and of how many comparisons; where chance explains all, and
-- where nothing could be asked, the page says so. Who sees none is a body that knows no time of day.
INSERT INTO person (person_id) VALUES (key('quiet'));
INSERT INTO glucose_reading (person_id, measured_at, mg_dl)
  SELECT key('quiet'), '2026-03-01 00:00+00'::timestamptz + i * interval '15 min',
  120 + (hashint8extended(i, 5) % 1000)::real / 100
  FROM generate_series(0, 30 * 96) i;
CREATE TABLE pg_temp.seen AS
  SELECT who, id, lang, unit, glucose_report(id, 14, lang, unit) AS html
  FROM (VALUES ('ada', :'ada'::uuid), ('grace', key('grace')), ('quiet', key('quiet')), ('spring', key('spring')))
    w (who, id), (VALUES ('en', 'mg/dL'), ('de', 'mmol/L')) l (lang, unit);
SELECT s.who, s.lang, cardinality(f.words) AS found, f.words = t.words AS same, t.none,
  test.number(t.said) = a.n AND t.said ~ CASE s.lang WHEN 'de' THEN 'so viele' ELSE 'so many' END AS of_how_many,
  a.n > 0 AS asked
FROM seen s, LATERAL (SELECT ARRAY(SELECT p.words
    FROM glucose_patterns(s.id, 90, s.lang, s.unit) p ORDER BY 1)) f (words),
  LATERAL (SELECT count(*) FROM glucose_patterns(s.id, 90, everything => true)) a (n),
  LATERAL (SELECT (xpath('//section[h2="Patterns" or h2="Muster"]', test.body(s.html)))[1]) x (part),
  LATERAL (SELECT ARRAY(SELECT l::text FROM unnest(xpath('//li/text()', x.part)) l ORDER BY 1),
    (xpath('//p[@class="none"]/text()', x.part))[1]::text, (xpath('//p[@class="soft"]/text()', x.part))[1]::text)
    t (words, none, said)
ORDER BY 1, 2 DESC;
-- Quality: what glucose_events() names of the sensor. Planted: two hours without, ninety minutes of the same, a jump.
INSERT INTO person (person_id) VALUES (key('faulty'));
INSERT INTO glucose_reading (person_id, measured_at, mg_dl)
  SELECT key('faulty'), at, CASE WHEN at >= '2026-03-02 20:00+00' AND at < '2026-03-02 21:35+00' THEN 115
    ELSE 130 + 30 * sin(extract(epoch FROM at) / 5000) + extract(minute FROM at)::integer % 3
    + CASE WHEN at >= '2026-03-03 12:00+00' AND at < '2026-03-03 12:30+00' THEN 120 ELSE 0 END END
  FROM generate_series('2026-03-01 00:00+00', '2026-03-03 23:55+00', interval '5 min') at
  WHERE at < '2026-03-02 08:00+00' OR at >= '2026-03-02 10:00+00';
INSERT INTO seen SELECT 'faulty', key('faulty'), lang, 'mg/dL', glucose_report(key('faulty'), 14, lang)
FROM unnest('{en,de}'::text[]) lang;
SELECT s.who, s.lang, string_agg(e.kind || ' ' || e.n, ', ' ORDER BY e.i) FILTER (WHERE s.who = 'faulty') AS planted,
  count(*) AS rows, count(*) FILTER (WHERE NOT test.is(c.cell, e.n, 0)) AS wrong
FROM seen s, LATERAL (SELECT max(measured_at) - interval '14 days' + interval '1 us' FROM glucose_reading
    WHERE person_id = s.id) r (since),
  LATERAL (SELECT k.i, k.kind, count(x.kind) AS n FROM (VALUES (3, 'gap'), (5, 'warm_up'), (6, 'stuck'), (7, 'jump'),
      (8, 'two_sensors'), (9, 'compression_low')) k (i, kind)
    LEFT JOIN glucose_events(s.id, r.since) x ON x.kind = k.kind AND x.certainty >= 0.5 GROUP BY 1, 2) e,
  test.cells(s.html, CASE s.lang WHEN 'de' THEN 'Worauf' ELSE 'What the numbers' END) c
WHERE c.row_no = e.i AND c.col = 2 GROUP BY 1, 2 ORDER BY 1, 2 DESC;
SELECT c.row_no, c.col, c.cell FROM seen s, test.cells(s.html, 'What the numbers') c
WHERE s.who = 'faulty' AND s.lang = 'en' ORDER BY 1, 2;
-- A sensor of every minute for 90 days, in a week that hides nothing, is still a small page.
INSERT INTO person (person_id) VALUES (key('minute'));
INSERT INTO glucose_reading (person_id, measured_at, mg_dl)
  SELECT key('minute'), '2026-01-01 00:00+00'::timestamptz + i * interval '1 min',
  150 + 90 * sin(i / 40.0) + (i * 7919) % 31
  FROM generate_series(0, 60000) i;
SELECT octet_length(glucose_report(key('minute'), 90)) < 300000 AS small;

-- For whom: the caller's persons and those shared with the caller.
SELECT call, test.expect(call) FROM unnest(ARRAY[
  $$SELECT glucose_report(NULL)$$, $$SELECT glucose_report(key('no such person'))$$,
  $$SELECT glucose_report(key('nobody'), 0)$$,
  $$SELECT glucose_report(key('nobody'), 91)$$, $$SELECT glucose_report(key('nobody'), NULL)$$,
  $$SELECT glucose_report(key('nobody'), 14, 'fr')$$, $$SELECT glucose_report(key('nobody'), 14, 'en', 'g/L')$$,
  $$SELECT glucose_report(key('nobody'), options => '{"target": 1}')$$,
  $$SELECT glucose_report(key('nobody'), options => '{"targets": "mine"}')$$,
  $$SELECT glucose_report(key('nobody'), options => '[]')$$,
  $$SELECT glucose_report(key('nobody'), options => NULL)$$]) call;
INSERT INTO person_access (person_id, identity) VALUES (key('spring'), 'cara');
SET ROLE cara;
SELECT test.expect($$SELECT glucose_report(key('spring'))$$), test.expect($$SELECT glucose_plot(key('spring'))$$),
       test.expect($$SELECT glucose_report(key('grace'))$$), test.expect($$SELECT glucose_plot(key('grace'))$$);
SET ROLE anna;

-- Plots: a day by the person's clock as text, whose day of 23 hours has none between two and three.
SELECT glucose_plot(key('spring'), '2026-03-29', options => '{"format": "text", "lang": "de", "unit": "mmol/L"}');
SELECT glucose_plot(key('nobody'), '2026-03-29', options => '{"format": "text"}') ~ '^Sun 29 Mar: no readings';
SELECT m.meal_id AS meal, m.eaten_at AS eaten FROM meal m
WHERE m.person_id = :'ada' AND m.eaten_at < :'newest'::timestamptz - interval '4 h' ORDER BY m.eaten_at DESC
  LIMIT 1 \gset
CREATE TABLE pg_temp.plot AS
  SELECT what, format, lang, CASE what
    WHEN 'meal' THEN glucose_plot(:'ada', meal_id => :'meal',
    options => jsonb_build_object('format', format, 'lang', lang))
    WHEN 'moment' THEN glucose_plot(:'ada', at => :'eaten',
    options => jsonb_build_object('format', format, 'lang', lang))
    ELSE glucose_plot(:'ada', options => jsonb_build_object('format', format, 'lang', lang)) END AS drawn
  FROM unnest('{day,meal,moment}'::text[]) what, unnest('{svg,text}'::text[]) format, unnest('{en,de}'::text[]) lang;
-- Every forecast carries the disclaimer, in words that go on over lines.
SELECT what, format, lang, CASE format WHEN 'svg' THEN xml_is_well_formed_document(drawn)
         ELSE (SELECT max(length(l)) <= 100 FROM regexp_split_to_table(drawn, E'\n') l) END AS fits,
       strpos(regexp_replace(regexp_replace(drawn, '</text><text[^>]*>|\n', ' ', 'g'), ' +', ' ', 'g'),
       disclaimer(lang)) > 0
         AS with_disclaimer, drawn !~* 'nan|inf[^o]|script' AS sound
FROM plot ORDER BY 1, 2, 3;
-- What is drawn is where the numbers are: forecasts at their horizons, and the curve's ends.
SELECT (xpath('count(//*[local-name()="circle"][@class="point s1"])', drawn::xml))[1]::text = (SELECT count(*)::text
  FROM glucose_forecast(:'meal')) AS horizons,
  (xpath('count(//*[local-name()="circle"][@class="ring s2"])', drawn::xml))[1]::text
  = (SELECT count(*)::text FROM glucose_reading WHERE person_id = :'ada' AND measured_at > :'eaten'
     AND measured_at <= :'eaten'::timestamptz + interval '3 h') AS outcomes
FROM plot WHERE what = 'meal' AND format = 'svg' AND lang = 'en';
SELECT call, test.expect(format('SELECT glucose_plot(%L, %s)', :'ada', call)) FROM unnest(ARRAY[
  $$'2026-01-01', at => now()$$, $$'infinity'$$, $$at => '-infinity'$$, $$meal_id => key('none')$$,
  $$options => '{"format": "png"}'$$, $$options => '{"colour": "red"}'$$, $$options => '{"level": 2}'$$,
  $$options => '{"width": 1}'$$, $$options => '{"lang": "fr"}'$$, $$options => '{"unit": "g"}'$$,
  $$options => NULL$$]) call;
SELECT test.expect('SELECT picture_svg(''{"layers": [{"kind": "x"}]}'')'), test.expect('SELECT picture_text(''[]'')');
-- However many readings a time has, pictures are made of one for each half minute.
INSERT INTO person (person_id) VALUES (key('flood'));
INSERT INTO glucose_reading (person_id, measured_at, mg_dl)
  SELECT key('flood'), '2026-04-01 08:00+00'::timestamptz + i * interval '1 ms', 100 + i % 50
  FROM generate_series(0, 119999) i;
SELECT jsonb_path_query_first(d.p, '$.layers[0].x') AS of_day, jsonb_path_query_first(d.p, '$.layers[0].low') AS levels,
       jsonb_path_query_array(a.p, '$[*].x') AS about
FROM page_context(key('flood'), 'en', 'mg/dL') c,
     LATERAL day_picture(key('flood'), '2026-04-01', c) d (p),
     LATERAL readings_about(key('flood'), '2026-04-01 08:01+00', '1 h', '1 min', c) a (p);
SELECT length(glucose_report(key('flood'))) < 100000 AND length(glucose_plot(key('flood'))) < 10000 AS are_small;

RESET ROLE;
-- What is put together only when it is said, too: no word of dosing, diagnosis, treatment or urgency beside the
-- disclaimers (scripts/word_rules.py looks at what is written), and those are there.
CREATE FUNCTION test.said(document text) RETURNS text LANGUAGE sql AS
$$ SELECT replace(replace(regexp_replace(regexp_replace(document, '<style>.*?</style>|<[^>]*>', ' ', 'g'), '\s+', ' ',
  'g'),
                          disclaimer('en'), ' '), disclaimer('de'), ' ') $$;
SET ROLE anna;
CREATE TABLE pg_temp.document AS
  SELECT 'report ' || lang || ' ' || unit AS name, html AS document FROM page
  UNION ALL SELECT format('report of %s, %s', who, lang), html FROM seen
  UNION ALL SELECT format('plot of a %s, %s, %s', what, format, lang), drawn FROM plot WHERE what <> 'day'
  UNION ALL SELECT 'glucose ' || lang, predict_glucose(:'meal', jsonb_build_object('lang', lang))::text
  FROM unnest('{en,de}'::text[]) lang
  UNION ALL SELECT 'cgm ' || lang, predict_cgm(:'ada', :'eaten', jsonb_build_object('lang', lang))::text
  FROM unnest('{en,de}'::text[]) lang
  UNION ALL SELECT 'rows ' || lang, glucose_forecast_json(:'meal', jsonb_build_object('lang', lang))::text
    FROM unnest('{en,de}'::text[]) lang
  UNION ALL SELECT 'correlations ' || lang, correlation_summary(:'ada', 'RESTING_HEART_RATE', lang => lang)::text
  FROM unnest('{en,de}'::text[]) lang;
SELECT count(*) AS documents, count(*) FILTER (WHERE test.said(document) = regexp_replace(regexp_replace(document,
         '<style>.*?</style>|<[^>]*>', ' ', 'g'), '\s+', ' ', 'g')) AS without_disclaimer FROM document;
SELECT name, w[1] FROM document,
  regexp_matches(test.said(document), '(?i)\m(dos(?:e|is|ing|ier)|insulin|bolus|inject|spritz|medi[ck]|diagnos|'
  'treat|behandel|behandlung\M|therap|urgen|dringend|emergenc|notfall|triage|sofort|'
  'immediately|danger|gef.hr|doctor|arzt)') w;
