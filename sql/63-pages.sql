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

CREATE FUNCTION glucose.flat(cells text[]) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT pg_catalog.array_agg(x.cell ORDER BY x.i) FROM pg_catalog.unnest(cells) WITH ORDINALITY x (cell, i));
COMMENT ON FUNCTION glucose.flat(text[]) IS
'Internal: rows of cells as html_table() takes them.';

CREATE FUNCTION glucose.folded(name text, content text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '<details><summary>' || glucose.html(name) || '</summary>' || content || '</details>';
COMMENT ON FUNCTION glucose.folded(text, text) IS
'Internal: part of a page that opens when it is asked for.';

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
  'tbody th{font-weight:600;white-space:normal}'
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
  '.wide{overflow:visible}th,td{white-space:normal}'
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
