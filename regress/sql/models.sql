-- SPDX-License-Identifier: PostgreSQL
-- Stored versions: the cache, damaged and foreign bytes, and models for those who have none of their own.
\getenv here PG_ABS_SRCDIR
\set test models
\i :here/include/begin.sql
SET ROLE anna;
SELECT test.eater(1, 20) AS person \gset
SELECT meal_id AS meal FROM meal ORDER BY eaten_at DESC LIMIT 1 \gset
SELECT version FROM train_model(:'person', algorithm => 'ridge', options => '{"deploy": true}');
SELECT version FROM train_model(:'person', algorithm => 'lad');
SELECT version FROM train_model(:'person', algorithm => 'lstm', options => '{"epochs": 1, "hidden": 8}');
\c
SET search_path = glucose, public;
SET ROLE anna;

-- The cache: filled by use, asked by content, emptied at will; wrong answers are impossible, so it never matters.
SELECT * FROM cache_stats();
SELECT count(*) FROM generate_series(1, 3) i, LATERAL (SELECT predict_glucose(:'meal', '{}') WHERE i > 0) p;
SELECT entries, bytes > 500 AS bytes, hits, misses, evictions FROM cache_stats();
SELECT predict_glucose(:'meal', '{"version": "1.1.0"}') #> '{provenance,modelVersion}' AS named;
SELECT entries FROM cache_stats();
SELECT invalidate_cache(), (SELECT entries + bytes FROM cache_stats()) AS left_over;
SET glucose.cache_size = 0;
SELECT predict_glucose(:'meal', format('{"version": "%s"}', v)::jsonb) #> '{provenance,modelVersion}'
  AS version FROM unnest('{1.0.0,1.1.0,1.0.0}'::text[]) v;
SELECT entries, evictions > 0 AS evicted FROM cache_stats();
RESET glucose.cache_size;
-- A version undone and its number used again by other bytes: the new one answers.
BEGIN;
SELECT version FROM train_model(:'person', algorithm => 'mean', options => '{"deploy": false}');
SAVEPOINT a;
SELECT version, algorithm FROM train_model(:'person', algorithm => 'persistence', options => '{"deploy": true}');
SELECT predict_glucose(:'meal', '{}') #>> '{provenance,algorithm}' AS algorithm,
  predict_glucose(:'meal', '{}') #>> '{provenance,source}' AS source;
ROLLBACK TO a;
SELECT version, algorithm FROM train_model(:'person', algorithm => 'lad', options => '{"deploy": true}');
SELECT predict_glucose(:'meal', '{}') #>> '{provenance,algorithm}' AS algorithm,
  active_model_version(:'person');
ROLLBACK;
SELECT predict_glucose(:'meal', '{}') #>> '{provenance,algorithm}' AS algorithm,
  active_model_version(:'person');
-- Versions of one name, of two persons: each is answered by its own, whoever was asked about first.
BEGIN;
SELECT test.eater(2, 20) AS other \gset
SELECT version FROM train_model(:'other', algorithm => 'ridge', options => '{"deploy": true}');
SELECT meal_id AS others_meal FROM meal WHERE person_id = :'other' ORDER BY eaten_at DESC LIMIT 1 \gset
SELECT count(*) AS first_asked FROM glucose_forecast(:'meal');
SELECT array_agg(mg_dl ORDER BY minutes_ahead) AS said FROM glucose_forecast(:'others_meal') \gset
SELECT invalidate_cache() AS dropped;
SELECT array_agg(mg_dl ORDER BY minutes_ahead) = :'said'::real[] AS by_its_own FROM glucose_forecast(:'others_meal');
ROLLBACK;
-- Deployed and answered in one statement: the later call sees the earlier one.
SELECT deploy_model(:'person', 'glucose', '1.1.0'),
  predict_glucose(:'meal', '{}') #> '{provenance,modelVersion}' AS now;
SELECT test.expect(format('SELECT deploy_model(%L, ''glucose'', NULL)', :'person'));
SELECT test.expect(format('SELECT deploy_model(%L, ''glucose'', ''1.7.0'')', :'person'));

