-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_013() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  reader record;
BEGIN
  CREATE TABLE glucose.metric (
    name text COLLATE "C" PRIMARY KEY CHECK (name ~ '^[A-Z][A-Z0-9_]{0,62}$'),
    unit text NOT NULL CHECK (unit <> ''),
    low real,
    high real,
    better text CHECK (better IN ('higher', 'lower')),
    kind text NOT NULL DEFAULT 'measured' CHECK (kind IN ('measured', 'derived')),
    sources text[] NOT NULL DEFAULT '{}',
    loinc text,
    healthkit text,
    health_connect text,
    description text,
    CONSTRAINT metric_range_is_one CHECK (low < high)
  );
  COMMENT ON TABLE glucose.metric IS
    'What can be known of a day, a row for each metric. Readable by all, written by define_metric(), for the owner of '
    'the tables and the steward.';
  COMMENT ON COLUMN glucose.metric.low IS 'Lowest value taken; NULL: any.';
  COMMENT ON COLUMN glucose.metric.better IS 'The direction that is good; NULL: neither.';
  COMMENT ON COLUMN glucose.metric.kind IS
    'measured: stored in daily_metric. derived: made of the readings when it is asked for, where there are enough.';
  COMMENT ON COLUMN glucose.metric.sources IS
    'Which source counts first where several have a day and the person has no source_preference; then by name.';
  COMMENT ON COLUMN glucose.metric.healthkit IS 'Identifier of Apple HealthKit.';
  COMMENT ON COLUMN glucose.metric.health_connect IS 'Record of Android''s Health Connect.';
  PERFORM glucose.fill_metrics();

  CREATE TABLE glucose.daily_metric (
    person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
    day date NOT NULL CONSTRAINT daily_metric_day_is_sane CHECK (day >= '1900-01-01' AND day < '2200-01-01'),
    metric text COLLATE "C" NOT NULL REFERENCES glucose.metric,
    source text COLLATE "C" NOT NULL DEFAULT 'unknown' CHECK (length(source) BETWEEN 1 AND 63),
    value real NOT NULL CONSTRAINT daily_metric_value_is_finite CHECK (value > '-Infinity' AND value < 'Infinity'),
    unit text NOT NULL,
    recorded_at timestamptz,
    entered_by text,
    PRIMARY KEY (person_id, metric, day, source)
  );
  ALTER TABLE glucose.daily_metric SET (autovacuum_vacuum_insert_scale_factor = 0.02,
    autovacuum_analyze_scale_factor = 0.02);
  COMMENT ON TABLE glucose.daily_metric IS
    'One value of a day from one source. What is not known, as on a day without the watch, has no row.';
  COMMENT ON COLUMN glucose.daily_metric.day IS
    'The calendar day where the person was. Sleep, and what is measured in it, is of the day of waking.';
  COMMENT ON COLUMN glucose.daily_metric.source IS 'Device or application, in its own words.';
  COMMENT ON COLUMN glucose.daily_metric.unit IS 'Always the metric''s own; import_daily() converts others.';
  COMMENT ON COLUMN glucose.daily_metric.recorded_at IS
    'When the database learnt the value; NULL means at the end of the day. A forecast never sees what was recorded '
    'later.';
  COMMENT ON COLUMN glucose.daily_metric.entered_by IS
    'Who recorded it, when that is somebody with whom the person is shared at level record; else NULL.';

  CREATE TABLE glucose.source_preference (
    person_id uuid NOT NULL REFERENCES glucose.person ON DELETE CASCADE,
    metric text COLLATE "C" NOT NULL REFERENCES glucose.metric,
    sources text[] NOT NULL,
    PRIMARY KEY (person_id, metric)
  );
  COMMENT ON TABLE glucose.source_preference IS
    'Which source of a metric counts first for a person, on a day that several have; those that are not named come '
    'after them, as metric.sources says, then by name. All rows are kept.';

  -- Whoever works with persons goes on doing so.
  FOR reader IN
    SELECT glucose.grantee(acl.grantee) AS name,
           string_agg(DISTINCT acl.privilege_type, ', ') AS privileges
    FROM pg_class c, aclexplode(c.relacl) acl
    WHERE c.oid = 'glucose.person'::regclass AND acl.grantee <> c.relowner
      AND acl.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
    GROUP BY acl.grantee
  LOOP
    EXECUTE format('GRANT %s ON glucose.daily_metric, glucose.source_preference TO %s', reader.privileges, reader.name);
    EXECUTE format('GRANT SELECT ON glucose.metric TO %s', reader.name);
  END LOOP;
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_013() IS
'Internal: part of setup(): brings the tables to schema version 13.';

