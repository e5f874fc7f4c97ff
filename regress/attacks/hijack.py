# SPDX-License-Identifier: PostgreSQL
"""Objects of others with the names of ours and of the server's, in every schema of a search_path: none of them is ever run, whoever
calls."""
import psycopg

from attack import LONG, Attack, Caller, connect

from arguments import ids_of
from probed_functions import argument, functions

# Each writes down that it was run, and answers NULL. A sequence: it keeps its value through a rollback.
RAN = "nextval('world.ran')"
TYPES = ("uuid", "timestamptz", "float8", "float4", "int4", "int8", "text", "bool", "jsonb", "interval", "date", "numeric")
OPERATORS = ("=", "<>", "<", ">", "<=", ">=", "+", "-", "*", "/", "||", "->", "->>", "@>", "?", "~", "~~")
NAMES = ("coalesce", "now", "lower", "length", "array_agg", "count", "sum", "avg", "max", "min", "round", "abs", "format", "to_jsonb",
         "jsonb_build_object", "jsonb_typeof", "date_trunc", "extract", "unnest", "generate_series", "to_regclass", "pg_has_role",
         "current_setting", "set_config", "gen_random_uuid", "sha256", "encode", "decode", "quote_ident", "isfinite", "greatest",
         "date_part", "jsonb_object_keys", "jsonb_array_elements", "array_length", "cardinality", "clock_timestamp", "pg_sleep")


def plant(session, schema, of_ours):
    """Functions, operators, casts, types, tables and views in a schema; how many. What the server refuses is left out."""
    planted = 0
    statements = []
    for n, kind in enumerate(TYPES):
        statements.append(f"CREATE FUNCTION {schema}.evil_{kind}({kind}, {kind}) RETURNS boolean LANGUAGE plpgsql AS "
                          f"$$ BEGIN PERFORM {RAN}; RETURN NULL; END $$")
        statements += [f"CREATE OPERATOR {schema}.{name} (LEFTARG = {kind}, RIGHTARG = {kind}, FUNCTION = {schema}.evil_{kind})"
                       for name in OPERATORS]
        other = TYPES[(n + 1) % len(TYPES)]
        statements.append(f"CREATE OPERATOR {schema}.{OPERATORS[n % 6]} (LEFTARG = {kind}, RIGHTARG = {other}, FUNCTION = "
                          f"{schema}.evil_{kind}_{other})")
        statements.insert(-1, f"CREATE FUNCTION {schema}.evil_{kind}_{other}({kind}, {other}) RETURNS boolean LANGUAGE plpgsql AS "
                              f"$$ BEGIN PERFORM {RAN}; RETURN NULL; END $$")
    for name in NAMES:
        for arguments in ("text", "uuid", "float8", "timestamptz", "jsonb", "text, text", "text, VARIADIC anyarray", "anyelement", ""):
            statements.append(f'CREATE FUNCTION {schema}."{name}"({arguments}) RETURNS text LANGUAGE plpgsql AS '
                              f"$$ BEGIN PERFORM {RAN}; RETURN NULL; END $$")
    for name, arguments in of_ours:
        statements.append(f"CREATE FUNCTION {schema}.{name}({arguments}) RETURNS text LANGUAGE plpgsql AS "
                          f"$$ BEGIN PERFORM {RAN}; RETURN NULL; END $$")
    for relation in ("person", "meal", "glucose_reading", "model_version", "prediction", "pg_class", "pg_roles", "pg_proc", "pg_policy",
                     "pg_timezone_names"):
        statements.append(f"CREATE VIEW {schema}.{relation} AS SELECT {RAN} AS ran, NULL::uuid AS person_id, NULL::oid AS oid, "
                          "NULL::name AS relname, NULL::name AS rolname, NULL::name AS name")
    statements += [f"CREATE DOMAIN {schema}.{kind} AS pg_catalog.{kind} CHECK ({RAN} > 0)" for kind in TYPES]
    for statement in statements:
        try:
            session.execute(statement)
            planted += 1
        except psycopg.Error:
            pass
    return planted


