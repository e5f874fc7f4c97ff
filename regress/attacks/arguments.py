# SPDX-License-Identifier: PostgreSQL
"""Every function of the catalog with arguments at the ends of their types: neither an internal error nor a lost session, no
figure that is not finite, within time and memory. First one extreme argument at a time, then random ones together."""
import itertools
import random

from attack import LONG, Attack, Caller, connect

from probed_functions import argument, functions

FAR = ["'-infinity'", "'infinity'", "'4713-01-01 BC'", "'294276-12-31'", "'1900-01-01'", "'2199-12-31'", "'2000-02-29'"]
FLOATS = ["'NaN'", "'Infinity'", "'-Infinity'", "0", "'-0'", "-1", "1e-30", "-1e-30", "3e38", "-3e38"]
DOUBLES = FLOATS + ["1e-310", "1e308", "-1e308", "1.7976931348623157e308"]
TEXTS = ["''", "' '", "'%s%n%1$s'", "'''; DROP TABLE glucose.person; --'", "repeat('x', 100000)", "repeat('ä', 64)", "E'\\n\\t'",
         "'../../etc/passwd'", "'{}'", "'-1'", "'1e999'", "U&'\\202E'"]
DOCUMENTS = ["'null'", "'[]'", "'\"x\"'", "'1e300'", "'{\"\": null}'", "'[[[[[[[[[[1]]]]]]]]]]'",
             "(repeat('[', 6000) || repeat(']', 6000))::jsonb", "jsonb_build_object('carbs_g', '1e400'::numeric)",
             "jsonb_build_object('level', 1, 'carbs_g', -1)", "'{\"level\": 1e-300, \"days\": 1e300, \"limit\": -1}'",
             "(SELECT jsonb_object_agg(n, repeat('x', 100)) FROM generate_series(1, 20000) n)",
             "'{\"eaten_at\": \"infinity\", \"carbs_g\": 1e30}'", "'{\"start_at\": \"294276-01-01\", \"unit\": \"mmol/L\"}'",
             "'{\"at\": \"4713-01-01 BC\", \"seed\": 9223372036854775807, \"lang\": \"xx\"}'"]
ENDS = {"smallint": 15, "integer": 31, "bigint": 63}
EXTREME = {
    "text": TEXTS, "name": TEXTS[:4], "jsonb": DOCUMENTS, "json": DOCUMENTS[:6],
    "bytea": ["''", "'\\x00'", "decode(repeat('ff', 100000), 'hex')", "'\\x040000005047474d02000000ffffffff'"],
    "real": FLOATS, "double precision": DOUBLES, "numeric": ["'NaN'", "1e300", "-1e300"], "boolean": ["true", "false"],
    "timestamp with time zone": FAR, "date": ["'-infinity'", "'infinity'", "'4713-01-01 BC'", "'5874897-12-31'", "'1900-01-01'",
                                              "'2199-12-31'"],
    "interval": ["'0'", "'-1 day'", "'178000000 years'", "'-178000000 years'", "'1 microsecond'", "'25 hours'"],
    "uuid": ["'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'"],
    "uuid[]": ["'{}'", "'{NULL}'", "ARRAY[ARRAY[gen_random_uuid()]]", "(SELECT array_agg(gen_random_uuid()) FROM generate_series(1, 3000))"],
    "text[]": ["'{}'", "'{NULL}'", "'{{a,b},{c,d}}'", "'[5:6]={a,b}'", "array_fill('x'::text, '{20000}')"],
    "date[]": ["'{}'", "'{infinity}'"], "regclass": ["0", "'pg_class'"], "oid": ["0", "4294967295"],
    "timestamp with time zone[]": ["'{}'", "'{NULL}'", "'{infinity,-infinity}'", "'{{2026-01-01},{2026-01-02}}'",
                                   "'{294276-12-31,4713-01-01 BC}'", "array_fill('2026-01-01'::timestamptz, '{20000}')"],
}
for kind, bits in ENDS.items():
    EXTREME[kind] = ["0", "-1", str(2**bits - 1), f"'-{2**bits}'", "1000000" if bits > 15 else "1000"]
    EXTREME[f"{kind}[]"] = ["'{}'", "'{NULL}'", "'{{1},{2}}'", f"'{{{2**bits - 1},-{2**bits}}}'", "'[0:1]={0,0}'"]
