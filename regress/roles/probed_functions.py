# SPDX-License-Identifier: PostgreSQL
"""Every function and procedure, with arguments made from their types and names."""
import re

import decided
import decided_functions
from fixture import UUID, random_ids
from prober import TIMED_OUT

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
    "event": "'low_after_meal'",
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


def argument(name, kind, ids):
    if kind == "uuid":
        return f"'{ids.get(name, ids['person_id'])}'::uuid"
    if name == "meal_ids":
        return f"ARRAY['{ids['meal_id']}', '{ids['other_meal_id']}']::uuid[]"
    if kind == "uuid[]":
        return f"ARRAY['{ids.get(name, ids['person_id'])}']::uuid[]"
    if name == "confirm":
        return f"'{ids['person_id']}'"
    if name == "level" and kind == "double precision":
        return "0.9"
    if name == "mg_dl" and kind == "real[]":
        return "'{100,101}'::real[]"
    value = BY_NAME.get(name) if name in BY_NAME else BY_TYPE.get(kind, "NULL")
    return f"({value})::{kind}"


def calls(function, subject, ids=None):
    """The function with what it must be given, and with everything, about the subject or who else has these ids."""
    name, kind, _, names, types, required = function
    for n in sorted({required, len(types)}):
        given = []
        for i in range(n):
            label = names[i] if i < len(names) else ""
            value = argument(label, types[i], ids or subject.ids)
            given.append(f'"{label}" => {value}' if label and all(names[:n]) else value)
        yield (f"CALL glucose.{name}({', '.join(given)})" if kind == "p"
               else f"SELECT * FROM glucose.{name}({', '.join(given)})")


def probe(prober, kinds, mode, whole):
    """Every function about every person; returns how many there are and how many were answered. Unless `whole`, whoever
    sees the person gives all arguments alone, but for the owner, and asks in mode role alone."""
    found = functions(prober.session)
    complain_of_unlisted(prober.wrong, found)
    answered = set()
    for subject in prober.fixture.subjects.values():
        for function in found:
            if decided_functions.decision(function[0]) is None:
                continue
            for kind in kinds:
                if subject.name in kind.about and (whole or mode == "role" or not kind.sees(subject.name)):
                    answered |= cells(prober, kind, subject, function, whole)
        prober.finish()
    return len(found), len(answered)


def complain_of_unlisted(wrong, found):
    names = {name for name, *_ in found if not decided_functions.STEP.fullmatch(name)}
    decided.complain_of_objects(wrong, "function", decided_functions.CLASS_OF_FUNCTION, names)


def cells(prober, kind, subject, function, whole=True):
    """The calls of one function by one kind of role; the function, if one was answered."""
    nobody = random_ids(subject)
    hers, nobodys = list(calls(function, subject)), list(calls(function, subject, nobody))
    if kind.sees(subject.name) and kind.name != "owner" and not whole:
        hers = hers[-1:]
    about_somebody = any(kind in ("uuid", "uuid[]") for kind in function[4])
    must_not_know = about_somebody and not kind.sees(subject.name)
    return {function[0] for sql, other in zip(hers, nobodys)
            if one(prober, kind, subject, function, sql, other if must_not_know else None, nobody).sqlstate == "00000"}


def one(prober, kind, subject, function, sql, other, nobody):
    outcome = prober.run(kind, subject, sql)
    prober.internal(kind, subject, sql, outcome)
    prober.unchanged(kind, subject, sql, outcome, decided_functions.changes(function[0], kind, subject.name, prober.fixture.tables))
    if outcome.sqlstate == "00000" and not decided_functions.answers(function[0], kind, subject.name):
        prober.complain(kind, subject, sql, "answered")
    if kind.sees(subject.name):
        return outcome
    # Arguments that come back are no news; what is not in them is.
    if not function[2] and not any(str(value) in sql for value in subject.ids.values()):
        prober.hidden(kind, subject, sql, subject.shows(outcome.rows()))
    if other is None or function[2] or function[0] in GOES_BY_ID and kind.name == "owner of the tables":
        return outcome
    same = prober.run(kind, subject, other, look=False)
    if TIMED_OUT in (outcome.sqlstate, same.sqlstate) and outcome.sqlstate != same.sqlstate:
        outcome, same = (prober.run(kind, subject, again, look=False, timeout="20s") for again in (sql, other))
    tells = [said(result, ids, function[0] in MAKES_AN_ID) for result, ids in ((outcome, subject.ids), (same, nobody))]
    prober.alike(kind, subject, sql, *tells)
    return outcome


# Of what they return the id is new each time.
MAKES_AN_ID = ("predict_async", "queue_batch")
# The owner of the tables may purge, which goes from person to person.
GOES_BY_ID = ("purge_persons",)


def said(outcome, ids, without_new_ids):
    """What the caller learns, with the ids it has given itself named alike, and without moments and durations."""
    text, rows = outcome.text, str(outcome.rows())
    for name, value in ids.items():
        text, rows = text.replace(str(value), name), rows.replace(str(value), name)
    if without_new_ids:
        rows = UUID.sub("new id", rows)
    return outcome.sqlstate, text, re.sub(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d)?|\d+\.\d+", "", rows)
