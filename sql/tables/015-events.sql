-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.setup_step_015() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  PERFORM glucose.fill_metrics();   -- STRESS_SCORE is new

  CREATE TABLE glucose.event (
    name text COLLATE "C" PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9_]{0,55}$'),
    horizon interval NOT NULL,
    look_back interval NOT NULL,
    rule jsonb NOT NULL CHECK (jsonb_typeof(rule) = 'object'),
    description jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(description) = 'object')
  );
  COMMENT ON TABLE glucose.event IS
    'Questions to be answered yes or no, a row for each. Readable by all, written by define_event(), for the owner of '
    'the tables and the steward.';
  COMMENT ON COLUMN glucose.event.horizon IS 'How far after the moment it is looked whether it is so.';
  COMMENT ON COLUMN glucose.event.look_back IS 'The window before the moment that models look at.';
  COMMENT ON COLUMN glucose.event.rule IS 'When the answer is yes; see define_event().';
  COMMENT ON COLUMN glucose.event.description IS 'In words, by language: {"en": …, "de": …}.';
  PERFORM glucose.fill_events();

  INSERT INTO glucose.retraining_policy (model_type, min_new_rows, max_age_days, max_live_mae, min_improvement)
  VALUES ('event', 14, 30, 'Infinity', 0) ON CONFLICT DO NOTHING;

  PERFORM glucose.grant_as('glucose.event', 'glucose.metric', '{SELECT}');
END
$fn$;
COMMENT ON FUNCTION glucose.setup_step_015() IS
'Internal: part of setup(): brings the tables to schema version 15.';

CREATE FUNCTION glucose.fill_events() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  INSERT INTO glucose.event (name, horizon, look_back, rule, description)
  VALUES
    ('strain', '3 days', '7 days', '{
       "at": "evening", "least_days": 2, "baseline": {"days": 30, "least_days": 14}, "yes_if": {"all": [
         {"metric": "RESTING_HEART_RATE", "unit": "sd", "at_least": 1},
         {"any_known": [{"metric": "SLEEP_DURATION", "unit": "sd", "at_most": -0.5},
                        {"metric": "HEART_RATE_VARIABILITY_RMSSD", "unit": "sd", "at_most": -0.5},
                        {"metric": "HEART_RATE_VARIABILITY_SDNN", "unit": "sd", "at_most": -0.5},
                        {"metric": "RECOVERY_SCORE", "unit": "sd", "at_most": -0.5},
                        {"metric": "STRESS_SCORE", "unit": "sd", "at_least": 0.5}]}]}}',
     '{"en": "Strain: days with a higher resting heart rate and less sleep, variability or recovery",
       "de": "Belastung: Tage mit höherem Ruhepuls und weniger Schlaf, Variabilität oder Erholung"}'),
    ('low_time_in_range', '1 day', '7 days', '{
       "at": "evening", "yes_if": {"metric": "GLUCOSE_TIME_IN_RANGE", "below": 70}}',
     '{"en": "Less than 70 % of tomorrow''s readings from 70 to 180 mg/dL",
       "de": "Weniger als 70 % der Werte von morgen zwischen 70 und 180 mg/dL"}'),
    ('high_after_meal', '2 hours', '3 hours', '{
       "at": "meal", "yes_if": {"metric": "GLUCOSE", "statistic": "max", "above": 180}}',
     '{"en": "Glucose above 180 mg/dL within 2 hours of this meal",
       "de": "Glukose über 180 mg/dL in den 2 Stunden nach dieser Mahlzeit"}'),
    ('low_after_meal', '2 hours', '3 hours', '{
       "at": "meal", "yes_if": {"metric": "GLUCOSE", "statistic": "min", "below": 70}}',
     '{"en": "Glucose below 70 mg/dL within 2 hours of this meal",
       "de": "Glukose unter 70 mg/dL in den 2 Stunden nach dieser Mahlzeit"}')
  ON CONFLICT (name) DO NOTHING;
END
$fn$;
COMMENT ON FUNCTION glucose.fill_events() IS
'Internal: part of setup(): the events that are there from the beginning.';