CREATE FUNCTION glucose.fill_metrics() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  -- Ranges are what a device may say of a day that can be, not what is healthy.
  INSERT INTO glucose.metric (name, unit, low, high, better, kind, loinc, healthkit, health_connect, description)
  SELECT m.name, m.unit, m.low, m.high, m.better, m.kind, m.loinc,
         CASE WHEN m.healthkit LIKE 'HK%' THEN m.healthkit ELSE 'HKQuantityTypeIdentifier' || m.healthkit END,
         m.health_connect || 'Record', m.description
  FROM (VALUES
    ('RESTING_HEART_RATE', 'bpm', 25, 150, 'lower', 'measured', '40443-4', 'RestingHeartRate', 'RestingHeartRate',
    NULL),
    ('HEART_RATE_VARIABILITY_SDNN', 'ms', 1, 500, 'higher', 'measured', '80404-7', 'HeartRateVariabilitySDNN', NULL,
     'median of the day'),
    ('HEART_RATE_VARIABILITY_RMSSD', 'ms', 1, 500, 'higher', 'measured', NULL, NULL, 'HeartRateVariabilityRmssd',
     'of the night'),
    ('SLEEP_DURATION', 'min', 0, 1440, 'higher', 'measured', '93832-4', 'HKCategoryTypeIdentifierSleepAnalysis',
     'SleepSession', 'asleep, main sleep'),
    ('RECOVERY_SCORE', 'points', 0, 100, 'higher', 'measured', NULL, NULL, NULL,
     'a vendor''s score, or readiness of 0 to 10 times 10; one kind a person'),
    ('TIME_IN_BED', 'min', 0, 1440, NULL, 'measured', NULL, 'HKCategoryTypeIdentifierSleepAnalysis', 'SleepSession',
     'main sleep'),
    ('SLEEP_EFFICIENCY', '%', 0, 100, 'higher', 'measured', NULL, NULL, NULL, 'asleep of the time in bed'),
    ('SLEEP_DEEP', 'min', 0, 720, 'higher', 'measured', '93831-6', 'HKCategoryTypeIdentifierSleepAnalysis',
     'SleepSession', NULL),
    ('SLEEP_REM', 'min', 0, 720, 'higher', 'measured', '93829-0', 'HKCategoryTypeIdentifierSleepAnalysis',
     'SleepSession', NULL),
    ('SLEEP_ONSET', 'min', -1080, 1080, NULL, 'measured', NULL, 'HKCategoryTypeIdentifierSleepAnalysis',
     'SleepSession', 'from the midnight that the day begins with, negative before'),
    ('RESPIRATORY_RATE', '1/min', 4, 60, NULL, 'measured', '9279-1', 'RespiratoryRate', 'RespiratoryRate', 'in sleep'),
    ('SKIN_TEMPERATURE', '°C', 20, 45, NULL, 'measured', NULL, 'AppleSleepingWristTemperature', 'SkinTemperature',
     'of the night'),
    ('SKIN_TEMPERATURE_DEVIATION', 'K', -10, 10, NULL, 'measured', NULL, NULL, 'SkinTemperature',
     'from the person''s own level, as a vendor gives it'),
    ('HEART_RATE_MEAN', 'bpm', 25, 220, NULL, 'measured', NULL, 'HeartRate', 'HeartRate', NULL),
    ('WEAR_TIME', 'min', 0, 1500, NULL, 'measured', NULL, NULL, NULL, 'how long the device was worn'),
    ('STEPS', 'count', 0, 200000, 'higher', 'measured', '41950-7', 'StepCount', 'Steps', NULL),
    ('DISTANCE', 'm', 0, 500000, NULL, 'measured', NULL, 'DistanceWalkingRunning', 'Distance', NULL),
    ('FLOORS_CLIMBED', 'count', 0, 3000, NULL, 'measured', NULL, 'FlightsClimbed', 'FloorsClimbed', NULL),
    ('ACTIVE_ENERGY', 'kcal', 0, 20000, NULL, 'measured', '41981-2', 'ActiveEnergyBurned', 'ActiveCaloriesBurned',
     'above basal'),
    ('TOTAL_ENERGY', 'kcal', 0, 25000, NULL, 'measured', '41981-2', NULL, 'TotalCaloriesBurned', 'with basal'),
    ('ACTIVE_LIGHT', 'min', 0, 1500, NULL, 'measured', NULL, NULL, NULL, '1.5 to 3 MET'),
    ('ACTIVE_MODERATE', 'min', 0, 1500, 'higher', 'measured', NULL, NULL, NULL, '3 to 6 MET'),
    ('ACTIVE_VIGOROUS', 'min', 0, 1500, 'higher', 'measured', NULL, NULL, NULL, '6 MET or more'),
    ('SEDENTARY', 'min', 0, 1500, 'lower', 'measured', NULL, NULL, NULL, 'awake under 1.5 MET'),
    ('WORKOUTS', 'count', 0, 50, NULL, 'measured', NULL, 'HKWorkoutTypeIdentifier', 'ExerciseSession', NULL),
    ('WORKOUT_DURATION', 'min', 0, 1500, NULL, 'measured', '55411-3', 'HKWorkoutTypeIdentifier', 'ExerciseSession',
     NULL),
    ('TRAINING_LOAD', 'AU', 0, 10000, NULL, 'measured', NULL, NULL, NULL,
     'session RPE times minutes, or a vendor''s; one kind a person'),
    ('STRAIN', 'points', 0, 21, NULL, 'measured', NULL, NULL, NULL, 'WHOOP'),
    ('STRESS_SCORE', 'points', 0, 100, 'lower', 'measured', NULL, NULL, NULL, 'a vendor''s score, more is more'),
    ('ENERGY_INTAKE', 'kcal', 0, 20000, NULL, 'measured', '9052-2', 'DietaryEnergyConsumed', 'Nutrition', NULL),
    ('CARBOHYDRATE_INTAKE', 'g', 0, 3000, NULL, 'measured', NULL, 'DietaryCarbohydrates', 'Nutrition', NULL),
    ('PROTEIN_INTAKE', 'g', 0, 1000, NULL, 'measured', NULL, 'DietaryProtein', 'Nutrition', NULL),
    ('FAT_INTAKE', 'g', 0, 1500, NULL, 'measured', NULL, 'DietaryFatTotal', 'Nutrition', NULL),
    ('FIBER_INTAKE', 'g', 0, 500, NULL, 'measured', NULL, 'DietaryFiber', 'Nutrition', NULL),
    ('SUGAR_INTAKE', 'g', 0, 3000, NULL, 'measured', NULL, 'DietarySugar', 'Nutrition', NULL),
    ('SATURATED_FAT_INTAKE', 'g', 0, 1000, NULL, 'measured', NULL, 'DietaryFatSaturated', 'Nutrition', NULL),
    ('SODIUM_INTAKE', 'mg', 0, 100000, NULL, 'measured', NULL, 'DietarySodium', 'Nutrition', NULL),
    ('WATER_INTAKE', 'mL', 0, 30000, NULL, 'measured', NULL, 'DietaryWater', 'Hydration', NULL),
    ('CAFFEINE_INTAKE', 'mg', 0, 5000, NULL, 'measured', NULL, 'DietaryCaffeine', 'Nutrition', NULL),
    ('ALCOHOL_INTAKE', 'count', 0, 60, NULL, 'measured', NULL, 'NumberOfAlcoholicBeverages', NULL,
     'standard drinks of 10 g; 1 where only yes is known'),
    ('EATING_OCCASIONS', 'count', 0, 60, NULL, 'measured', NULL, NULL, NULL, 'what is eaten within 15 minutes is one'),
    ('FREE_DAY', '0/1', 0, 1, NULL, 'measured', NULL, NULL, NULL,
     'a holiday; unlike all others it is known before the day, unless recorded_at says since when'),
    ('GLUCOSE_MEAN', 'mg/dL', 20, 600, NULL, 'derived', NULL, 'BloodGlucose', 'BloodGlucose', NULL),
    ('GLUCOSE_SD', 'mg/dL', 0, 300, 'lower', 'derived', NULL, NULL, NULL, 'of the readings'),
    ('GLUCOSE_TIME_IN_RANGE', '%', 0, 100, 'higher', 'derived', NULL, NULL, NULL, 'readings of 70 to 180 mg/dL'),
    ('GLUCOSE_BELOW_70', '%', 0, 100, 'lower', 'derived', NULL, NULL, NULL, 'readings below 70 mg/dL')
  ) AS m (name, unit, low, high, better, kind, loinc, healthkit, health_connect, description)
  ON CONFLICT (name) DO NOTHING;