def ours(session):
    return session.execute("SELECT proname, pg_get_function_identity_arguments(oid) FROM pg_proc WHERE pronamespace = "
                           "'glucose'::regnamespace AND prokind = 'f' AND 'internal'::regtype <> ALL (proargtypes::oid[]) "
                           "AND prorettype <> 'trigger'::regtype ORDER BY 1").fetchall()


def ran(superuser):
    return superuser.execute("SELECT last_value, is_called FROM world.ran").fetchone()[1]


def plain_calls(superuser, ids):
    """Every function with literals for arguments, so that the call itself names nothing but the function."""
    plan = []
    for name, kind, _, names, types, required in functions(superuser):
        if kind != "f":
            continue
        for n in sorted({required, len(types)}):
            given = []
            for i in range(n):
                label = names[i] if i < len(names) else ""
                value = argument(label, types[i], ids)
                text, = superuser.execute(f"SELECT quote_nullable(({value})::text)").fetchone()
                given.append(f'"{label}" => {text}' if label and all(names[:n]) else text)
            plan.append((name, f"SELECT glucose.{name}({', '.join(given)})"))
    return plan


def call_all(attack, superuser, caller, role, path, plan):
    """Every function, its names resolved along `path`; the first that runs something planted is told."""
    was = ran(superuser)
    for name, sql in plan:
        caller.call(f"SET LOCAL search_path = {path}; {sql}")
        if ran(superuser):
            was = True
            attack.complain(f"something planted was run by {name}()", f"as {role} with search_path {path}: {sql}")
            superuser.execute("SELECT setval('world.ran', 1, false)")
    attack.check(f"nothing planted is run as {role} with search_path {path}", not was)
    superuser.execute("SELECT setval('world.ran', 1, false)")


def is_caught(attack, superuser, caller):
    """The trap is tried: a statement that does resolve its names along the path runs what is planted."""
    caller.session.execute("SET search_path = mine, pg_catalog; SELECT lower('A'::text)")
    caller.session.execute("RESET search_path")
    attack.check("a call of something planted is seen", ran(superuser))
    superuser.execute("SELECT setval('world.ran', 1, false)")


def train_again(ids):
    """A training of alice's that has older patches to take away: what decides which runs as the owner of the tables."""
    train = f"SELECT glucose.train_model('{ids['person_id']}', 'cgm'"
    with connect("alice") as owner:
        for _ in range(3):
            owner.execute(f"""{train}, options => '{{"deploy": true}}')""")
        assert owner.execute(f"SELECT glucose.way_back('{ids['person_id']}', 'cgm')").fetchone()[0] is not None
    return ("train_model", f"{train})")


def main():
    with Attack("hijack") as attack, connect("postgres") as superuser:
        superuser.execute("CREATE SEQUENCE world.ran; GRANT ALL ON SEQUENCE world.ran TO PUBLIC; CREATE SCHEMA mine; "
                          "GRANT ALL ON SCHEMA mine, public TO PUBLIC")
        superuser.execute("SET search_path = pg_catalog")
        of_ours, ids = ours(superuser), ids_of(superuser)
        plan = plain_calls(superuser, ids) if LONG else plain_calls(superuser, ids)[::3]
        plan.append(train_again(ids))
        with connect("bob") as attacker:
            planted = plant(attacker, "mine", of_ours) + plant(attacker, "public", of_ours)
        superuser.execute("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA mine, public TO PUBLIC; "
                          "GRANT SELECT ON ALL TABLES IN SCHEMA mine, public TO PUBLIC")
        for role in ("alice", "steward", "keeper", "postgres") if LONG else ("alice", "steward"):
            caller = Caller(attack, role)
            caller.ids = ids
            if role == "alice":
                is_caught(attack, superuser, caller)
            # In its own session, as a DBA's psqlrc or an application would leave them.
            planted += plant(caller.session, "pg_temp", of_ours)
            for path in ("mine, public, pg_catalog, glucose", "pg_temp, mine, pg_catalog") if LONG else ("pg_temp, mine, public, pg_catalog, glucose",):
                call_all(attack, superuser, caller, role, path, plan)
            caller.session.close()
        attack.check("there is something to run", planted > 1000, planted)
        attack.figures = f" ({planted} objects planted; {len(plan)} calls each)"


if __name__ == "__main__":
    main()
