-- SPDX-License-Identifier: PostgreSQL
-- Training and scoring of one source's persons. While anything is trained, nothing from anybody's first scored meal on
-- is in the tables. A person is scored by replay: its later rows come back meal by meal, up to the meal that is asked
-- about, so that no forecast can see what came after; then all of it is rolled back.

-- One training; what it led to goes to bench.training.
CREATE FUNCTION bench.train(who uuid, asked text, variant text, options jsonb) RETURNS bench.training LANGUAGE plpgsql AS $$
DECLARE
  r glucose.training_result;
  result bench.training;
BEGIN
  SELECT source, fold INTO result.source, result.fold FROM bench.person WHERE person_id = who;
  result.person_id := who;
  result.variant := variant;
  result.asked := asked;
  BEGIN
    r := glucose.train_model(who, 'glucose', asked, options || '{"deploy": false}');
    SELECT r.version, r.algorithm, r.n_train, r.n_validation, r.quality_issues, r.training_ms, v.status = 'rejected'
      INTO result.version, result.algorithm, result.n_train, result.n_validation, result.issues, result.ms, result.rejected
      FROM glucose.model_version v WHERE v.person_id = who AND v.model_type = 'glucose' AND v.version = r.version;
  EXCEPTION WHEN SQLSTATE 'MG002' THEN
    result.error := SQLERRM;
  END;
  RETURN result;
END $$;

-- The population model of these persons becomes the active one; it is asked about those of a fold of a source.
CREATE FUNCTION bench.train_population(persons uuid[], source text, fold bigint, variant text) RETURNS bench.training LANGUAGE plpgsql AS $$
DECLARE
  r glucose.training_result;
  result bench.training;
BEGIN
  result.source := source;
  result.fold := fold;
  result.variant := variant;
  result.asked := 'population';
  UPDATE glucose.population_model SET is_active = false WHERE is_active AND model_type = 'glucose';
  IF NOT (SELECT population FROM bench.can) THEN
    result.error := 'no function train_population_model';
    RETURN result;
  END IF;
  UPDATE glucose.person SET shares_data = person_id = ANY (persons);
  BEGIN
    -- Folds differ by few persons, which no two published versions may.
    DELETE FROM glucose.population_model;
    EXECUTE $sql$ SELECT * FROM glucose.train_population_model('glucose', 'auto', '{"deploy": true}') $sql$ INTO r;
    SELECT r.version, r.algorithm, r.n_train, r.n_validation, r.quality_issues, r.training_ms, v.status = 'rejected'
      INTO result.version, result.algorithm, result.n_train, result.n_validation, result.issues, result.ms, result.rejected
      FROM glucose.population_model v WHERE v.model_type = 'glucose' AND v.version = r.version;
  EXCEPTION
    WHEN SQLSTATE 'MG002' THEN result.error := SQLERRM;
    WHEN feature_not_supported THEN
      result.error := SQLERRM;
      UPDATE bench.can SET population = false;
  END;
  RETURN result;
END $$;

-- The forecasts of one meal: options without a version ask for what serves a person without a model of its own. Nothing,
-- when nothing can serve. Probabilities and who answers stand in the document only, exact values in the rows only.
CREATE FUNCTION bench.forecast(who uuid, meal uuid, asked text, options jsonb, head text, level real) RETURNS SETOF bench.answer
LANGUAGE plpgsql AS $$
DECLARE
  document jsonb := '{}';
BEGIN
  IF head <> 'median' THEN options := options || jsonb_build_object('head', head); END IF;
  IF level <> 0.9::real THEN options := options || jsonb_build_object('level', level::numeric); END IF;
  IF head = 'median' AND level = 0.9::real THEN
    document := glucose.predict_glucose(meal, options, who);
  END IF;
  RETURN QUERY SELECT who, meal, f.minutes_ahead, asked, head, level, document #>> '{provenance,source}',
      f.mg_dl::float8, f.lower::float8, f.upper::float8, (p ->> 'pBelow70')::float8, (p ->> 'pAbove180')::float8,
      f.confidence_score::float8
    FROM glucose.glucose_forecast(meal, options, who) f
    LEFT JOIN jsonb_array_elements(document -> 'predictions') p ON (p ->> 'minutes_ahead')::integer = f.minutes_ahead;
EXCEPTION WHEN SQLSTATE 'MG001' OR SQLSTATE 'MG002' THEN
  RETURN;
END $$;

-- Asks about one meal in all ways; `models` are the person's trainings. A rejected version never serves, and a person may
-- have too little for one: then what serves instead is asked, and without a population model glucose stays what it is.
CREATE FUNCTION bench.ask(who uuid, meal uuid, last float8, models bench.training[]) RETURNS SETOF bench.answer
LANGUAGE plpgsql AS $$
DECLARE
  m record;
  way record;