END
$fn$;
COMMENT ON FUNCTION glucose.fill_metrics() IS
'Internal: part of setup(): the metrics that the features of a day are made of, and those that are made of readings.';

CREATE FUNCTION glucose.check_daily_value() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
DECLARE
  known record;
BEGIN
  SELECT m.unit, m.low, m.high INTO known FROM glucose.metric m WHERE m.name = NEW.metric;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'metric "%" is not known', NEW.metric
      USING ERRCODE = 'foreign_key_violation',
            HINT = 'Metrics are rows of glucose.metric; define_metric() adds one.';
  END IF;
  NEW.unit := coalesce(NEW.unit, known.unit);
  IF NEW.unit <> known.unit THEN
    RAISE EXCEPTION '% is stored in %, not in %', NEW.metric, known.unit, NEW.unit
      USING ERRCODE = 'check_violation', HINT = 'Leave the unit out, or use import_daily(), which converts it.';
  ELSIF NEW.value < known.low OR NEW.value > known.high THEN
    RAISE EXCEPTION 'a value of % is outside its range', NEW.metric
      USING ERRCODE = 'check_violation', HINT = 'Units and ranges are in glucose.metric.';
  END IF;
  RETURN NEW;
END
$fn$;
COMMENT ON FUNCTION glucose.check_daily_value() IS
'Internal: trigger of daily_metric: a value that is written is in its metric''s unit and range. It is not asked again.';
