-- SPDX-License-Identifier: PostgreSQL
-- monitoring/grafana.json: a Grafana dashboard, a panel for each gauge, made of the one list of gauges.
\set QUIET on
\set ON_ERROR_STOP on
\pset tuples_only on
\pset format unaligned
SET search_path = glucose, pg_catalog;
-- What is one number is shown as one; more than none of these is worth a colour.
WITH panel AS (
  SELECT n.*, n.labels = '{}' OR n.name ~ '_alerts_|_jobs_' AS is_number,
         n.name ~ '_alerts_|_withdrawn|_failed' AS none_is_good
  FROM gauge_names() n
), placed AS (
  SELECT p.*, row_number() OVER (PARTITION BY p.is_number ORDER BY p.i) - 1 AS place,
         ceil(count(*) FILTER (WHERE p.is_number) OVER () / 4.0)::integer * 4 AS below
  FROM panel p
)
SELECT jsonb_pretty(jsonb_build_object(
  'title', 'pg_glucose', 'uid', 'pg-glucose', 'tags', '["postgresql"]'::jsonb, 'schemaVersion', 36, 'version', 1,
  'editable', true, 'refresh', '1m', 'time', '{"from": "now-7d", "to": "now"}'::jsonb,
  'templating', jsonb_build_object('list', jsonb_build_array(jsonb_build_object('name', 'datasource',
    'label', 'Prometheus', 'type', 'datasource', 'query', 'prometheus'))),
  'panels', (SELECT jsonb_agg(jsonb_build_object(
    'id', p.i, 'type', CASE WHEN p.is_number THEN 'stat' ELSE 'timeseries' END, 'title', rtrim(p.help, '.'),
    'datasource', '{"type": "prometheus", "uid": "${datasource}"}'::jsonb,
    'gridPos', CASE WHEN p.is_number THEN jsonb_build_object('x', p.place % 4 * 6, 'y', p.place / 4 * 4, 'w', 6, 'h', 4)
                    ELSE jsonb_build_object('x', p.place % 2 * 12, 'y', p.below + p.place / 2 * 8, 'w', 12, 'h', 8) END,
    'targets', jsonb_build_array(jsonb_build_object('refId', 'A', 'expr', p.name,
      'legendFormat', coalesce((SELECT string_agg(format('{{%s}}', l), ', ' ORDER BY k)
                                FROM unnest(p.labels) WITH ORDINALITY u (l, k)), ''))),
    'fieldConfig', jsonb_build_object('overrides', '[]'::jsonb, 'defaults', jsonb_build_object('unit', p.unit)
      || CASE WHEN p.none_is_good THEN '{"color": {"mode": "thresholds"}, "thresholds": {"mode": "absolute",
           "steps": [{"color": "green", "value": null}, {"color": "red", "value": 1}]}}'::jsonb
         WHEN p.is_number THEN '{"color": {"mode": "fixed", "fixedColor": "text"}}'::jsonb
         ELSE '{}'::jsonb END)) ORDER BY p.is_number DESC, p.i) FROM placed p)));
