# SPDX-License-Identifier: PostgreSQL
"""A web application behind PostgREST or Supabase: requests as the gateway sends them, statements as it builds them.

One role logs in and owns nothing; each request is a transaction that switches to the role without login and says in
request.jwt.claims who asks. Bodies are one json parameter, functions are called by the names of their arguments.
"""
import json
import os

import psycopg

import refusals
from trial import NOT_FOUND, Trial, connect

# What PostgREST answers for an SQLSTATE (its documentation, "Errors"), as far as these requests can meet it.
STATUS = {"42501": 403, "28000": 403, "23503": 409, "23505": 409, "42883": 404, "42P01": 404, "P0001": 400}
STATUS_OF_CLASS = {"22": 400, "23": 400, "53": 503, "P0": 500, "MG": 400, "55": 500, "XX": 500}


class Refused(Exception):
    def __init__(self, error):
        super().__init__(str(error))
        self.sqlstate = error.sqlstate
        state = error.sqlstate
        self.status = int(state[2:]) if state.startswith("PT") else STATUS.get(state, STATUS_OF_CLASS.get(state[:2], 400))


class Gateway:
    """Statements as PostgREST 12 builds them; every request has a transaction and its own SET LOCAL."""

    def __init__(self, session):
        self.session = session

    def request(self, who, sql, body=None):
        claims = json.dumps({"role": "web", "sub": who}) if who else ""
        try:
            with self.session.transaction():
                self.session.execute("SET LOCAL ROLE web")
                self.session.execute("SELECT set_config('search_path', '\"glucose\", \"public\"', true), "
                                     "set_config('request.jwt.claims', %s, true), set_config('request.method', 'POST', true)",
                                     [claims])
                cursor = self.session.execute(sql, None if body is None else [json.dumps(body)])
                return cursor.fetchall() if cursor.description else []
        except psycopg.Error as error:
            raise Refused(error) from error

    def rpc(self, who, function, **arguments):
        """POST /rpc/function: types from the catalog, values from json, arguments by name."""
        types = dict(refusals.catalog(
            "SELECT n, format_type(t, NULL) FROM pg_proc, unnest(proargnames, coalesce(proallargtypes, proargtypes)) "
            "AS a (n, t) WHERE pronamespace = 'glucose'::regnamespace AND proname = %s", function))
        columns = ", ".join(f'"{name}" {types[name]}' for name in arguments)
        call = ", ".join(f'"{name}" := pgrst_body."{name}"' for name in arguments)
        rows = self.request(who, f'''
            WITH pgrst_source AS (
              SELECT pgrst_call.* FROM (SELECT %s::json AS json_data) pgrst_payload,
              LATERAL (SELECT * FROM json_to_record(pgrst_payload.json_data) AS _({columns}) LIMIT 1) pgrst_body,
              LATERAL "glucose"."{function}"({call}) pgrst_call)
            SELECT coalesce(json_agg(_postgrest_t), '[]') FROM (SELECT * FROM pgrst_source) _postgrest_t''', arguments)
        return rows[0][0]

    def insert(self, who, table, rows, on_conflict=None, defaults=None):
        """POST /table: one object or many; merge-duplicates with on_conflict, missing=default with defaults."""
        names = sorted({name for row in rows for name in row} | set(defaults or {}))
        types = dict(refusals.catalog("SELECT attname, format_type(atttypid, NULL) FROM pg_attribute "
                                      "WHERE attrelid = %s::regclass AND attnum > 0", f"glucose.{table}"))
        listed = ", ".join(f'"{name}"' for name in names)
        typed = ", ".join(f'"{name}" {types[name]}' for name in names)
        given = ", ".join(f"'{name}', {value}" for name, value in (defaults or {}).items())
        merge = "" if on_conflict is None else f"ON CONFLICT ({on_conflict}) DO UPDATE SET " + ", ".join(
            f'"{name}" = EXCLUDED."{name}"' for name in names if name not in on_conflict)
        element = f"jsonb_build_object({given}) || elem" if given else "elem"
        result = self.request(who, f'''
            WITH pgrst_source AS (
              INSERT INTO "glucose"."{table}" ({listed})
              SELECT {listed} FROM (SELECT %s::jsonb AS json_data) pgrst_payload,
              LATERAL (SELECT jsonb_agg({element}) AS val FROM jsonb_array_elements(json_data) elem) pgrst_uniform,
              LATERAL (SELECT * FROM jsonb_to_recordset(pgrst_uniform.val) AS _({typed})) pgrst_body
              {merge} RETURNING "glucose"."{table}".*)
            SELECT coalesce(json_agg(_postgrest_t), '[]') FROM (SELECT * FROM pgrst_source) _postgrest_t''', rows)
        return result[0][0]

    def get(self, who, table, where="true"):
        return self.request(who, f'SELECT coalesce(json_agg(t), \'[]\') FROM (SELECT * FROM "glucose"."{table}" '
                                 f'WHERE {where}) t')[0][0]


