-- SPDX-License-Identifier: PostgreSQL
-- One source is left out: its persons are strangers to the population, which learns from the other sources and from so
-- many of their own kind (NULL for all) as variant 'own N' says, never from who is asked about. Needs replay.sql.
CREATE PROCEDURE bench.run_unlike(left_out text, own integer, budgets integer[]) LANGUAGE plpgsql AS $$
DECLARE
  variant CONSTANT text := 'own ' || coalesce(own::text, 'all');
  budget integer;
  population bench.training;
  p record;
  models bench.training[];
BEGIN
  FOR k IN 0 .. 4 LOOP
    -- Without their own kind all five folds would learn from the same persons.
    IF k = 0 OR own IS DISTINCT FROM 0 THEN
      population := bench.train_population(
        ARRAY(SELECT b.person_id FROM bench.person b WHERE b.source <> left_out
              UNION ALL (SELECT b.person_id FROM bench.person b WHERE b.source = left_out AND b.fold <> k ORDER BY md5(b.label) LIMIT own)),
        left_out, k, variant);
      INSERT INTO bench.training SELECT population.*;
      COMMIT;
    END IF;
    FOR p IN SELECT * FROM bench.person b WHERE b.source = left_out AND b.fold = k AND b.end_at IS NOT NULL ORDER BY b.label LOOP
      models := ARRAY[bench.train(p.person_id, 'auto', variant, '{"min_days": 3, "min_meals": 15}')];
      INSERT INTO bench.training SELECT * FROM unnest(models);
      INSERT INTO bench.score SELECT variant, NULL, r.* FROM bench.replay(p.person_id, models) r;
      FOREACH budget IN ARRAY budgets LOOP
        CONTINUE WHEN p.known < make_interval(days => budget);
        INSERT INTO bench.score SELECT variant, budget, r.* FROM bench.replay(p.person_id, models, budget) r;
      END LOOP;
      COMMIT;
    END LOOP;
  END LOOP;
  RAISE INFO '% left out, %', left_out, variant;
END $$;

-- Without any population: the person alone, on what is known beforehand.
CREATE PROCEDURE bench.run_alone(left_out text) LANGUAGE plpgsql AS $$
DECLARE
  p record;
  models bench.training[];
BEGIN
  DELETE FROM glucose.population_model;
  FOR p IN SELECT * FROM bench.person b WHERE b.source = left_out AND b.end_at IS NOT NULL ORDER BY b.label LOOP
    models := ARRAY[bench.train(p.person_id, 'auto', 'alone', '{"min_days": 3, "min_meals": 15}')];
    INSERT INTO bench.training SELECT * FROM unnest(models);
    INSERT INTO bench.score SELECT 'alone', NULL, r.* FROM bench.replay(p.person_id, models) r;
    COMMIT;
  END LOOP;
  RAISE INFO '% left out, alone', left_out;
END $$;