BEGIN
  FOR m IN
    SELECT 'population' AS asked, '{}'::jsonb AS options, false AS stays, true AS closely WHERE (SELECT population FROM bench.can)
    UNION ALL
    SELECT t.asked, CASE WHEN own THEN jsonb_build_object('version', t.version) ELSE '{}' END, NOT own, t.asked = 'auto'
    FROM unnest(models) t, LATERAL (SELECT t.version IS NOT NULL AND NOT t.rejected) o (own)
    WHERE t.version IS NOT NULL OR t.asked = 'auto'
  LOOP
    FOR way IN
      SELECT 'median' AS head, 0.9::real AS level
      UNION ALL SELECT 'mean', 0.9 FROM bench.can c WHERE c.head AND m.closely
      UNION ALL SELECT 'median', l FROM bench.can c, unnest('{0.5,0.8,0.95}'::real[]) AS l WHERE c.level AND m.closely
    LOOP
      RETURN QUERY SELECT * FROM bench.forecast(who, meal, m.asked, m.options, way.head, way.level);
      IF NOT FOUND AND m.stays AND way.level = 0.9::real THEN
        RETURN QUERY SELECT who, meal, h, m.asked, way.head, way.level, 'persistence', last,
          NULL::float8, NULL::float8, NULL::float8, NULL::float8, NULL::float8 FROM unnest('{60,120}'::integer[]) h;
      END IF;
    END LOOP;
  END LOOP;
END $$;

-- The scored meals of a person in time order. `days`: only so many days before each meal are known (but always the
-- three hours a forecast starts from), and what is trained here learns from as many days before the first scored meal.
CREATE FUNCTION bench.replay(who uuid, models bench.training[], days integer DEFAULT NULL) RETURNS SETOF bench.answer
LANGUAGE plpgsql AS $$
DECLARE
  first CONSTANT timestamptz := (SELECT end_at FROM bench.person WHERE person_id = who);
  span CONSTANT interval := greatest(make_interval(days => days), '3 hours');
  reached timestamptz := '-infinity';  -- the rows up to here are back
  forgotten timestamptz := '-infinity';  -- those before here are gone
  found bench.answer[] := '{}';
  m record;
BEGIN
  BEGIN
    IF days IS NOT NULL THEN
      forgotten := first - span;
      DELETE FROM glucose.glucose_reading WHERE person_id = who AND measured_at < forgotten;
      DELETE FROM glucose.meal WHERE person_id = who AND eaten_at < forgotten;
      -- Seven days of readings span a few minutes less from the first to the last.
      models := ARRAY[bench.train(who, 'auto', 'full', CASE days WHEN 7 THEN '{"min_days": 6}' ELSE '{}' END::jsonb)];
    END IF;
    FOR m IN SELECT * FROM bench.usable WHERE person_id = who AND scored ORDER BY eaten_at, meal_id LOOP
      INSERT INTO glucose.glucose_reading SELECT * FROM bench.later_reading
        WHERE person_id = who AND measured_at > reached AND measured_at <= m.eaten_at;
      INSERT INTO glucose.meal SELECT * FROM bench.later_meal
        WHERE person_id = who AND eaten_at > reached AND eaten_at <= m.eaten_at;
      reached := m.eaten_at;
      IF days IS NOT NULL THEN
        DELETE FROM glucose.glucose_reading WHERE person_id = who AND measured_at >= forgotten AND measured_at < m.eaten_at - span;
        DELETE FROM glucose.meal WHERE person_id = who AND eaten_at >= forgotten AND eaten_at < m.eaten_at - span;
        forgotten := m.eaten_at - span;
      END IF;
      found := found || ARRAY(SELECT a FROM bench.ask(who, m.meal_id, m.last, models) a);
    END LOOP;
    RAISE EXCEPTION USING ERRCODE = 'BN000', MESSAGE = 'replayed';
  EXCEPTION WHEN SQLSTATE 'BN000' THEN
    NULL;
  END;
  RETURN QUERY SELECT * FROM unnest(found);
END $$;

-- All of a source. `algorithms` per person, NULL for all there are; `budgets`: days of history.
CREATE PROCEDURE bench.run(source text, variant text, algorithms text[], budgets integer[]) LANGUAGE plpgsql AS $$
DECLARE
  k integer;
  p record;
  models bench.training[];
  population bench.training;
  budget integer;
BEGIN
  algorithms := coalesce(algorithms, ARRAY(SELECT algorithm FROM glucose.algorithms()));
  FOR k IN 0 .. 4 LOOP
    population := bench.train_population(ARRAY(SELECT b.person_id FROM bench.person b WHERE b.source = run.source AND b.fold <> k),
                                         source, k, variant);
    INSERT INTO bench.training SELECT population.*;
    COMMIT;
    FOR p IN SELECT * FROM bench.person b WHERE b.source = run.source AND b.fold = k AND b.end_at IS NOT NULL ORDER BY b.label LOOP
      models := ARRAY(SELECT bench.train(p.person_id, a, variant, '{"min_days": 3, "min_meals": 15}') FROM unnest(algorithms) a);
      INSERT INTO bench.training SELECT * FROM unnest(models);
      INSERT INTO bench.score SELECT run.variant, NULL, r.* FROM bench.replay(p.person_id, models) r;
      FOREACH budget IN ARRAY budgets LOOP
        CONTINUE WHEN p.known < make_interval(days => budget);
        INSERT INTO bench.score SELECT run.variant, budget, r.* FROM bench.replay(p.person_id, models, budget) r;
      END LOOP;
      COMMIT;
    END LOOP;
    RAISE INFO '%', format('%s, %s: %s of 5 folds', source, variant, k + 1);
  END LOOP;
END $$;