-- Bytes that are not a model, in a row a superuser has bent the checks for: MG003, never a number.
RESET ROLE;
CREATE FUNCTION test.damaged(who uuid, what text, bytes bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  got text;
BEGIN
  UPDATE glucose.model_version SET artifact = bytes,
    sha256 = CASE WHEN what ~ '^digest' THEN sha256 ELSE sha256(bytes) END WHERE person_id = who AND is_active;
  PERFORM glucose.invalidate_cache();
  got := test.expect(format('SELECT glucose.predict_meal(%L, ''{"eaten_at": "2026-01-20"}'')', who));
  IF got <> test.expect(format('SELECT * FROM glucose.evaluate_model(%L)', who))
    THEN got := got || ', but evaluate_model differs'; END IF;
  RETURN got;
END
$$;
BEGIN;
ALTER TABLE model_version DROP CONSTRAINT model_version_check;
CREATE TEMP TABLE good AS SELECT version, artifact, length(artifact) AS n FROM model_version
  WHERE person_id = :'person';
-- By hand: empty, cut, longer, another format, not its digest; then each byte position flipped, for all three kinds.
SELECT what, test.damaged(:'person', what, bytes)
  FROM good g, LATERAL (VALUES ('empty', ''::bytea), ('one byte', '\x00'), ('zeros', decode(repeat('00', 4096), 'hex')),
  ('text', 'not a model'),
  ('cut', substr(artifact, 1, n - 1)), ('head only', substr(artifact, 1, 16)), ('longer', artifact || '\x00'::bytea),
  ('twice', artifact || artifact),
  ('digest of others', set_byte(artifact, n - 1, get_byte(artifact, n - 1) # 1)), ('as it was', artifact)) v (what,
  bytes) WHERE version = '1.0.0';
CREATE TEMP TABLE flipped AS SELECT version, i, b,
  test.damaged(:'person', 'flip', set_byte(artifact, i, get_byte(artifact, i) # b)) AS got
  FROM good, generate_series(0, n - 1, greatest(1, n / 150)) i, unnest('{1,128,255}'::int[]) b;
SELECT version, count(*) > 300 AS tried, count(*) FILTER (WHERE got !~ '^MG003') AS survived,
  count(*) FILTER (WHERE got ~ '^XX') AS internal FROM flipped GROUP BY version ORDER BY version;
SELECT count(DISTINCT got) FILTER (WHERE got ~ '^MG003') > 0 AS refused,
  bool_and(got !~ '[0-9]{2,}\.[0-9]') AS no_values FROM flipped;
ROLLBACK;
SELECT test.expect(format('SELECT predict_glucose(%L)', :'meal')) AS good_again;

-- Without a model of one's own: MG001 says what is missing; a population model helps everyone, and says so.
SET ROLE ben;
SELECT simulate_person(2, 3) AS ben \gset
SELECT meal_id AS bens_meal FROM meal ORDER BY eaten_at DESC LIMIT 1 \gset
SELECT test.expect(format('SELECT predict_glucose(%L)', :'bens_meal')),
  test.hint(format('SELECT predict_glucose(%L)', :'bens_meal'));
RESET ROLE;
SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) AS columns FROM pg_attribute
  WHERE attrelid = 'population_model'::regclass AND attnum > 0 AND NOT attisdropped
  AND attname NOT IN ('is_active', 'n_persons') \gset
INSERT INTO population_model (is_active, :columns) SELECT true, :columns FROM model_version
  WHERE person_id = :'person' AND version = '1.0.0';
SET ROLE ben;
SELECT d #> '{provenance,source}' AS source, d #> '{provenance,mealInTraining}' AS in_training, d -> 'logged' AS logged,
  jsonb_array_length(d -> 'predictions') AS horizons FROM predict_glucose(:'bens_meal') d;
SELECT count(*), bool_and(model_version = '1.0.0') AS version FROM glucose_forecast(:'bens_meal');
SELECT version, model_type, length(sha256) FROM prediction;
SELECT test.expect('UPDATE population_model SET is_active = false');
SELECT test.expect('DELETE FROM population_model');
SELECT (SELECT count(*) FROM population_model) AS readable,
  test.expect('SELECT artifact FROM population_model') AS weights,
  test.expect('SELECT metadata FROM population_model') AS notes;
SELECT test.expect(format('SELECT * FROM evaluate_model(%L)', :'ben')), active_model_version(:'ben');
SELECT test.expect(format('SELECT predict_glucose(%L, ''{"version": "1.0.0"}'')', :'bens_meal')) AS only_by_default;
-- Anna's own comes first.
SET ROLE anna;
SELECT predict_glucose(:'meal') #> '{provenance,source}' AS source;
RESET ROLE;
DELETE FROM model_version WHERE person_id = :'person';
SET ROLE anna;
SELECT predict_glucose(:'meal') #> '{provenance,source}' AS source;
RESET ROLE;
UPDATE population_model SET is_active = false;
SET ROLE anna;
SELECT left(test.expect(format('SELECT predict_glucose(%L)', :'meal')), 5) AS none_left;
SELECT count(*) AS versions FROM list_model_versions(:'person');

-- Going back twice goes further back, and never to what the first step took away.
SET ROLE anna;
SELECT test.eater(7, 20) AS stepper \gset
SELECT string_agg(t.version, ' ') AS versions FROM unnest('{mean,ridge,lad}'::text[]) a,
  train_model(:'stepper', algorithm => a, options => '{"deploy": true}') t;
SELECT rollback_model(:'stepper') AS once, rollback_model(:'stepper') AS twice;
SELECT test.expect(format('SELECT rollback_model(%L)', :'stepper')) AS no_further;
SELECT deploy_model(:'stepper', 'glucose', '1.2.0', 'mended'), rollback_model(:'stepper') AS before_it;
SELECT test.expect(format('SELECT rollback_model(%L)', :'stepper')) AS nor_again;
SELECT rollback_model(:'stepper', to_version => '1.1.0') AS named;
