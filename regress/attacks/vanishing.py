# SPDX-License-Identifier: PostgreSQL
"""Triggers that return no row and rules that do nothing, put on each table by its owner: what writes says so or does without, and
neither crashes nor tells of what is not there."""
import random
import re

from attack import LONG, Attack, Caller, connect

from arguments import ids_of
from probed_functions import calls, functions

HOLES = ("CREATE TRIGGER aaa BEFORE INSERT OR UPDATE OR DELETE ON glucose.{t} FOR EACH ROW EXECUTE FUNCTION world.nothing()",
         "CREATE RULE aaa AS ON INSERT TO glucose.{t} DO INSTEAD NOTHING",
         "CREATE RULE aaa AS ON UPDATE TO glucose.{t} DO INSTEAD NOTHING",
         "CREATE RULE aaa AS ON DELETE TO glucose.{t} DO INSTEAD NOTHING")
# What a foreign key of the server's says where a rule has kept its rows from going.
OF_THE_SERVER = re.compile("referential integrity query on .* gave unexpected result")


def volatile(session):
    return {name for name, in session.execute("SELECT proname FROM pg_proc WHERE pronamespace = 'glucose'::regnamespace "
                                              "AND provolatile = 'v' AND coalesce(obj_description(oid), '') NOT LIKE 'Internal:%'")}


def versions_are_there(attack, caller, hole, person):
    """A version that train_model() or import_model() says it has made is there, or it has failed."""
    for sql in (f"SELECT version FROM glucose.train_model('{person}', 'glucose', 'mean')",
                f"SELECT glucose.import_model('{person}', glucose.export_model('{person}', 'glucose'))"):
        caller.session.execute("BEGIN")
        try:
            version, = caller.session.execute(sql).fetchone()
            there, = caller.session.execute("SELECT count(*) FROM glucose.model_version WHERE person_id = %s AND version = %s "
                                            "AND model_type = 'glucose'", [person, version]).fetchone()
            attack.check("what is said to be made is there", there == 1, f"{hole}: {sql}: {version}")
        except Exception as error:
            state = getattr(error, "sqlstate", None) or "08006"
            attack.check("who cannot write says so", state[:2] not in ("XX", "08"), f"{hole}: {sql}: {state} {error}")
        caller.session.execute("ROLLBACK")


def main():
    with Attack("vanishing") as attack, connect("postgres") as superuser:
        superuser.execute("CREATE FUNCTION world.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
        tables = [name for name, in superuser.execute("SELECT relname FROM pg_class WHERE relnamespace = 'glucose'::regnamespace "
                                                      "AND relkind = 'r' ORDER BY 1").fetchall()]
        ids, writing, dice = ids_of(superuser), volatile(superuser), random.Random(4)
        plan = [list(calls(function, None, ids))[-1] for function in functions(superuser) if function[1] == "f" and function[0] in writing]
        callers = [Caller(attack, role, excused=OF_THE_SERVER.match) for role in (("alice", "steward") if LONG else ("alice",))]
        holes = [hole.format(t=table) for table in tables for hole in HOLES]
        if not LONG:
            holes = dice.sample(holes, 12)
        for hole in holes:
            superuser.execute(hole)
            for caller in callers:
                for sql in plan if LONG else dice.sample(plan, 15):
                    caller.call(sql, f"with {hole}")
                caller.weigh()
            versions_are_there(attack, callers[0], hole, ids["person_id"])
            superuser.execute(f"DROP {hole.split()[1]} aaa ON glucose.{hole.split('glucose.')[1].split()[0]}")
        attack.figures = f" ({len(holes)} triggers and rules of {len(tables)} tables)"


if __name__ == "__main__":
    main()
