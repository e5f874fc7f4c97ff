# SPDX-License-Identifier: PostgreSQL
"""Every function and procedure, with arguments made from their types and names."""
import re

FEATURES = "ARRAY[400,45,20,15,5, 1,0,0,0, 0.5,0.5,0.5,0.5, 120,120,120,120,120,120,120,120,120,120,120,120, 120,20,40]"
# By name first, then by type. What is a person, a meal or a job is Alice's, or nobody's.
BY_NAME = {
    "model_type": "'glucose'", "algorithm": "'mean'", "version": "'1.0.0'", "to_version": "'1.0.0'", "version_a": "'1.0.0'",
    "version_b": "'1.1.0'", "meal": "'{\"carbs_g\": 40}'", "candidate": "'{\"algorithm\": \"mean\"}'",
    "outcome": "'{\"60\": 120}'", "role": "'bystander'", "steward": "'bystander'", "unit": "'mg/dL'", "kind": "'shadow'", "level": "'read'",
    "lang": "'de'", "schema": "'meal/2'", "features": FEATURES, "minutes_ahead": "60", "minutes": "60", "percent": "50",
    "before": "now() - interval '1 day'", "at": "now() - interval '1 day'", "start_at": "now() - interval '10 days'",
    "end_at": "now()", "as_of": "now()", "changes": "'{\"carbs_g\": 20}'", "days": "3", "trials": "1",
    "command": "'FOR SELECT'", "rows": "'true'",
    "measured_at": "'{2021-03-01,2021-03-02}'", "meals": "'[{\"eaten_at\": \"2021-03-01\", \"carbs_g\": 40}]'",
    "day_values": "'[{\"day\": \"2021-03-01\", \"values\": {\"STEPS\": 4000}}]'", "metric": "'STEPS'",
    "metrics": "'{STEPS,GLUCOSE_MEAN}'", "feature": "'a_steps'", "day": "now() - interval '1 day'", "better": "'lower'",
}
BY_TYPE = {
    "text": "'everybody'", "name": "'bystander'", "jsonb": "'{}'", "json": "'{}'", "bytea": "'\\x00'", "integer": "1",
    "bigint": "1", "smallint": "1", "real": "1", "double precision": "1", "numeric": "1", "boolean": "true",
    "timestamp with time zone": "now()", "interval": "'1 hour'", "text[]": "'{mean}'", "real[]": FEATURES,
    "double precision[]": "'{1,2,3}'", "integer[]": "'{60}'", "regclass": "'glucose.meal'", "oid": "1", "date": "now()::date",
}


def functions(session):
    """Name, kind, whether its answer is of its arguments alone, names and types of arguments, how many have no default."""
    return session.execute("""
        SELECT p.proname, p.prokind, p.provolatile = 'i', coalesce(p.proargnames[1:p.pronargs], '{}'),
               (SELECT coalesce(array_agg(format_type(t, NULL) ORDER BY n), '{}')
                FROM unnest(p.proargtypes) WITH ORDINALITY AS a (t, n)), p.pronargs - p.pronargdefaults
        FROM pg_proc p WHERE p.pronamespace = 'glucose'::regnamespace AND p.prorettype <> 'trigger'::regtype
          AND p.prokind IN ('f', 'p') AND 'internal'::regtype <> ALL (p.proargtypes::oid[])  -- those are parts of an aggregate, which SQL cannot call
        ORDER BY p.proname, p.oid""").fetchall()


def argument(name, kind, ids, person):
    if kind == "uuid":
        return f"'{ids.get(name, person)}'::uuid"
    if kind == "uuid[]":
        return f"ARRAY['{ids.get(name, person)}']::uuid[]"
    if name == "level" and kind == "double precision":
        return "0.9"
    if name == "mg_dl" and kind == "real[]":
        return "'{100,101}'::real[]"
    value = BY_NAME.get(name) if name in BY_NAME else BY_TYPE.get(kind, "NULL")
    return f"({value})::{kind}"


