-- SPDX-License-Identifier: PostgreSQL
-- monitoring/queries.yaml: what prometheus-postgres-exporter asks, made of the one list of gauges.
\set QUIET on
\set ON_ERROR_STOP on
\pset tuples_only on
\pset format unaligned
SET search_path = glucose, pg_catalog;
SELECT '# SPDX-License-Identifier: PostgreSQL' || E'\n'
  '# What prometheus-postgres-exporter asks of pg_glucose: the gauges of glucose.openmetrics() under the same names.'
  || E'\n'
  '# Made by ./dev docs of glucose.gauge_names(); docs/how-to/operate.md says how it is used.';
SELECT format(E'\n%s:\n  query: "SELECT %sg.value AS %I FROM glucose.gauges(''%s'') g"\n  metrics:%s\n'
              '    - %s:\n        usage: "GAUGE"\n        description: %s',
         n.namespace, (SELECT coalesce(string_agg(format('g.labels ->> ''%s'' AS %I, ', l, l), '' ORDER BY k), '')
                       FROM unnest(n.labels) WITH ORDINALITY u (l, k)), n.gauge, n.name,
         (SELECT coalesce(string_agg(format(E'\n    - %s:\n        usage: "LABEL"\n        description: "Label."', l),
         ''
                                     ORDER BY k), '')
          FROM unnest(n.labels) WITH ORDINALITY u (l, k)), n.gauge, to_json(n.help))
FROM (SELECT g.*, regexp_replace(g.name, '_[^_]+$', '') AS namespace, substring(g.name FROM '[^_]+$') AS gauge
      FROM gauge_names() g) n ORDER BY n.i;