for kind, values in (("real", FLOATS), ("double precision", DOUBLES)):
    EXTREME[f"{kind}[]"] = ["'{}'", "'{NULL}'", "'{{1,2},{3,4}}'", "'[0:1]={1,2}'", "'{NaN,NaN,NaN}'", "'{Infinity,1}'",
                            f"array_fill({values[-1]}::{kind}, '{{3}}')", f"array_fill('NaN'::{kind}, '{{28}}')",
                            f"array_fill({values[-1]}::{kind}, '{{28}}')", f"array_fill(100::{kind}, '{{1000000}}')"]
# Rows and arrays of our own types, which callers hand on from other functions.
EXTREME["timestamp without time zone"] = FAR
EXTREME["glucose.known_outcome[]"] = ["'{}'", "'{NULL}'"]
EXTREME["glucose.glucose_summary"] = []
# What these answer is their argument, written out; purge_some() says with -infinity that it has come to an end.
ECHOES = {"page_number", "page_percent", "page_error", "retraining_recipe", "event_definition", "rows_with_disclaimer", "purge_some"}




def ids_of(session, person="(SELECT person_id FROM glucose.person WHERE owner = 'alice')"):
    """What an argument of that name means: alice's, or the person's of an SQL expression."""
    row = session.execute(f"SELECT {person}, (SELECT meal_id FROM glucose.meal WHERE person_id = {person} AND eaten_at < now() ORDER BY "
                          f"eaten_at DESC OFFSET 3 LIMIT 1), (SELECT prediction_id FROM glucose.prediction WHERE person_id = {person} "
                          "LIMIT 1)").fetchone()
    return dict(zip(("person_id", "meal_id", "prediction_id"), row), meal_ids=row[1], other_meal_id=row[1], ids=row[1])


def statement(function, values):
    name, kind, _, names, types, _ = function
    given = [f'"{names[i]}" => {value}' if names and all(names[:len(values)]) else value for i, value in enumerate(values)]
    return f"CALL glucose.{name}({', '.join(given)})" if kind == "p" else f"SELECT r::text FROM glucose.{name}({', '.join(given)}) r"


def good(function, ids):
    _, _, _, names, types, _ = function
    return [argument(names[i] if i < len(names) else "", kind, ids) for i, kind in enumerate(types)]


def extremes(kind):
    return [f"(NULL)::{kind}"] + [f"({value})::{kind}" for value in EXTREME.get(kind, [])]


def singles(found, ids):
    """One extreme argument, the others as they should be."""
    for function in found:
        values = good(function, ids)
        if not values:
            yield function, values
        for i, kind in enumerate(function[4]):
            for extreme in extremes(kind):
                yield function, values[:i] + [extreme] + values[i + 1:]


def mixtures(found, ids, seed):
    """Random arguments, half of them extreme, without end."""
    dice = random.Random(seed)
    found = [function for function in found if len(function[4]) > 1]
    for function in itertools.cycle(found):
        values = good(function, ids)
        yield function, [dice.choice(extremes(kind)) if dice.random() < 0.5 else value for value, kind in zip(values, function[4])]


def main():
    with Attack("arguments") as attack:
        with connect("postgres") as session:
            found, ids = functions(session), ids_of(session)
        unknown = sorted({kind for f in found for kind in f[4]} - set(EXTREME))
        attack.check("every type of an argument has extremes", not unknown, unknown)
        roles = ("alice", "steward", "keeper") if LONG else ("alice",)
        callers = [Caller(attack, role) for role in roles]
        plan = [(caller, function, values) for caller in callers for function, values in singles(found, ids)]
        random.Random(1).shuffle(plan)
        if not LONG:
            plan = plan[:1500]
        more = mixtures(found, ids, 2)
        while len(plan) < (52000 if LONG else 1700):
            plan.append((callers[len(plan) % len(callers)], *next(more)))
        for n, (caller, function, values) in enumerate(plan):
            caller.call(statement(function, values), may_be_infinite=function[0] in ECHOES, kept=function[1] == "p")
            if n % 50 == 0:
                caller.weigh()
        for caller in callers:
            caller.weigh()
        attack.figures = f" of {len(found)} functions as {' '.join(roles)}"


if __name__ == "__main__":
    main()
