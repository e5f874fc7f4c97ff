# SPDX-License-Identifier: PostgreSQL
"""One session, two identities: what one has prepared, opened or left behind, and what the next one gets of it.

In every table and view of persons, with Alice before Bob: only a cursor that she has opened is hers still, for the
server keeps it with what it has been opened with; docs/security.md says so.
"""
import collections

# What is sent before a look as the second one; {t} is the table, {A} and {B} are the switches of identity.
KEPT = {
    "prepared": "{A}; PREPARE look AS SELECT * FROM {t}; EXECUTE look; {B}; EXECUTE look",
    "prepared, one plan for all": "SET LOCAL plan_cache_mode = force_generic_plan; "
                                  "{A}; PREPARE look AS SELECT * FROM {t}; EXECUTE look; {B}; EXECUTE look",
    "prepared for her id": "SET LOCAL plan_cache_mode = force_generic_plan; {A}; PREPARE look (uuid) AS "
                           "SELECT * FROM {t} WHERE person_id = $1; EXECUTE look ('{a}'); {B}; EXECUTE look ('{a}')",
    "a function's plan": "CREATE FUNCTION world.look() RETURNS SETOF {t} LANGUAGE plpgsql AS "
                         "'BEGIN RETURN QUERY SELECT * FROM {t}; END'; "
                         "{A}; SELECT * FROM world.look(); {B}; SELECT * FROM world.look()",
    "savepoint rolled back": "{B}; SAVEPOINT s; {A}; SELECT * FROM {t}; ROLLBACK TO s; SELECT * FROM {t}",
    "savepoint of nobody rolled back": "{nobody}; SAVEPOINT s; {A}; SELECT * FROM {t}; ROLLBACK TO s; SELECT * FROM {t}",
    "an error in between": "{B}; SAVEPOINT s; {A}; SAVEPOINT t; SELECT * FROM {t}; ROLLBACK TO s; RELEASE s; SELECT * FROM {t}",
}
WRITTEN = {
    "UPDATE prepared": "{A}; PREPARE change AS UPDATE {t} SET {set} WHERE person_id = '{a}'; {B}; EXECUTE change",
    "DELETE prepared": "{A}; PREPARE change AS DELETE FROM {t} WHERE person_id = '{a}'; {B}; EXECUTE change",
    "UPDATE of a cursor's row": "{A}; DECLARE c CURSOR FOR SELECT * FROM {t}; FETCH c; {B}; "
                                "UPDATE {t} SET {set} WHERE CURRENT OF c",
    "DELETE of a cursor's row": "{A}; DECLARE c CURSOR FOR SELECT * FROM {t}; FETCH c; {B}; DELETE FROM {t} WHERE CURRENT OF c",
}
CURSORS = {
    "opened": "{A}; DECLARE c CURSOR FOR SELECT * FROM {t}; {B}; FETCH ALL FROM c",
    "opened, and read from": "{A}; DECLARE c CURSOR FOR SELECT * FROM {t}; FETCH c; {B}; FETCH ALL FROM c",
    "held over a commit": "{A}; DECLARE c CURSOR WITH HOLD FOR SELECT * FROM {t}; COMMIT; BEGIN; {B}; FETCH ALL FROM c",
}


def switches(mode, kinds):
    """The statements by which a session becomes each of them."""
    def becomes(name):
        kind, = (kind for kind in kinds if kind.name == name)
        return "; ".join([*kind.before_role(), f"SET LOCAL ROLE {kind.role}", *kind.after_role()])
    nobody = "SET LOCAL request.jwt.claims = ''; SET LOCAL ROLE web" if mode == "claims" else becomes("no identity")
    return {"A": becomes("owner"), "B": becomes("owner of another person"), "nobody": nobody}


def probe(prober, mode, kinds):
    """All of it; returns in how many tables a cursor of hers showed her rows to the next one, by how it was opened."""
    of_cursors = collections.Counter({what: 0 for what in CURSORS})
    alice = prober.fixture.subjects["alice"]
    for table in sorted(prober.fixture.keyed):
        columns = [name for name, in prober.session.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 ORDER BY attnum",
            [f"glucose.{table}"])]
        prober.finish()
        words = {"t": f"glucose.{table}", "a": alice.person, "set": f"{columns[-1]} = {columns[-1]}", **switches(mode, kinds)}
        his = prober.together("{B}; SELECT * FROM {t}".format(**words))
        for what, sql in KEPT.items():
            last = prober.together(sql.format(**words))
            rows = 0 if what.endswith("nobody rolled back") or "her id" in what else his.n_rows
            shown = alice.shows(last.rows())
            if shown or last.told() != his.told() or last.n_rows != rows:
                prober.foreign_rows += shown
                complain(prober, what, table, last)
        for what, sql in WRITTEN.items():
            last = prober.together(sql.format(**words), alice)
            if last.touched or last.changed or last.sqlstate[:2] == "XX":
                prober.foreign_changes += 1
                complain(prober, what, table, last)
        for what, sql in CURSORS.items():
            of_cursors[what] += alice.shows(prober.together(sql.format(**words)).rows()) > 0
            prober.send("ROLLBACK; CLOSE ALL")
    prober.finish()
    return of_cursors


def complain(prober, what, table, last):
    prober.wrong[f"{what}, {table}: {last.sqlstate} {last.text}, {last.n_rows} rows, {last.touched} written"] = ["Bob after Alice"]
