-- SPDX-License-Identifier: PostgreSQL
-- psql -v set=NAME -v seeds={1,2,…} -v own={1,2}: one set in its own database; `own` are the seeds for which the persons
-- that are not held out are trained, too.
CREATE TABLE bench.kept AS TABLE glucose.population_model WITH NO DATA;
CREATE PROCEDURE bench.train(name text, seeds integer[], own integer[]) LANGUAGE plpgsql AS $$
DECLARE
  s integer;
  p record;
  r glucose.training_result;
BEGIN
  FOREACH s IN ARRAY seeds LOOP
    UPDATE glucose.person g SET shares_data = NOT d.held_out FROM bench.seed d
      WHERE d.set = name AND d.seed = s AND g.person_id = glucose.key(d.set || ' ' || d.person);
    -- Folds differ by few persons, which no two published versions may: the ones before come back to be scored.
    UPDATE glucose.population_model SET is_active = false WHERE is_active;
    WITH gone AS (DELETE FROM glucose.population_model RETURNING *) INSERT INTO bench.kept SELECT * FROM gone;
    EXECUTE $sql$ SELECT * FROM glucose.train_population_model('cgm', 'auto', '{"deploy": true}') $sql$ INTO r;
    INSERT INTO bench.training VALUES (name, s, NULL, r.version, r.algorithm, r.training_ms);
    FOR p IN SELECT glucose.key(d.set || ' ' || d.person) AS id FROM bench.seed d
             WHERE d.set = name AND d.seed = s AND s = ANY (own) AND NOT d.held_out LOOP
      BEGIN
        r := glucose.train_model(p.id, 'cgm', 'auto', '{"deploy": false, "min_days": 1}');
        INSERT INTO bench.training
          SELECT name, s, p.id, r.version, r.algorithm, r.training_ms, CASE v.status WHEN 'rejected' THEN 'rejected' END
          FROM glucose.model_version v WHERE v.person_id = p.id AND v.model_type = 'cgm' AND v.version = r.version;
      EXCEPTION WHEN SQLSTATE 'MG002' THEN
        INSERT INTO bench.training VALUES (name, s, p.id, NULL, NULL, NULL, 'too little');
      END;
    END LOOP;
    COMMIT;
    RAISE INFO '%, seed %: trained', name, s;
  END LOOP;
  INSERT INTO glucose.population_model TABLE bench.kept;
END $$;

-- The windows of a seed: 'ID' those of the others' test slices, 'OOD' all of who is held out. A person whose model was
-- rejected, or that has too little for one, is served by the population's.
CREATE FUNCTION bench.ask(name text, s integer, forecaster text, options jsonb) RETURNS void LANGUAGE sql AS $$
  INSERT INTO bench.score
    SELECT name, s, CASE WHEN d.held_out THEN 'OOD' ELSE 'ID' END, forecaster, coalesce(options ->> 'head', 'median'),
           coalesce((options ->> 'level')::real, 0.9), w.person_id, w.at, e.*
    FROM bench.seed d
    JOIN bench.window w ON w.set = d.set AND w.person = d.person AND w.part = CASE WHEN d.held_out THEN 'whole' ELSE 'test' END
    LEFT JOIN bench.training t ON t.set = name AND t.seed = s AND t.person_id = w.person_id AND t.error IS NULL
    CROSS JOIN LATERAL (
      SELECT avg((f.mg_dl - y.mg_dl) ^ 2), avg(abs(f.mg_dl - y.mg_dl)), max((f.mg_dl - y.mg_dl) ^ 2) FILTER (WHERE f.minutes_ahead = 30),
             max((f.mg_dl - y.mg_dl) ^ 2) FILTER (WHERE f.minutes_ahead = 60), avg((y.mg_dl BETWEEN f.lower AND f.upper)::integer),
             avg(f.upper - f.lower)
      FROM glucose.cgm_forecast(w.person_id, w.at, options || CASE WHEN forecaster = 'own' AND t.version IS NOT NULL
                                                                   THEN jsonb_build_object('version', t.version) ELSE '{}' END) f
      JOIN bench.reading y ON y.person_id = w.person_id AND y.segment = w.segment AND y.i = w.last + f.minutes_ahead / 5
      HAVING count(*) = 12) e
    WHERE d.set = name AND d.seed = s AND (forecaster = 'population' OR NOT d.held_out) $$;

CREATE PROCEDURE bench.score_all(name text, seeds integer[], own integer[]) LANGUAGE plpgsql AS $$
DECLARE
  s integer;
BEGIN
  FOREACH s IN ARRAY seeds LOOP
    UPDATE glucose.population_model SET is_active = false WHERE is_active AND model_type = 'cgm';
    UPDATE glucose.population_model v SET is_active = true FROM bench.training t
      WHERE v.model_type = 'cgm' AND v.version = t.version AND t.set = name AND t.seed = s AND t.person_id IS NULL;
    PERFORM bench.ask(name, s, 'population', '{}'), bench.ask(name, s, 'population', '{"head": "mean"}');
    IF s = ANY (own) THEN
      PERFORM bench.ask(name, s, 'own', '{}'), bench.ask(name, s, 'own', '{"head": "mean"}'),
              bench.ask(name, s, 'population', jsonb_build_object('level', l)) FROM unnest('{0.5,0.8,0.95}'::numeric[]) l;
    END IF;
    COMMIT;
    RAISE INFO '%, seed %: scored', name, s;
  END LOOP;
END $$;

-- No forecast may change when what came after its moment is not there.
CREATE PROCEDURE bench.look_for_leaks(name text) LANGUAGE plpgsql AS $$
DECLARE
  w record;
  before real[];
  after real[];
BEGIN
  FOR w IN SELECT * FROM bench.window WHERE set = name ORDER BY md5(person || at) LIMIT 50 LOOP
    before := ARRAY(SELECT mg_dl FROM glucose.cgm_forecast(w.person_id, w.at) ORDER BY minutes_ahead);
    BEGIN
      DELETE FROM glucose.glucose_reading WHERE person_id = w.person_id AND measured_at > w.at;
      after := ARRAY(SELECT mg_dl FROM glucose.cgm_forecast(w.person_id, w.at) ORDER BY minutes_ahead);
      RAISE EXCEPTION USING ERRCODE = 'BN000', MESSAGE = 'looked';
    EXCEPTION WHEN SQLSTATE 'BN000' THEN NULL;
    END;
    IF before <> after THEN RAISE EXCEPTION 'a forecast at % knows what came later', w.at; END IF;
  END LOOP;
END $$;

-- Only what is trained on is there while anything is trained.
INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl)
  SELECT person_id, measured_at, mg_dl FROM bench.reading WHERE set = :'set' AND learnt;
VACUUM ANALYZE glucose.glucose_reading;
CALL bench.train(:'set', :'seeds', :'own');
INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl)
  SELECT person_id, measured_at, mg_dl FROM bench.reading WHERE set = :'set' AND NOT learnt;
VACUUM ANALYZE glucose.glucose_reading;
CALL bench.look_for_leaks(:'set');
CALL bench.score_all(:'set', :'seeds', :'own');
