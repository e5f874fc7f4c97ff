-- SPDX-License-Identifier: PostgreSQL
-- What whoever may write everything, but has not got the key, may do to sealed rows of the log and to seals: each deed
-- is
-- done, looked for with verify_log() (then with the head that seal_log() had returned) and undone.
-- A deed that constraints refuse, or that changes nothing, is not counted.
CREATE TABLE test.deed (kind text, statement text);
-- $row: a sealed row of $person, $other: another one of the same, $alien: one of another person, $seal: that of $row.
INSERT INTO test.deed
  SELECT 'change', format('UPDATE glucose.prediction SET %I = %s WHERE prediction_id = $row', name, new) FROM (VALUES
    ('issued_at', 'issued_at + (1 + $n) * interval ''1 us'''), ('issued_to', 'coalesce(issued_to, '''') || ''x'''),
    ('role', '''postgres'''), ('session_role', '''eve'''), ('model_type', '''cgm'''), ('version', '''9.9.'' || $n'),
    ('sha256', 'set_byte(sha256, $n % 32, get_byte(sha256, $n % 32) # 1)'), ('sha256', 'NULL'),
    ('source', '''population'''),
    ('inputs_digest', 'set_byte(inputs_digest, $n % 32, get_byte(inputs_digest, $n % 32) # 128)'),
    ('inputs_digest', 'NULL'), ('meal_id', 'gen_random_uuid()'), ('meal_id', 'NULL'),
    ('asked_at', 'asked_at - interval ''1 s'''), ('level', '0.5'), ('unit', '''mmol/L'''),
    ('client_address', '''10.0.0.7'''), ('score', '1 - score'), ('latency_ms', 'latency_ms * 2'),
    ('inputs', 'ARRAY[$n]::real[]'), ('shadow_predictions', '''[]'''),
    ('predictions', 'jsonb_set(predictions, ''{0,glucose}'', to_jsonb(20 + $n))'),
    ('predictions', 'predictions || ''{}'''), ('predictions', 'predictions - 0'),
    ('values_digest', 'set_byte(values_digest, $n % 32, get_byte(values_digest, $n % 32) # 2)'),
    ('mac', 'set_byte(mac, $n % 32, get_byte(mac, $n % 32) # 4)'), ('mac', 'NULL'), ('seal_no', 'NULL'),
    ('seal_no', 'seal_no + 1'), ('purged_at', 'now()'), ('prediction_id', 'gen_random_uuid()')) AS v (name, new)
  UNION ALL VALUES
  ('change', 'UPDATE glucose.prediction SET mac = NULL, seal_no = NULL, values_digest = NULL, score = 0.1
    WHERE prediction_id = $row'),
  ('change', 'UPDATE glucose.prediction SET purged_at = now(), purged_mac = mac, meal_id = NULL, asked_at = NULL,
    level = NULL, unit = NULL, client_address = NULL, score = NULL, latency_ms = NULL, inputs = NULL,
    predictions = NULL WHERE prediction_id = $row'),
  ('delete', 'DELETE FROM glucose.prediction WHERE prediction_id = $row'),
  ('delete', 'DELETE FROM glucose.prediction WHERE prediction_id IN ($row, $other)'),
  ('delete', 'DELETE FROM glucose.prediction WHERE seal_no = $seal'),
  ('delete', 'DELETE FROM glucose.prediction WHERE person_id = $person'),
  ('delete', 'WITH gone AS (DELETE FROM glucose.prediction WHERE seal_no = $seal)
    DELETE FROM glucose.audit_seal WHERE seal_no = $seal'),
  ('delete', 'WITH gone AS (DELETE FROM glucose.prediction WHERE seal_no >= $seal)
    DELETE FROM glucose.audit_seal WHERE seal_no >= $seal'),
  ('reorder', 'UPDATE glucose.prediction p SET issued_at = o.issued_at FROM glucose.prediction o
    WHERE (p.prediction_id, o.prediction_id) IN (($row, $other), ($other, $row))'),
  ('reorder', 'UPDATE glucose.prediction p SET predictions = o.predictions, values_digest = o.values_digest
    FROM glucose.prediction o WHERE (p.prediction_id, o.prediction_id) IN (($row, $other), ($other, $row))'),
  ('reorder', 'UPDATE glucose.prediction p SET issued_at = o.issued_at, mac = o.mac
    FROM glucose.prediction o WHERE (p.prediction_id, o.prediction_id) IN (($row, $other), ($other, $row))'),
  ('reorder', 'UPDATE glucose.prediction p SET seal_no = o.seal_no + 1 - $n % 3
    FROM glucose.prediction o WHERE p.prediction_id = $row AND o.prediction_id = $other
    AND p.seal_no <> o.seal_no + 1 - $n % 3'),
  ('reorder', 'UPDATE glucose.prediction SET person_id = (SELECT person_id FROM glucose.prediction
    WHERE prediction_id = $alien) WHERE prediction_id = $row'),
  ('add', 'INSERT INTO glucose.prediction SELECT (jsonb_populate_record(p, jsonb_build_object(''prediction_id'',
    gen_random_uuid()))).* FROM glucose.prediction p WHERE prediction_id = $row'),
  ('add', 'INSERT INTO glucose.prediction
    SELECT (jsonb_populate_record(p, jsonb_build_object(''person_id'', $person))).* FROM glucose.prediction p
    WHERE prediction_id = $alien'),
  ('seal', 'DELETE FROM glucose.audit_seal WHERE seal_no = $seal'),
  ('seal', 'UPDATE glucose.audit_seal SET n_rows = n_rows + 1 WHERE seal_no = $seal'),
  ('seal', 'UPDATE glucose.audit_seal SET sealed_at = sealed_at + interval ''1 us'' WHERE seal_no = $seal'),
  ('seal', 'UPDATE glucose.audit_seal SET subject = gen_random_uuid() WHERE seal_no = $seal'),
  ('seal', 'UPDATE glucose.audit_seal SET subject = NULL, released_mac = mac WHERE seal_no = $seal'),
  ('seal', 'UPDATE glucose.audit_seal SET seal_no = -seal_no WHERE seal_no = $seal'),
  ('seal',
  'UPDATE glucose.audit_seal SET mac = set_byte(mac, $n % 32, get_byte(mac, $n % 32) # 8) WHERE seal_no = $seal'),
  ('seal', 'UPDATE glucose.audit_seal s SET digest = o.digest, n_rows = o.n_rows, mac = o.mac, subject = o.subject
    FROM glucose.audit_seal o WHERE s.seal_no = $seal AND o.seal_no = $seal - 1');

CREATE FUNCTION test.all_of_it() RETURNS text LANGUAGE sql STABLE
RETURN md5((SELECT string_agg(p::text, ' ' ORDER BY person_id, prediction_id) FROM glucose.prediction p)
           || (SELECT string_agg(s::text, ' ' ORDER BY seal_no) FROM glucose.audit_seal s));
-- Does `deed` to random rows; whether it was found, NULL when nothing was changed or it was refused.
CREATE FUNCTION test.is_found(deed text, head text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  r glucose.prediction;
  before CONSTANT text := test.all_of_it();
  found_by text := 'nobody';
BEGIN
  SELECT * INTO r FROM glucose.prediction WHERE seal_no IS NOT NULL AND purged_at IS NULL ORDER BY random() LIMIT 1;
  deed := replace(deed, '$row', quote_literal(r.prediction_id));
  deed := replace(deed, '$other', quote_literal((SELECT prediction_id FROM glucose.prediction WHERE seal_no IS NOT NULL
    AND person_id = r.person_id AND prediction_id <> r.prediction_id ORDER BY random() LIMIT 1)));
  deed := replace(deed, '$alien', quote_literal((SELECT prediction_id FROM glucose.prediction WHERE seal_no IS NOT NULL
    AND person_id <> r.person_id ORDER BY random() LIMIT 1)));
  deed := replace(deed, '$person', quote_literal(r.person_id) || '::uuid');
  deed := replace(deed, '$seal', r.seal_no::text);
  deed := replace(deed, '$n', (random() * 300)::integer::text);
  EXECUTE deed;
  IF test.all_of_it() <> before THEN
    IF EXISTS (SELECT FROM glucose.verify_log(r.person_id)) THEN
      found_by := 'verify_log';
    ELSIF EXISTS (SELECT FROM glucose.verify_log(r.person_id, head)) THEN
      found_by := 'verify_log with head';
    ELSE
      RAISE NOTICE 'not found: %', deed;
    END IF;
  ELSE
    found_by := 'nothing changed';
  END IF;
  RAISE EXCEPTION USING ERRCODE = 'UT001', MESSAGE = found_by;
EXCEPTION
  WHEN SQLSTATE 'UT001' THEN   -- which has undone it
    IF sqlerrm = 'verify_log with head' THEN
      INSERT INTO test.by_head VALUES (deed);
    END IF;
    RETURN CASE sqlerrm WHEN 'nothing changed' THEN NULL ELSE sqlerrm <> 'nobody' END;
  WHEN integrity_constraint_violation THEN
    RETURN NULL;
END
$$;
CREATE TABLE test.by_head (deed text);
CREATE TABLE test.outcome (kind text, was_found boolean);

-- Every kind of deed as often as the next, until n have been done.
CREATE FUNCTION test.tamper(n integer, head text) RETURNS TABLE (kind text, done bigint, found bigint)
LANGUAGE plpgsql AS $$
DECLARE
  d record;
  was_found boolean;
  of_all integer := 0;
BEGIN
  WHILE of_all < n LOOP
    FOR d IN SELECT * FROM test.deed ORDER BY random() LOOP
      was_found := test.is_found(d.statement, head);
      CONTINUE WHEN was_found IS NULL;
      INSERT INTO test.outcome VALUES (d.kind, was_found);
      of_all := of_all + 1;
      EXIT WHEN of_all >= n;
    END LOOP;
  END LOOP;
  RETURN QUERY SELECT o.kind, count(*), count(*) FILTER (WHERE o.was_found) FROM test.outcome o GROUP BY o.kind
    ORDER BY 1;
END
$$;
