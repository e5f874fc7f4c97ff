# SPDX-License-Identifier: PostgreSQL
"""Rows that are accepted and meant to hurt, in every table that somebody may write, against every function and every batch: no
internal error, no figure that is not finite, within time and memory, and what batches do for others stands."""
import random

from attack import LONG, MOST_MB, Attack, Caller, connect

from arguments import EXTREME, ids_of
from probed_functions import calls, functions

SIZE = 1_000_000 if LONG else 10_000
MANY = SIZE // 10
# A row of each table that its writer may enter, {p} the person and {n} a number that is new each time. A table that is not
# here fails: whoever adds one says how a row of it looks.
ROWS = {
    "person": {"person_id": "glucose.key('more {n}')"},
    "person_access": {"person_id": "{p}", "identity": "'somebody {n}'"},
    "person_time_zone": {"person_id": "{p}", "since": "now() - interval '{n} days'", "time_zone": "'UTC'"},
    "meal": {"person_id": "{p}", "eaten_at": "now() - interval '{n} hours 7 min'", "meal_type": "'snack'", "carbs_g": "30"},
    "glucose_reading": {"person_id": "{p}", "measured_at": "now() - interval '{n} min 7 s'", "mg_dl": "100"},
    "daily_metric": {"person_id": "{p}", "day": "current_date - {n}", "metric": "'STEPS'", "value": "5000", "source": "'watch'"},
    "source_preference": {"person_id": "{p}", "metric": "(ARRAY(SELECT name FROM glucose.metric ORDER BY name))[1 + {n} % 20]",
                          "sources": "'{{watch}}'"},
    "prediction_feedback": {"person_id": "{p}", "prediction_id": "(SELECT prediction_id FROM glucose.prediction WHERE "
                            "person_id = {p} ORDER BY prediction_id OFFSET {n} % 4 LIMIT 1)", "kind": "'useful'"},
    "retraining_override": {"person_id": "{p}", "model_type": "(ARRAY['glucose','cgm','daily:STEPS','event:x'])[1 + {n} % 4]"},
    "retraining_policy": {"model_type": "'type {n}'", "min_new_rows": "1", "max_age_days": "1", "max_live_mae": "1",
                          "min_improvement": "0"},
    "metric": {"name": "'METRIC_{n}'", "unit": "'points'"},
    "event": {"name": "'event_{n}'", "horizon": "'1 day'", "look_back": "'7 days'",
              "rule": "'{{\"at\": \"evening\", \"yes_if\": {{\"metric\": \"STEPS\", \"below\": 100}}}}'", "description": "'{{}}'"},
    "experiment": {"name": "'trial {n}'", "model_type": "'cgm'", "kind": "'shadow'", "candidate": "'{{\"algorithm\": \"mean\"}}'",
                   "percent": "50", "state": "'stopped'", "stopped_at": "now()"},
    "system_alert": {"kind": "'setting'", "subject": "'a{n}'", "severity": "'info'", "message": "'m'"},
    "health_sample": {"name": "'bytes'", "sampled_at": "now() - interval '{n} hours'", "value": "1"},
}
ENTER = "INSERT INTO glucose.{table} ({columns}) VALUES ({values})"
# Many rows, or rows of a shape that no single value has. {s} a million, {m} a tenth of it.
SHAPES = {
    "a million readings in a minute": "INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl) SELECT {p}, "
    "date_trunc('hour', now()) - interval '2 days' + i * interval '59 us', 100 + i % 50 FROM generate_series(1, {s}) i",
    "one reading a century apart": "INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl) VALUES "
    "({p}, '1900-01-01 00:00+00', 100), ({p}, '2000-01-01 00:00+00', 100), ({p}, '2100-01-01 00:00+00', 100), ({p}, '2199-12-31', 600)",
    "a meal a century apart": "INSERT INTO glucose.meal (person_id, eaten_at, meal_type, carbs_g) VALUES "
    "({p}, '1900-01-01 00:00+00', 'snack', 500), ({p}, '2000-01-01', 'snack', 0), ({p}, '2100-01-01', 'snack', 1e-38), "
    "({p}, '2199-12-31', 'snack', 1)",
    "many meals in a minute": "INSERT INTO glucose.meal (person_id, eaten_at, meal_type, carbs_g) SELECT {p}, date_trunc('hour', "
    "now()) - interval '1 day' + i * interval '59 us', 'snack', i % 500 FROM generate_series(1, {m} / 5) i",
    "readings from end to end": "INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl) SELECT {p}, now() - i * "
    "interval '1 min 3 s', CASE i % 2 WHEN 0 THEN 20 ELSE 600 END FROM generate_series(1, {m}) i ON CONFLICT DO NOTHING",
    "readings all alike": "INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl) SELECT {p}, now() - i * "
    "interval '5 min 3 s', 100 FROM generate_series(1, {m}) i ON CONFLICT DO NOTHING",
    "every day of three centuries": "INSERT INTO glucose.daily_metric (person_id, day, metric, value, source) SELECT {p}, "
    "'1900-01-01'::date + i, 'STEPS', i % 20000, 'watch' FROM generate_series(0, least({m}, 109570)) i",
    "many sources of a day": "INSERT INTO glucose.daily_metric (person_id, day, metric, value, source) SELECT {p}, "
    "current_date - i % 3, 'STEPS', i % 20000, 'source ' || i FROM generate_series(1, {m} / 2) i",
    "many time zones": "INSERT INTO glucose.person_time_zone (person_id, since, time_zone) SELECT {p}, now() - i * interval "
    "'1 hour', (ARRAY['UTC','Asia/Kathmandu','Pacific/Apia','America/St_Johns'])[1 + i % 4] FROM generate_series(1, {m} / 2) i",
    "shared with many": "INSERT INTO glucose.person_access (person_id, identity) SELECT {p}, 'identity ' || i FROM "
    "generate_series(1, {m}) i",
    "a preference of many": "INSERT INTO glucose.source_preference (person_id, metric, sources) SELECT {p}, 'STEPS', "
    "array_agg('source ' || i) FROM generate_series(1, {m}) i",
    "a large document": "INSERT INTO glucose.retraining_override (person_id, model_type, algorithm, options) SELECT {p}, 'glucose', "
    "repeat('x', 100000), jsonb_object_agg('k' || i, repeat('y', 50)) FROM generate_series(1, {m}) i",
}
# What tables of an application's own, behind views, may hold: no CHECK of ours is there.
OUTSIDE = {
    "readings of no number": "INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl) SELECT {p}, now() - i * interval "
    "'7 min 1 s', (ARRAY['NaN','Infinity','-Infinity','3e38','-3e38','1e-40','0','-1'])[1 + i % 8]::real FROM generate_series(1, 800) i",
    "readings of all times": "INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl) SELECT {p}, t, 100 FROM unnest("
    "'{{4713-01-01 BC,0001-01-01,1582-10-10,294276-12-31,infinity,-infinity}}'::timestamptz[]) t",
    "meals of no number": "INSERT INTO glucose.meal (person_id, eaten_at, meal_type, calories, carbs_g, protein_g, fat_g, fiber_g) "
    "SELECT {p}, now() - i * interval '3 h 1 min', 'snack', v, v, v, v, v FROM generate_series(1, 80) i, LATERAL (SELECT "
    "(ARRAY['NaN','Infinity','-Infinity','3e38','-3e38','1e-40','-0','-1'])[1 + i % 8]::real) x (v)",
    "meals of all times": "INSERT INTO glucose.meal (person_id, eaten_at, meal_type, carbs_g) SELECT {p}, t, 'supper', 30 FROM "
    "unnest('{{4713-01-01 BC,0001-01-01,294276-12-31,infinity,-infinity}}'::timestamptz[]) t",
}