def day(trial, gateway, moments):
    """Ada registers, sends a fortnight in bulk, trains, asks, corrects and shares."""
    person, = gateway.insert("ada", "person", [{"time_zone": "Europe/Berlin", "diabetes_type": "t1d"}])
    person = person["person_id"]
    meals = [{"person_id": person, "eaten_at": at, "meal_type": kind, "carbs_g": carbs} for at, kind, carbs in moments["meals"]]
    stored = gateway.insert("ada", "meal", meals, defaults={"meal_id": "gen_random_uuid()", "fiber_g": "3"})
    trial.check("meals in bulk, with defaults", len({m["meal_id"] for m in stored}) == len(meals)
                and all(m["fiber_g"] == 3 for m in stored))
    readings = [{"person_id": person, "measured_at": at, "mg_dl": value} for at, value in moments["readings"]]
    trial.check("readings in bulk", len(gateway.insert("ada", "glucose_reading", readings)) == len(readings))
    again = [{**r, "mg_dl": r["mg_dl"] + 1} for r in readings[-20:]] + [
        {"person_id": person, "measured_at": moments["now"], "mg_dl": 120}]
    merged = gateway.insert("ada", "glucose_reading", again, on_conflict="person_id, measured_at")
    trial.check("Prefer: resolution=merge-duplicates", len(merged) == 21)
    trial.check("no doubles", len(gateway.get("ada", "glucose_reading")) == len(readings) + 1)
    trained, = gateway.rpc("ada", "train_model", person_id=person, algorithm="ridge", options={"deploy": True})
    trial.check("trained by names of arguments", trained["is_active"], trained)
    answer, = gateway.rpc("ada", "predict_glucose", meal_id=stored[-1]["meal_id"], options={"lang": "de"})
    answer = answer.get("pgrst_call", answer)
    trial.check("forecast, logged", answer["logged"], answer)
    trial.check("issued to whom the claims name", gateway.get("ada", "prediction")[0]["issued_to"] == "ada")
    trial.check("forecast as rows", len(gateway.rpc("ada", "glucose_forecast", meal_id=stored[-1]["meal_id"])) == 2)
    trial.check("a meal that is not stored", gateway.rpc("ada", "predict_meal", person_id=person,
                                                         meal={"carbs_g": 40, "meal_type": "lunch"}))
    trial.check("versions", len(gateway.rpc("ada", "list_model_versions", person_id=person)) == 1)
    gateway.request("ada", f"UPDATE glucose.meal SET carbs_g = 41 WHERE meal_id = '{stored[0]['meal_id']}'")
    gateway.request("ada", f"DELETE FROM glucose.meal WHERE meal_id = '{stored[1]['meal_id']}'")
    left = gateway.get("ada", "meal")
    trial.check("one meal corrected, one deleted", len(left) == len(meals) - 1
                and any(m["carbs_g"] == 41 for m in left))
    gateway.insert("ada", "person_access", [{"person_id": person, "identity": "cleo", "level": "view"}])
    trial.check("shared with another identity", len(gateway.get("cleo", "meal")) == len(left))
    return person, left[-1]["meal_id"]


