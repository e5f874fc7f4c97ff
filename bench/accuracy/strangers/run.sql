-- SPDX-License-Identifier: PostgreSQL
-- psql -v source=NAME: the persons of one source, in its own database, asked about by populations they are not part of.
\ir ../day/value_at.sql
INSERT INTO bench.question_near
  SELECT m.person_id, m.at, h.minutes, o.value
  FROM (SELECT DISTINCT person_id, at FROM bench.moment_near WHERE source = :'source') m
  CROSS JOIN unnest('{30,60,90,120}'::integer[]) AS h (minutes)
  CROSS JOIN LATERAL (SELECT bench.value_at(m.person_id, m.at + make_interval(mins => h.minutes))) AS o (value)
  WHERE o.value IS NOT NULL;
CREATE INDEX ON bench.question_near (person_id, at);
ANALYZE bench.question_near;

CREATE FUNCTION bench.hear(asked text, learnt text, own boolean, persons uuid[], is_late boolean) RETURNS void LANGUAGE sql AS $$
  INSERT INTO bench.heard
    SELECT asked, learnt, own, is_late, way.head, way.level, m.person_id, m.at, q.minutes_ahead, q.happened, m.mg_dl, f.mg_dl, f.lower, f.upper,
           f.confidence_score
    FROM (VALUES ('median', 0.9), ('mean', 0.9), ('median', 0.5), ('median', 0.8), ('median', 0.95)) AS way (head, level)
    CROSS JOIN bench.moment_near m
    CROSS JOIN LATERAL glucose.cgm_forecast(m.person_id, m.at,
      jsonb_build_object('minutes', ARRAY[30, 60, 90, 120], 'head', way.head, 'level', way.level)) f
    JOIN bench.question_near q ON q.person_id = m.person_id AND q.at = m.at AND q.minutes_ahead = f.minutes_ahead
    WHERE m.person_id = ANY (persons) AND m.late = is_late AND (way.head = 'median' AND way.level = 0.9 OR NOT own) $$;

CREATE FUNCTION bench.learn_from(persons uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE glucose.person SET shares_data = person_id = ANY (persons);
  -- Folds differ by few persons, which no two published versions may.
  DELETE FROM glucose.population_model;
  PERFORM glucose.train_population_model('cgm', options => '{"deploy": true}');
END $$;

-- Everybody of the asked source, by what was learnt of whole other sources; then, the last fifth of each, with a model of the person's own.
CREATE PROCEDURE bench.run_strangers(asked text, learnt text, sources text[]) LANGUAGE plpgsql AS $$
DECLARE
  everybody CONSTANT uuid[] := ARRAY(SELECT person_id FROM bench.person WHERE source = asked);
  trained uuid[] = '{}';
  p record;
BEGIN
  PERFORM bench.learn_from(ARRAY(SELECT person_id FROM bench.person WHERE source = ANY (sources) AND source <> asked));
  PERFORM bench.hear(asked, learnt, false, everybody, false);
  COMMIT;
  FOR p IN SELECT * FROM bench.person WHERE source = asked LOOP
    BEGIN
      PERFORM glucose.train_model(p.person_id, 'cgm', 'auto', jsonb_build_object('deploy', true, 'min_days', 5, 'end_at', p.cut_at));
      trained := trained || p.person_id;
    -- Too little, or rejected: the population answers.
    EXCEPTION WHEN SQLSTATE 'MG002' OR SQLSTATE '55000' THEN NULL;
    END;
  END LOOP;
  PERFORM bench.hear(asked, learnt, true, trained, true);
  UPDATE glucose.model_version SET is_active = false WHERE is_active;
  PERFORM bench.hear(asked, learnt, false, trained, true);
  COMMIT;
  RAISE INFO '%', format('%s, learnt from %s', asked, learnt);
END $$;

-- The same persons by their own kind, five folds: what knowing nobody like them costs.
CREATE PROCEDURE bench.run_own_kind(asked text) LANGUAGE plpgsql AS $$
BEGIN
  FOR f IN 0..4 LOOP
    PERFORM bench.learn_from(ARRAY(SELECT person_id FROM bench.person WHERE source = asked AND fold <> f));
    PERFORM bench.hear(asked, 'own kind', false, ARRAY(SELECT person_id FROM bench.person WHERE source = asked AND fold = f), false);
    COMMIT;
  END LOOP;
  RAISE INFO '%', format('%s, learnt from its own kind', asked);
END $$;

SET client_min_messages = info;
SELECT CASE :'source' WHEN 'colas' THEN 'hall' WHEN 'hall' THEN 'colas' ELSE 'colas and hall' END AS learnt,
  array_agg(DISTINCT source) AS all_sources FROM bench.person \gset
CALL bench.run_strangers(:'source', :'learnt', '{colas,hall}');
CALL bench.run_strangers(:'source', 'all others', :'all_sources');
CALL bench.run_own_kind(:'source');
