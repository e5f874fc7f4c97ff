-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION glucose.meal_clusters(person_id uuid, options jsonb DEFAULT '{}')
RETURNS TABLE (meal_id uuid, eaten_at timestamptz, meal_type text, dish uuid, dish_meals integer, unit text,
  level double precision, peak double precision, peak_minutes integer, area double precision,
  in_range_pct double precision, is_followed boolean)
LANGUAGE c STABLE PARALLEL SAFE ROWS 1000 COST 100000 AS 'MODULE_PATHNAME', 'glucose_meal_clusters';
COMMENT ON FUNCTION glucose.meal_clusters(uuid, jsonb) IS
'Which of a person''s meals are the same dish, by nutrients and by what glucose did, and what came of each. A dish is '
'named by its first meal.';

CREATE FUNCTION glucose.steady_meals(person_id uuid, meal_type text DEFAULT NULL, k integer DEFAULT 5,
  options jsonb DEFAULT '{}')
RETURNS TABLE (place integer, dish uuid, meal_id uuid, eaten_at timestamptz, meal_type text, usual_time time,
  meals integer, tries integer, calories real, carbs_g real, protein_g real, fat_g real, fiber_g real, unit text,
  area double precision, area_lower double precision, area_upper double precision, area_mean double precision,
  in_range_pct double precision, in_range_lower double precision, in_range_upper double precision,
  in_range_mean double precision, words text, change_of text, change_from real, change_to real,
  change_difference double precision)
LANGUAGE c STABLE PARALLEL SAFE ROWS 5 COST 100000 AS 'MODULE_PATHNAME', 'glucose_steady_meals';
COMMENT ON FUNCTION glucose.steady_meals(uuid, text, integer, jsonb) IS
'The dishes after which a person''s glucose stayed steadiest, how often and how sure: what happened, not what to eat. '
'Show disclaimer() with it.';

CREATE FUNCTION glucose.compare_meals(meal_ids uuid[], options jsonb DEFAULT '{}', person_id uuid DEFAULT NULL)
RETURNS TABLE (place integer, meal_id uuid, eaten_at timestamptz, meal_type text, dish uuid, dish_meals integer,
  calories real, carbs_g real, protein_g real, fat_g real, fiber_g real, unit text,
  level double precision, peak double precision, peak_minutes integer, area double precision,
  in_range_pct double precision, is_followed boolean,
  difference double precision, lower double precision, upper double precision)
LANGUAGE c STABLE PARALLEL SAFE ROWS 5 COST 100000 AS 'MODULE_PATHNAME', 'glucose_compare_meals';
COMMENT ON FUNCTION glucose.compare_meals(uuid[], jsonb, uuid) IS
'Meals of one person beside each other: what was in them, what glucose did, and by how much the area differs from the '
'first one''s, give or take chance. Show disclaimer() with it.';

CREATE FUNCTION glucose.steady_meals_json(person_id uuid, meal_type text DEFAULT NULL, k integer DEFAULT 5,
  options jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN glucose.rows_with_disclaimer(options, (SELECT jsonb_agg(f ORDER BY f.place) FROM glucose.steady_meals(
    steady_meals_json.person_id, steady_meals_json.meal_type, steady_meals_json.k, steady_meals_json.options) f));
END
$fn$;
COMMENT ON FUNCTION glucose.steady_meals_json(uuid, text, integer, jsonb) IS
'The rows of steady_meals() with the disclaimer, as one document.';

CREATE FUNCTION glucose.compare_meals_json(meal_ids uuid[], options jsonb DEFAULT '{}', person_id uuid DEFAULT NULL)
RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $fn$
BEGIN
  RETURN glucose.rows_with_disclaimer(options, (SELECT jsonb_agg(f ORDER BY f.place) FROM glucose.compare_meals(
    compare_meals_json.meal_ids, compare_meals_json.options, compare_meals_json.person_id) f));
END
$fn$;
COMMENT ON FUNCTION glucose.compare_meals_json(uuid[], jsonb, uuid) IS
'The rows of compare_meals() with the disclaimer, as one document.';