def statuses(trial, gateway, who, person, meal):
    """Somebody else's meal is a meal that is not there; each failure has an SQLSTATE the gateway has a status for."""
    nobody = "00000000-0000-4000-8000-000000000000"
    for function, theirs, random in (
            ("predict_glucose", {"meal_id": meal}, {"meal_id": nobody}),
            ("glucose_forecast", {"meal_id": meal}, {"meal_id": nobody}),
            ("train_model", {"person_id": person}, {"person_id": nobody}),
            ("export_model", {"person_id": person, "model_type": "glucose"}, {"person_id": nobody, "model_type": "glucose"}),
            ("cgm_forecast", {"person_id": person, "at": "2026-01-01T00:00:00Z"},
             {"person_id": nobody, "at": "2026-01-01T00:00:00Z"})):
        found = []
        for arguments in (theirs, random):
            try:
                gateway.rpc(who, function, **arguments)
                found.append(("answered", ""))
            except Refused as error:
                text = str(error).replace(person, "ID").replace(meal, "ID").replace(nobody, "ID")
                found.append((error.sqlstate, text))
        trial.check(f"{function}: not yours is not there", found[0] == found[1] and found[0][0] in NOT_FOUND, found)
    expect(trial, gateway, who, "train_model", ("22023",), 400, person_id=None)
    expect(trial, gateway, None, "train_model", ("28000",), 403, person_id=person)


def expect(trial, gateway, who, function, states, status, **arguments):
    try:
        gateway.rpc(who, function, **arguments)
        trial.wrong.append(f"not refused: {function} {arguments}")
    except Refused as error:
        if error.sqlstate in states and error.status == status:
            trial.refused += 1
        else:
            trial.wrong.append(f"{function} {arguments}: {error.sqlstate} is status {error.status}: {error}")


def too_often(trial, gateway, who, meal):
    """Each "sub" has as many calls a minute as the operator lets it have; one more is 429, and no caller changes that."""
    name = os.environ["PGDATABASE"]
    with connect("postgres") as operator:
        operator.execute(f'ALTER DATABASE "{name}" SET glucose.rate_limit_predictions = 2')
    with connect("authenticator") as session:
        limited = Gateway(session)
        for _ in range(2):
            trial.check("let in", limited.rpc(who, "predict_glucose", meal_id=meal))
        expect(trial, limited, who, "predict_glucose", ("PT429",), 429, meal_id=meal)
        expect(trial, limited, "stranger", "predict_glucose", ("PT404",), 404, meal_id=meal)
        left = limited.request(who, "SELECT identity, available FROM glucose.rate_limits()")
        trial.check("each sees its own", left == [(who, 0)], left)
        trial.cannot(session, "SET glucose.rate_limit_predictions = 0")
    with connect("postgres") as operator:
        operator.execute(f'ALTER DATABASE "{name}" RESET glucose.rate_limit_predictions')


def nobody_and_nothing_left(trial, gateway, session):
    """Without claims, or after a request, nobody is asking; the login role itself sees nothing."""
    for table in ("person", "meal", "glucose_reading", "model_version", "prediction"):
        for who in (None, "", "stranger"):
            rows = gateway.get(who, table)
            trial.refused += not rows
            if rows:
                trial.wrong.append(f"{who!r} sees {len(rows)} rows of {table}")
        trial.cannot(session, f"SELECT * FROM glucose.{table}")
    trial.check("SET LOCAL ends with its request",
                session.execute("SELECT coalesce(current_setting('request.jwt.claims', true), '')").fetchone() == ("",))


def cannot_more(trial, session):
    """The role of the requests, with an identity of its own."""
    session.execute("SET ROLE web")
    session.execute("SELECT set_config('request.jwt.claims', '{\"sub\": \"zoe\"}', false)")
    refusals.nobody_elses(trial, session)
    refusals.no_power_over_tables(trial, session, writes=refusals.RECORDED)
    refusals.no_power_over_the_database(trial, session)
    trial.cannot(session, "SET glucose.identity = 'role'")


MEALS = """SELECT to_json(eaten_at) #>> '{}', meal_type, carbs_g FROM glucose.meal WHERE person_id = glucose.key('alice')
           ORDER BY eaten_at"""
READINGS = """SELECT to_json(measured_at) #>> '{}', mg_dl FROM glucose.glucose_reading
              WHERE person_id = glucose.key('alice') ORDER BY measured_at"""

with Trial("postgrest") as trial, connect("authenticator") as session:
    alices = {"meals": refusals.catalog(MEALS), "readings": refusals.catalog(READINGS)}
    alices["now"] = refusals.catalog("SELECT to_json(now()) #>> '{}'")[0][0]
    gateway = Gateway(session)
    person, meal = day(trial, gateway, alices)
    statuses(trial, gateway, "bea", person, meal)
    too_often(trial, gateway, "ada", meal)
    nobody_and_nothing_left(trial, gateway, session)
    cannot_more(trial, session)
