-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_001() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  CREATE TABLE glucose.schema_version (
    version integer PRIMARY KEY,
    extension_version text NOT NULL,
    installed_at timestamptz NOT NULL DEFAULT now()
  );
  COMMENT ON TABLE glucose.schema_version IS 'Which steps of setup() these tables have had.';

  CREATE TABLE glucose.person (
    person_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    owner text NOT NULL,
    time_zone text NOT NULL DEFAULT 'UTC',
    diabetes_type text CHECK (diabetes_type IN ('none', 'prediabetes', 't1d', 't2d', 'gestational', 'other')),
    shares_data boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT person_time_zone_is_known CHECK (timezone(time_zone, timestamptz 'epoch') IS NOT NULL)
  );
  CREATE INDEX person_owner ON glucose.person (owner) INCLUDE (person_id);
  COMMENT ON TABLE glucose.person IS 'A person whose glucose is followed, and who it belongs to.';
  COMMENT ON COLUMN glucose.person.owner IS 'The identity (see current_identity()) whose person this is.';
  COMMENT ON COLUMN glucose.person.time_zone IS 'IANA name; the clock features are read in it.';
  COMMENT ON COLUMN glucose.person.shares_data IS 'Consent to take part in the training of population models.';

  CREATE TABLE glucose.person_access (
    person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
    identity text NOT NULL,
    granted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (person_id, identity)
  );
  CREATE INDEX person_access_identity ON glucose.person_access (identity) INCLUDE (person_id);
  COMMENT ON TABLE glucose.person_access IS 'Caregivers and clinicians a person is shared with, by their identity.';

  IF to_regclass('glucose.meal') IS NULL THEN
    CREATE TABLE glucose.meal (
      person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
      meal_id uuid NOT NULL DEFAULT gen_random_uuid(),
      eaten_at timestamptz NOT NULL CHECK (isfinite(eaten_at)),
      meal_type text NOT NULL CHECK (meal_type IN ('breakfast', 'lunch', 'dinner', 'snack')),
      calories real CHECK (calories BETWEEN 0 AND 5000),
      carbs_g real CHECK (carbs_g BETWEEN 0 AND 500),
      protein_g real CHECK (protein_g BETWEEN 0 AND 500),
      fat_g real CHECK (fat_g BETWEEN 0 AND 500),
      fiber_g real CHECK (fiber_g BETWEEN 0 AND 500),
      PRIMARY KEY (person_id, meal_id)
    );
    -- Where only a meal is named, it is found by meal_id; its neighbours in time by the other index alone.
    CREATE INDEX meal_meal_id ON glucose.meal (meal_id);
    CREATE INDEX meal_eaten_at ON glucose.meal (person_id, eaten_at) INCLUDE (carbs_g);
    ALTER TABLE glucose.meal SET (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
    COMMENT ON TABLE glucose.meal IS 'What was eaten and when; a nutrient that is not known is NULL, never 0.';
  ELSE
    RAISE NOTICE 'relation glucose.meal is there already and is kept';
  END IF;

  IF to_regclass('glucose.glucose_reading') IS NULL THEN
    CREATE TABLE glucose.glucose_reading (
      person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
      measured_at timestamptz NOT NULL CHECK (isfinite(measured_at)),
      mg_dl real NOT NULL CHECK (mg_dl BETWEEN 20 AND 600),
      recorded_at timestamptz,
      PRIMARY KEY (person_id, measured_at) INCLUDE (mg_dl, recorded_at)
    );
    -- The windows are index-only scans while the visibility map is fresh.
    ALTER TABLE glucose.glucose_reading SET (autovacuum_vacuum_insert_scale_factor = 0.02,
      autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
    COMMENT ON TABLE glucose.glucose_reading IS 'Sensor glucose, mg/dL.';
    COMMENT ON COLUMN glucose.glucose_reading.recorded_at IS
      'When the database learnt the value; NULL means when it was measured. A forecast never sees what was recorded '
      'later.';
  ELSE
    RAISE NOTICE 'relation glucose.glucose_reading is there already and is kept';
  END IF;

  CREATE TABLE glucose.model_version (
    person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
    model_type text NOT NULL,
    version text NOT NULL CHECK (version ~ '^[0-9]{1,9}[.][0-9]{1,9}[.][0-9]{1,9}$'),
    algorithm text NOT NULL,
    is_active boolean NOT NULL DEFAULT false,
    trained_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    training_start timestamptz NOT NULL,
    training_end timestamptz NOT NULL,
    n_train integer NOT NULL,
    n_validation integer NOT NULL,
    n_test integer NOT NULL,
    mae real,
    rmse real,
    r2 real,
    hyperparameters jsonb NOT NULL DEFAULT '{}',
    metadata jsonb NOT NULL DEFAULT '{}',
    feature_schema text NOT NULL,
    artifact bytea NOT NULL,
    sha256 bytea NOT NULL CHECK (sha256 = pg_catalog.sha256(artifact)),
    status text NOT NULL CHECK (status IN ('ready', 'rejected', 'archived')),
    is_production_ready boolean NOT NULL,
    quality_issues text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (person_id, model_type, version),
    CONSTRAINT model_version_rejected_never_serves CHECK (NOT (is_active AND status = 'rejected')),
    CONSTRAINT model_version_rejected_stays_so CHECK (status = 'rejected' OR NOT (metadata @> '{"rejected": true}'))
  );
  ALTER TABLE glucose.model_version ALTER COLUMN artifact SET STORAGE EXTERNAL;
  CREATE UNIQUE INDEX model_version_one_active ON glucose.model_version (person_id, model_type) WHERE is_active;
  COMMENT ON TABLE glucose.model_version IS
    'Every model ever trained for a person. Rows are immutable but for is_active and status; at most one per type is '
    'active.';
  COMMENT ON COLUMN glucose.model_version.mae IS 'Mean absolute error on the test rows, mean over horizons, mg/dL.';
  COMMENT ON COLUMN glucose.model_version.rmse
    IS 'Root mean squared error on the test rows, mean over horizons, mg/dL.';

  CREATE TABLE glucose.model_metric (
    person_id uuid NOT NULL,
    model_type text NOT NULL,
    version text NOT NULL,
    split text NOT NULL,
    minutes_ahead integer NOT NULL,
    metric text NOT NULL,
    value double precision,
    n integer NOT NULL,
    PRIMARY KEY (person_id, model_type, version, split, minutes_ahead, metric),
    FOREIGN KEY (person_id, model_type, version) REFERENCES glucose.model_version ON DELETE CASCADE
  );
  COMMENT ON TABLE glucose.model_metric
    IS 'Errors of each version by split, horizon and metric, as measured when it was trained.';

  CREATE TABLE glucose.deployment (
    person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
    model_type text NOT NULL,
    deployed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    version text NOT NULL,
    previous_version text,
    reason text,
    deployed_by text,
    PRIMARY KEY (person_id, model_type, deployed_at)
  );
  COMMENT ON TABLE glucose.deployment IS 'Which version was live from when on, who put it there and why.';

  CREATE TABLE glucose.population_model (
    model_type text NOT NULL,
    version text NOT NULL CHECK (version ~ '^[0-9]{1,9}[.][0-9]{1,9}[.][0-9]{1,9}$'),
    algorithm text NOT NULL,
    is_active boolean NOT NULL DEFAULT false,
    trained_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    training_start timestamptz NOT NULL,
    training_end timestamptz NOT NULL,
    n_train integer NOT NULL,
    n_validation integer NOT NULL,
    n_test integer NOT NULL,
    mae real,
    rmse real,
    r2 real,
    hyperparameters jsonb NOT NULL DEFAULT '{}',
    metadata jsonb NOT NULL DEFAULT '{}',
    feature_schema text NOT NULL,
    artifact bytea NOT NULL,
    sha256 bytea NOT NULL CHECK (sha256 = pg_catalog.sha256(artifact)),
    status text NOT NULL CHECK (status IN ('ready', 'rejected', 'archived')),
    is_production_ready boolean NOT NULL,
    quality_issues text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (model_type, version),
    CONSTRAINT population_model_rejected_never_serves CHECK (NOT (is_active AND status = 'rejected'))
  );
  ALTER TABLE glucose.population_model ALTER COLUMN artifact SET STORAGE EXTERNAL;
  CREATE UNIQUE INDEX population_model_one_active ON glucose.population_model (model_type) WHERE is_active;
  COMMENT ON TABLE glucose.population_model IS
    'Models for persons without one of their own: weights only, no person''s rows. Readable by all, written by the '
    'steward.';

  CREATE TABLE glucose.prediction (
    person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
    prediction_id uuid NOT NULL DEFAULT gen_random_uuid(),
    meal_id uuid,
    model_type text NOT NULL,
    version text,
    sha256 bytea,
    issued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    inputs_digest bytea NOT NULL,
    predictions jsonb NOT NULL,
    latency_ms real NOT NULL,
    issued_to text,
    PRIMARY KEY (person_id, prediction_id)
  );
  CREATE INDEX prediction_issued_at ON glucose.prediction (person_id, issued_at);
  COMMENT ON TABLE glucose.prediction IS 'What was answered, by which model, to whom; predictions as in the answer.';
  COMMENT ON COLUMN glucose.prediction.inputs_digest IS 'SHA-256 of the feature vector the answer was computed from.';
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_001() IS
'Internal: part of setup(): brings the tables to schema version 1.';