def person_of(what):
    return f"glucose.key('poisoned {what}')"


def whose(what, n, persons):
    """In the long form each poison has a person of its own; in the short one some share one."""
    return what if LONG else f"{persons} {n % 2}"


def make_person(session, what):
    """A person of alice's with a life and models, whom manager sees, too, and who shares her data."""
    person = person_of(what)
    session.execute(f"INSERT INTO glucose.person (person_id, diabetes_type, shares_data) VALUES ({person}, 't2d', true)")
    session.execute(f"SELECT world.live({person}, {len(what)}, 12)")
    session.execute(f"INSERT INTO glucose.person_access (person_id, identity, level) VALUES ({person}, 'manager', 'manage')")
    session.execute(f"INSERT INTO glucose.daily_metric (person_id, day, metric, value, source) SELECT {person}, current_date - n, "
                    "'STEPS', 3000 + n * 37 % 9001, 'phone' FROM generate_series(1, 60) n")
    for model_type, algorithm in (("glucose", "ridge"), ("cgm", "linear"), ("daily:STEPS", "mean")):
        session.execute(f"SELECT glucose.train_model({person}, '{model_type}', '{algorithm}', '{{\"deploy\": true}}')")
    session.execute(f"SELECT glucose.predict_glucose(meal_id) FROM glucose.meal WHERE person_id = {person} ORDER BY eaten_at "
                    "DESC OFFSET 1 LIMIT 4")


def tables_written(session, role):
    return {name for name, in session.execute(
        "SELECT relname FROM pg_class c WHERE relnamespace = 'glucose'::regnamespace AND relkind IN ('r', 'p') "
        "AND has_table_privilege(%s, c.oid, 'INSERT, UPDATE')", [role]).fetchall()}