def calls(function, ids):
    """The function with what it must be given, and with everything."""
    name, kind, _, names, types, required = function
    person = ids["person_id"]
    for n in sorted({required, len(types)}):
        given = []
        for i in range(n):
            label = names[i] if i < len(names) else ""
            value = argument(label, types[i], ids, person)
            given.append(f'"{label}" => {value}' if label and all(names[:n]) else value)
        yield (f"CALL glucose.{name}({', '.join(given)})" if kind == "p"
               else f"SELECT * FROM glucose.{name}({', '.join(given)})")


def probe(prober, kinds):
    found = functions(prober.session)
    for function in found:
        about_somebody = any(kind in ("uuid", "uuid[]") for kind in function[4])
        for kind in kinds:
            hers = list(calls(function, prober.fixture.ids))
            nobody = prober.fixture.random_ids()
            nobodys = list(calls(function, nobody)) if about_somebody and not kind.sees else [None] * len(hers)
            for sql, other in zip(hers, nobodys):
                one(prober, kind, function, sql, other, nobody)
    return len(found)


def one(prober, kind, function, sql, other, nobody):
    fixture = prober.fixture
    outcome = prober.run(kind, sql)
    prober.internal(kind, sql, outcome)
    prober.unchanged(kind, sql, outcome, written_by(kind, function))
    if kind.sees:
        return
    # Arguments that come back are no news; what is not in them is.
    shown = fixture.shows(tuple(row for row in outcome.rows if not function[2]))
    if shown and not any(str(value) in sql for value in fixture.ids.values()):
        prober.foreign_rows += shown
        prober.complain(kind, sql, f"{shown} foreign rows seen")
    if other is None or function[2] or function[0] in GOES_BY_ID and kind.name == "owner of the tables":
        return
    same = prober.run(kind, other)
    tells = [said(result, ids, function[0] in MAKES_AN_ID) for result, ids in ((outcome, fixture.ids), (same, nobody))]
    if tells[0] != tells[1]:
        prober.complain(kind, sql, f"tells the difference: {tells[0][:2]} | {tells[1][:2]}")


# Of what they return the id is new each time.
MAKES_AN_ID = ("predict_async", "queue_batch")
# The owner may purge, which goes from person to person.
GOES_BY_ID = ("purge_persons",)


def said(outcome, ids, without_new_ids):
    """What the caller learns, with the ids it has given itself named alike, and without moments and durations."""
    text, rows = outcome.text, str(outcome.rows)
    for name, value in ids.items():
        text, rows = text.replace(str(value), name), rows.replace(str(value), name).replace(repr(value), name)
    if without_new_ids:
        rows = re.sub(r"UUID\('[-0-9a-f]{36}'\)", "new id", rows)
    return outcome.sqlstate, text, re.sub(r"datetime\([^)]*\)|\d+\.\d+", "", rows)


def written_by(kind, function):
    """What a function may change of Alice: with a forecast, the log; by whoever manages her, all but what is recorded;
    an import, what its caller may record by hand."""
    if function[0] in RECORDING:
        return kind.may_change & RECORDING[function[0]]
    if function[0] == "record_outcome":
        return {"recorded_outcome"} if kind.may_change else frozenset()
    if function[0] in WATCHING:
        return WATCHING[function[0]] if kind.name == "steward, manage" else frozenset()
    log = frozenset({"prediction"}) if kind.sees else frozenset()
    if "managed" in kind.may_change:
        return log | (frozenset(LIFE_OF_MODELS) | kind.may_change) - {"meal", "glucose_reading", "daily_metric", "source_preference"}
    return log


# What a steward's functions write down of persons, and nobody by hand.
WATCHING = {"note_performance": {"performance_log"}, "note_person_alerts": {"person_alert"}, "health_check": {"person_alert"},
            "acknowledge_alert": {"person_alert"}, "acknowledge_person_alert": {"person_alert"}}
RECORDING = {"import_readings": {"glucose_reading"}, "import_meals": {"meal"}, "import_daily": {"daily_metric"}}
LIFE_OF_MODELS = ("model_version", "model_metric", "deployment", "training_job", "retraining_log", "model_update", "experiment_model",
                  "population_member", "retraining_override")
