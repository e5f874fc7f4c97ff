-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_016() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  -- What purge() takes away after a while may be missing; what stays says who was answered by which model and when.
  ALTER TABLE glucose.prediction
    ADD COLUMN role name,
    ADD COLUMN session_role name,
    ADD COLUMN client_address inet,
    ADD COLUMN source text CHECK (source IN ('personal', 'population', 'baseline')),
    ADD COLUMN asked_at timestamptz,
    ADD COLUMN unit text,
    ADD COLUMN score real CHECK (score BETWEEN 0 AND 1),
    ADD COLUMN inputs real[],
    ADD COLUMN values_digest bytea,
    ADD COLUMN mac bytea,
    ADD COLUMN seal_no bigint,
    ADD COLUMN purged_at timestamptz,
    ADD COLUMN purged_mac bytea,
    ALTER COLUMN inputs_digest DROP NOT NULL,
    ALTER COLUMN predictions DROP NOT NULL,
    ALTER COLUMN latency_ms DROP NOT NULL,
    ADD CONSTRAINT prediction_is_whole_or_purged
      CHECK (purged_at IS NOT NULL OR (predictions IS NOT NULL AND latency_ms IS NOT NULL)) NOT VALID;
  COMMENT ON TABLE glucose.prediction IS
    'The log: what was answered, from what, by which model, to whom. Written by functions alone; rows are sealed by '
    'seal_log() and taken away by purge().';
  COMMENT ON COLUMN glucose.prediction.issued_to IS 'The identity that asked.';
  COMMENT ON COLUMN glucose.prediction.role IS 'The role that asked; session_role is the one that had logged in.';
  COMMENT ON COLUMN glucose.prediction.client_address IS
    'Where the connection came from; NULL for a socket of the same machine, and for background workers.';
  COMMENT ON COLUMN glucose.prediction.asked_at IS 'The moment that was asked about.';
  COMMENT ON COLUMN glucose.prediction.unit IS 'The unit of the document that was answered; the log is in mg/dL.';
  COMMENT ON COLUMN glucose.prediction.score IS 'The lowest confidenceScore of the answer.';
  COMMENT ON COLUMN glucose.prediction.inputs IS
    'What the model looked at (glucose.audit_inputs = full). inputs_digest is its SHA-256 (full and digest).';
  COMMENT ON COLUMN glucose.prediction.mac IS
    'HMAC of the row with the key of glucose.audit_key_file; of what purge() takes away it holds values_digest, an '
    'HMAC, too. NULL: written while there was no key.';
  COMMENT ON COLUMN glucose.prediction.seal_no IS 'The seal that counts this row.';
  COMMENT ON COLUMN glucose.prediction.purged_at IS 'When purge() took the values away; purged_mac says that it did.';
  CREATE INDEX prediction_unsealed ON glucose.prediction (person_id, issued_at)
    WHERE seal_no IS NULL AND mac IS NOT NULL;
  CREATE INDEX prediction_unpurged ON glucose.prediction (issued_at) WHERE purged_at IS NULL;
  CREATE INDEX prediction_purged ON glucose.prediction (seal_no, issued_at) WHERE purged_at IS NOT NULL;

  CREATE TABLE glucose.audit_seal (
    seal_no bigint PRIMARY KEY,
    sealed_at timestamptz NOT NULL,
    subject uuid,
    n_rows integer NOT NULL CHECK (n_rows > 0),
    digest bytea NOT NULL,
    mac bytea NOT NULL,
    released_mac bytea,
    CHECK ((subject IS NULL) = (released_mac IS NOT NULL))
  );
  CREATE INDEX audit_seal_subject ON glucose.audit_seal (subject, seal_no) WHERE subject IS NOT NULL;
  COMMENT ON TABLE glucose.audit_seal IS
    'Seals of the log: how many rows of somebody, their digest, and an HMAC over that and the seal before. It names '
    'nobody and holds no value, so it stays when rows are purged or a person is erased.';
  COMMENT ON COLUMN glucose.audit_seal.subject IS
    'A pseudonym: an HMAC of the person''s id. NULL once the rows are gone, by purge() or with their person.';
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_016() IS
'Internal: part of setup(): brings the tables to schema version 16.';
