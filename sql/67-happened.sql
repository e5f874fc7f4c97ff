-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.glucose_events(person_id uuid, start_at timestamptz DEFAULT NULL,
  end_at timestamptz DEFAULT NULL, options jsonb DEFAULT '{}')
RETURNS TABLE (kind text, started_at timestamptz, ended_at timestamptz, extreme double precision,
  rate double precision, certainty double precision, detail jsonb)
LANGUAGE c STABLE PARALLEL SAFE ROWS 200 COST 10000 AS 'MODULE_PATHNAME', 'glucose_glucose_events';
COMMENT ON FUNCTION glucose.glucose_events(uuid, timestamptz, timestamptz, jsonb) IS
'What happened in a person''s readings and began with start_at <= started_at < end_at: lows, highs, rises and falls, '
'spikes after meals, meals nobody logged, and what looks like the sensor''s fault. Periods as for '
'glucose_statistics().';

CREATE FUNCTION glucose.unusual_responses(person_id uuid, start_at timestamptz DEFAULT NULL,
  end_at timestamptz DEFAULT NULL, options jsonb DEFAULT '{}')
RETURNS TABLE (meal_id uuid, eaten_at timestamptz, meal_type text, minutes_ahead integer, unit text,
  expected double precision, lower double precision, upper double precision, outcome double precision,
  p_value double precision, false_discovery_rate double precision, n_meals integer, version text, words text)
LANGUAGE c STABLE PARALLEL SAFE ROWS 10 COST 10000 AS 'MODULE_PATHNAME', 'glucose_unusual_responses';
COMMENT ON FUNCTION glucose.unusual_responses(uuid, timestamptz, timestamptz, jsonb) IS
'Meals after which glucose went where the logged forecast, issued before, held it for hardly possible, corrected for '
'looking at many. Without an end up to the newest reading, without a beginning 90 days.';
