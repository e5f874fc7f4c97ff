-- SPDX-License-Identifier: PostgreSQL
-- A population's network, and the persons' that begin with it.
\getenv here PG_ABS_SRCDIR
\set test networks
\i :here/include/begin.sql
\set quick '{"epochs": 4, "hidden": [6], "learning_rate": 0.01}'
SET ROLE anna;
SELECT count(simulate_person(seed, 30, 't2d')) AS sharing FROM generate_series(10, 13) seed;
UPDATE person SET shares_data = true;
SET ROLE ben;
SELECT simulate_person(9, 30, 't2d') AS ben \gset
SELECT algorithm FROM train_model(:'ben', 'glucose', 'lstm', :'quick'::jsonb || '{"deploy": false}');
SELECT metadata -> 'network' AS network, metadata -> 'population_version' AS population FROM model_version;

-- Alone: weights only, the same bytes again, and it serves who has no model.
SET ROLE dora;
SELECT version, algorithm, is_active, rmse > mae AS sane FROM train_population_model('glucose', 'lstm', :'quick');
SELECT version FROM train_population_model('glucose', 'lstm', :'quick');
SELECT count(DISTINCT sha256) AS same_bytes, max(feature_schema) AS schema, bool_and(metadata ? 'persons') AS counts,
  max(length(artifact)) < 20000 AS weights_only FROM population_model;
SELECT count(*) AS ids_in_it FROM population_model m, person p
  WHERE position(uuid_send(p.person_id) IN m.artifact) > 0 OR m.metadata::text LIKE '%' || p.person_id || '%';
SET ROLE ben;
SELECT p.d #> '{provenance,source}' AS source, p.d #> '{provenance,algorithm}' AS algorithm
  FROM (SELECT predict_glucose((SELECT meal_id FROM meal ORDER BY eaten_at DESC LIMIT 1), '{}')) p (d);

-- A person's begins with it when it is of the same layers and horizons; else alone. Of 'auto' it is a candidate.
CREATE TEMP TABLE trained AS
  SELECT what, t.version
  FROM (VALUES ('the same', 'lstm', '{}'), ('again', 'lstm', '{}'), ('other layers', 'lstm', '{"hidden": [7]}'),
  ('other horizons', 'lstm', '{"horizons": [90]}'),
    ('in an ensemble', 'auto', '{}'), ('no network', 'ridge', '{}')) o (what, algorithm, options),
    train_model(:'ben', 'glucose', o.algorithm, :'quick'::jsonb || o.options::jsonb || '{"deploy": false}') t;
SELECT what, metadata ->> 'network' IN ('population', 'fine-tuned') AS begins_with_it,
  metadata ->> 'network' = 'own' AS own, metadata ->> 'population_version' AS population
FROM trained JOIN model_version USING (version) ORDER BY string_to_array(version, '.')::int[];
SELECT count(DISTINCT v.sha256) AS same_bytes FROM trained JOIN model_version v USING (version)
  WHERE what IN ('the same', 'again');

-- 'auto' on few meals takes none along; then a person's is its own.
SET ROLE dora;
SELECT algorithm, is_active FROM train_population_model(options => :'quick'::jsonb || '{"deploy": true}');
SELECT metadata ? 'weights' AS takes_one_along FROM population_model WHERE is_active;
SET ROLE ben;
SELECT version FROM train_model(:'ben', 'glucose', 'lstm', :'quick'::jsonb || '{"deploy": false}') \gset
SELECT metadata ->> 'network' AS network FROM model_version WHERE version = :'version';
