-- SPDX-License-Identifier: PostgreSQL
-- Forecasts in PL/Python as their user would write them well: the statement's plan is kept in SD, the model is loaded once
-- a session into GD, and what they compute with is a module of the server's Python (network.py). They answer [+60, +120].
CREATE EXTENSION plpython3u;
CREATE TABLE bench.model (name text PRIMARY KEY, bytes bytea NOT NULL);
GRANT SELECT ON bench.model TO PUBLIC;

CREATE FUNCTION bench.torch(i int) RETURNS real[] LANGUAGE plpython3u STABLE PARALLEL SAFE AS $$
if "plan" not in SD:
    import network
    if "torch" not in GD:
        GD["torch"] = network.load_torch(plpy.execute("SELECT bytes FROM bench.model WHERE name = 'torch'")[0]["bytes"])
    SD["plan"], SD["steps"], SD["net"] = plpy.prepare(network.STATEMENT, ["int"]), network.steps, GD["torch"]
return SD["net"](SD["steps"](plpy.execute(SD["plan"], [i])[0]))
$$;

CREATE FUNCTION bench.numpy(i int) RETURNS real[] LANGUAGE plpython3u STABLE PARALLEL SAFE AS $$
if "plan" not in SD:
    import network
    if "numpy" not in GD:
        GD["numpy"] = network.load_numpy(plpy.execute("SELECT bytes FROM bench.model WHERE name = 'numpy'")[0]["bytes"])
    SD["plan"], SD["steps"], SD["net"] = plpy.prepare(network.STATEMENT, ["int"]), network.steps, GD["numpy"]
return SD["net"](SD["steps"](plpy.execute(SD["plan"], [i])[0]))
$$;

CREATE FUNCTION bench.xgboost(i int) RETURNS real[] LANGUAGE plpython3u STABLE PARALLEL SAFE AS $$
if "plan" not in SD:
    import network
    if "xgboost" not in GD:
        GD["xgboost"] = network.load_xgboost(plpy.execute("SELECT bytes FROM bench.model WHERE name = 'xgboost'")[0]["bytes"])
    SD["plan"], SD["columns"], SD["trees"] = plpy.prepare(network.STATEMENT, ["int"]), network.columns, GD["xgboost"]
return SD["trees"](SD["columns"](plpy.execute(SD["plan"], [i])[0]))
$$;

CREATE FUNCTION bench.ridge(i int) RETURNS real[] LANGUAGE plpython3u STABLE PARALLEL SAFE AS $$
if "plan" not in SD:
    import network
    if "ridge" not in GD:
        GD["ridge"] = network.load_ridge(plpy.execute("SELECT bytes FROM bench.model WHERE name = 'ridge'")[0]["bytes"])
    SD["plan"], SD["columns"], SD["weights"] = plpy.prepare(network.STATEMENT, ["int"]), network.columns, GD["ridge"]
return SD["weights"](SD["columns"](plpy.execute(SD["plan"], [i])[0]))
$$;

-- All meals of a set at once: one statement for what they need, one batch through the network.
CREATE FUNCTION bench.torch_set(numbers int[]) RETURNS TABLE (i int, at_60 real, at_120 real)
LANGUAGE plpython3u STABLE AS $$
if "plan" not in SD:
    import network
    if "torch_set" not in GD:
        GD["torch_set"] = network.load_torch_set(plpy.execute("SELECT bytes FROM bench.model WHERE name = 'torch'")[0]["bytes"])
    SD["plan"], SD["net"] = plpy.prepare(network.SET_STATEMENT, ["int[]"]), GD["torch_set"]
return SD["net"](plpy.execute(SD["plan"], [numbers]))
$$;

-- The measure of a first call: the same statement in PL/pgSQL, with a forecast that needs no model.
CREATE FUNCTION bench.plpgsql(i int) RETURNS TABLE (minutes_ahead int, mg_dl real) LANGUAGE plpgsql STABLE AS $$
DECLARE
  asked record;
BEGIN
  SELECT m.eaten_at, m.meal_type, m.calories, m.carbs_g, m.protein_g, m.fat_g, m.fiber_g, a.mean, a.sd,
         (SELECT array_agg(r.mg_dl ORDER BY r.measured_at) FROM glucose.glucose_reading r WHERE r.person_id = a.person_id
          AND r.measured_at > a.window_start AND r.measured_at <= a.eaten_at) AS readings INTO asked
  FROM bench.asked a JOIN glucose.meal m ON m.person_id = a.person_id AND m.meal_id = a.meal_id WHERE a.i = plpgsql.i;
  RETURN QUERY VALUES (60, ((asked.readings[cardinality(asked.readings)] + asked.mean) / 2)::real), (120, asked.mean);
END
$$;