def columns(session, table):
    return session.execute("SELECT attname, format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = %s::regclass "
                           "AND attnum > 0 AND NOT attisdropped ORDER BY attnum", [f"glucose.{table}"]).fetchall()


def enter(attack, session, table, person):
    """A row for each extreme of each column: those that are accepted stay. How many."""
    accepted, n = 0, 0
    for column, kind in columns(session, table):
        if column == "person_id":
            continue
        for extreme in EXTREME.get(kind, []):
            n += 1
            row = {**ROWS[table], column: f"({extreme})::{kind}".replace("{", "{{").replace("}", "}}")}
            sql = ENTER.format(table=table, columns=", ".join(row), values=", ".join(row.values())).format(p=person, n=n)
            state = attempt(attack, session, sql)
            accepted += state == "00000"
    return accepted


def attempt(attack, session, sql):
    try:
        session.execute(sql)
        return "00000"
    except Exception as error:
        state = getattr(error, "sqlstate", None) or "08006"
        if state[:2] in ("XX", "08"):
            attack.complain(f"{state} {error}", sql)
        return state


def poison(attack, superuser):
    """Makes the persons and puts in what is accepted; their names."""
    alice, steward, made = connect("alice"), connect("steward"), []
    entered, decided = tables_written(superuser, "alice"), tables_written(superuser, "steward")
    attack.check("every table that somebody may write has a row here", entered | decided <= set(ROWS), entered | decided - set(ROWS))
    def victim(what):
        if what not in made:
            make_person(alice, what)
            made.append(what)
        return person_of(what)

    for n, table in enumerate(sorted(entered)):
        person = victim(whose(table, n, "tables"))
        attack.check(f"{table} takes some extreme rows", enter(attack, alice, table, person) > 0)
    for table in sorted(decided - entered):
        attack.check(f"{table} takes some extreme rows", enter(attack, steward, table, "NULL") > 0)
    for n, (what, sql) in enumerate(SHAPES.items()):
        state = attempt(attack, alice, sql.format(p=victim(whose(what, n, "shapes")), s=SIZE, m=MANY))
        attack.check(f"{what} are accepted", state == "00000", state)
    superuser.execute("DO $$ DECLARE c record; BEGIN FOR c IN SELECT conrelid::regclass AS t, conname FROM pg_constraint WHERE "
                      "contype = 'c' AND conrelid = ANY ('{glucose.meal,glucose.glucose_reading}'::regclass[]) "
                      "LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.t, c.conname); END LOOP; END $$; "
                      "SET session_replication_role = replica")
    for n, (what, sql) in enumerate(OUTSIDE.items()):
        state = attempt(attack, superuser, sql.format(p=victim(whose(what, n, "outside"))))
        attack.check(f"{what} are there", state == "00000", state)
    superuser.execute("RESET session_replication_role; ANALYZE")
    return made


def against_functions(attack, superuser, made):
    """Every function about each of them, as their owner, and some as a steward."""
    found, dice = functions(superuser), random.Random(3)
    for what in made:
        plan = list(each_call(found, ids_of(superuser, person_of(what))))
        for role, some in (("alice", plan), ("steward", plan[::4])) if LONG else (("alice", dice.sample(plan, 90)),):
            caller = Caller(attack, role)
            for name, sql in some:
                caller.call(sql, f"with {what}", may_be_infinite=name in MAY_BE_INFINITE)
            caller.weigh(f"with {what}")
            caller.session.close()
        if LONG:
            print(f"        {what}: {attack.n} calls so far, longest {attack.slowest:.1f} s, {attack.most_kb // 1024} MB", flush=True)


def each_call(found, ids):
    for function in found:
        if function[1] == "f" and function[0] not in OVER_ALL:
            for sql in calls(function, None, ids):
                yield function[0], sql.replace("SELECT * FROM", "SELECT r::text FROM") + " r"


# Rules may have no limit; what they say is what was entered.
MAY_BE_INFINITE = {"retraining_rules"}
# Goes over everybody; it is one of the batches.
OVER_ALL = {"train_models"}


def main():
    from batches import against_batches, before_it
    with Attack("poison") as attack, connect("postgres") as superuser:
        before = before_it(attack, superuser)
        made = poison(attack, superuser)
        against_functions(attack, superuser, made)
        n = attack.n
        against_batches(attack, superuser, made, before)
        attack.figures = (f" ({len(made)} poisoned persons, {len(functions(superuser))} functions, {attack.n - n} batches and what "
                          f"they owe others; at most {MOST_MB} MB)")


if __name__ == "__main__":
    main()
