-- SPDX-License-Identifier: PostgreSQL
-- psql -v source=NAME: one source in its own database.
\ir value_at.sql

-- What a forecast has to beat: the person's own mean within half an hour of that time of day over the 30 days before the
-- moment, else of all that is known of the person.
INSERT INTO bench.question
  SELECT m.person_id, m.at, h.minutes, o.value, coalesce(b.of_time, b.of_all, m.mg_dl)
  FROM (SELECT DISTINCT person_id, at, mg_dl FROM bench.moment WHERE source = :'source') m JOIN bench.person p USING (person_id)
  CROSS JOIN unnest('{120,240,480,720,1440}'::integer[]) AS h (minutes)
  CROSS JOIN LATERAL (SELECT bench.value_at(m.person_id, m.at + make_interval(mins => h.minutes))) AS o (value)
  CROSS JOIN LATERAL (SELECT extract(epoch FROM ((m.at + make_interval(mins => h.minutes)) AT TIME ZONE p.time_zone)::time)::integer / 900) AS t (slot)
  CROSS JOIN LATERAL (
    SELECT sum(q.total) FILTER (WHERE (q.slot - t.slot + 98) % 96 <= 4) / sum(q.n) FILTER (WHERE (q.slot - t.slot + 98) % 96 <= 4) AS of_time,
           sum(q.total) / sum(q.n) AS of_all
    FROM bench.quarter q WHERE q.person_id = m.person_id AND q.at > m.at - interval '30 days' AND q.at <= m.at - interval '15 min') b
  WHERE o.value IS NOT NULL;
CREATE INDEX ON bench.question (person_id, at);
ANALYZE bench.question;

CREATE FUNCTION bench.ask(name text, by text, persons uuid[], is_late boolean) RETURNS void LANGUAGE sql AS $$
  INSERT INTO bench.answer
    SELECT name, by, m.person_id, m.at, q.minutes_ahead, q.outcome, q.plain, f.mg_dl, f.lower, f.upper
    FROM bench.moment m CROSS JOIN LATERAL glucose.cgm_forecast(m.person_id, m.at, '{"minutes": [120, 240, 480, 720, 1440]}') f
    JOIN bench.question q ON q.person_id = m.person_id AND q.at = m.at AND q.minutes_ahead = f.minutes_ahead
    WHERE m.person_id = ANY (persons) AND m.late = is_late $$;

-- The persons' own models of what was before their last fifth; who has too little, or whose model was rejected, is left out.
CREATE FUNCTION bench.own(persons uuid[]) RETURNS uuid[] LANGUAGE plpgsql AS $$
DECLARE
  p record;
  trained uuid[] = '{}';
  r glucose.training_result;
BEGIN
  FOR p IN SELECT * FROM bench.person WHERE person_id = ANY (persons) LOOP
    BEGIN
      r := glucose.train_model(p.person_id, 'cgm', 'auto',
        jsonb_build_object('deploy', true, 'min_days', 5, 'end_at', p.cut_at));
      trained := trained || p.person_id;
    EXCEPTION WHEN SQLSTATE 'MG002' OR SQLSTATE '55000' THEN NULL;
    END;
  END LOOP;
  RETURN trained;
END $$;

CREATE PROCEDURE bench.run(name text) LANGUAGE plpgsql AS $$
DECLARE
  persons uuid[];
BEGIN
  FOR f IN 0..4 LOOP
    SELECT array_agg(person_id) INTO persons FROM bench.person WHERE source = name AND fold = f;
    UPDATE glucose.person g SET shares_data = p.fold <> f FROM bench.person p WHERE p.person_id = g.person_id AND p.source = name;
    -- Folds differ by few persons, which no two published versions may.
    DELETE FROM glucose.population_model;
    PERFORM glucose.train_population_model('cgm', options => '{"deploy": true}');
    PERFORM bench.ask(name, 'left out', persons, false), bench.ask_in_trouble(persons);
    PERFORM bench.ask(name, 'own', bench.own(persons), true);
    COMMIT;
    RAISE INFO '%, fold %', name, f;
  END LOOP;
  UPDATE glucose.population_model SET is_active = false WHERE is_active;
  UPDATE glucose.model_version SET is_active = false WHERE is_active;
  SELECT array_agg(person_id) INTO persons FROM bench.person WHERE source = name;
  PERFORM bench.ask(name, 'alone', bench.own(persons), true);
END $$;
CALL bench.run(:'source');
