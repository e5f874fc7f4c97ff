# SPDX-License-Identifier: PostgreSQL
"""Identity probes: every table and view of the schema x every verb, and every function, x every kind of role.

All of it is made from the catalog, so that what is added is probed by itself; what is expected is a rule:
- a role that may not see Alice sees none of her rows and ids, changes none, and is told the same about her as about a
  person who is not there (SQLSTATE, message, hint, result);
- a role that may see her sees all of them, and changes only what its level says (MAY_CHANGE);
- no probe ends in an internal error.
Each probe is a transaction that is undone, run as SET LOCAL ROLE; what it has changed is asked before that.
"""
import collections
import dataclasses

import psycopg

import probed_functions
import probed_tables
from fixture import Fixture
from trial import Trial, connect

# Syntax, types and names that do not fit: a probe that says nothing.
MALFORMED = ("42601", "42883", "42804", "42846", "42703", "42702", "42P02", "42P10", "22P02")
RECORDED = {"meal", "glucose_reading", "daily_metric"}
BY_HAND = {"retraining_override"}
# What whoever manages a person decides for it, and no steward.
DECIDED = {"source_preference"}
# What the server writes by itself for those who may write these.
FOLLOWS = {"serving_mark": {"meal", "glucose_reading", "prediction"}}


@dataclasses.dataclass
class Kind:
    """A kind of role: who it is, whether it may see Alice, and the tables in which it may change rows of hers."""
    name: str
    role: str
    sees: bool = False
    may_change: frozenset = frozenset()
    session: str = ""


KINDS = [
    Kind("no grants", "stranger"),
    Kind("app without persons", "newcomer"),
    Kind("owner of another person", "bob"),
    Kind("view", "viewer", True),
    Kind("record", "recorder", True, frozenset(RECORDED)),
    Kind("manage", "manager", True, frozenset(RECORDED | BY_HAND | DECIDED | {"managed"})),
    Kind("analyst, nothing shared", "reader"),
    Kind("analyst, shared", "analyst", True),
    Kind("steward, read", "auditor", True),
    Kind("steward, manage", "second", True, frozenset(BY_HAND | {"managed"})),
    Kind("owner of the tables", "keeper"),
    Kind("claims without identity", "web", session="SET LOCAL glucose.identity = 'claims'"),
    Kind("claims of a stranger", "web", session="SET LOCAL glucose.identity = 'claims'; "
                                                "SET LOCAL request.jwt.claims = '{\"sub\": \"zoe\"}'"),
    Kind("token mode, claims of the owner, nobody logged in", "web",
         session="SET LOCAL glucose.identity = 'token'; SET LOCAL request.jwt.claims = '{\"sub\": \"alice\"}'"),
]


@dataclasses.dataclass
class Outcome:
    """What a probe led to: an SQLSTATE with its text, or rows, how many it touched, and what of Alice it changed."""
    sqlstate: str
    text: str = ""
    rows: tuple = ()
    touched: int = 0
    changed: frozenset = frozenset()


class Prober:
    def __init__(self, session, fixture):
        self.session, self.fixture = session, fixture
        self.n, self.foreign_rows, self.foreign_changes, self.wrong = 0, 0, 0, {}
        self.states = collections.Counter()

    def run(self, kind, sql, before=()):
        """One probe; `before`: statements of a superuser in the same transaction."""
        outcome = self.undone(kind, sql, before)
        self.n += 1
        self.states[outcome.sqlstate] += 1
        return outcome

    def undone(self, kind, sql, before):
        try:
            self.session.execute("; ".join(["BEGIN", *before, "SET LOCAL statement_timeout = '400ms'",
                                            kind.session or "SELECT", f"SET LOCAL ROLE {kind.role}"]))
            rows, touched = self.answer(sql)
            self.session.execute("RESET ROLE; SET LOCAL statement_timeout = 0")
            return Outcome("00000", rows=rows, touched=touched, changed=self.fixture.changed(self.session))
        except psycopg.Error as error:
            hint = error.diag.message_hint or "" if error.diag else ""
            return Outcome(error.sqlstate or "08006", f"{error.diag.message_primary} {hint}".strip())
        finally:
            self.session.execute("ROLLBACK; DEALLOCATE ALL" if "EXECUTE" in sql else "ROLLBACK")

    def answer(self, sql):
        if sql.startswith("COPY") and sql.endswith("STDOUT"):
            with self.session.cursor().copy(sql) as copy:
                rows = tuple(tuple(bytes(row).decode().split("\t")) for row in copy)
            return rows, 0
        if sql.startswith("COPY"):
            with self.session.cursor().copy(sql) as copy:
                copy.write(self.fixture.copied_row)
            return (), 1
        touched, rows = 0, ()
        for statement in sql.split(";;"):
            cursor = self.session.execute(statement)
            touched = max(touched, cursor.rowcount)
            rows = tuple(cursor.fetchall()) if cursor.description else ()
        return rows, touched

    def complain(self, kind, sql, what):
        self.wrong.setdefault(f"{what}: {' '.join(sql.split())[:200]}", []).append(kind.name)

    def internal(self, kind, sql, outcome):
        """Neither an internal error nor a lost connection, whoever asks; and the probe itself is a statement that fits."""
        if outcome.sqlstate[:2] in ("XX", "08", "57") and outcome.sqlstate != "57014" or outcome.sqlstate in MALFORMED:
            self.complain(kind, sql, f"{outcome.sqlstate} {outcome.text}")

    def unchanged(self, kind, sql, outcome, allowed):
        followed = {table for table, others in FOLLOWS.items() if others & allowed}
        for table in sorted(outcome.changed - allowed - followed):
            self.foreign_changes += 1
            self.complain(kind, sql, f"changed rows of {table}")


def would_see_a_hole(trial, prober, kind):
    """The probes are probed: with a policy or a function that lets everybody in, they do see it."""
    alice = prober.fixture.person
    for before, sql in (
            ("CREATE POLICY hole ON glucose.meal FOR SELECT USING (true)", "SELECT * FROM glucose.meal"),
            ("CREATE FUNCTION glucose.hole(person_id uuid) RETURNS SETOF glucose.prediction SECURITY DEFINER "
             "LANGUAGE sql AS 'SELECT * FROM glucose.prediction'", f"SELECT * FROM glucose.hole('{alice}')")):
        outcome = prober.run(kind, sql, [before])
        trial.check(f"a hole is seen: {sql}", prober.fixture.shows(outcome.rows) > 0, outcome)
    outcome = prober.run(kind, "DELETE FROM glucose.meal", ["CREATE POLICY hole ON glucose.meal USING (true)"])
    trial.check("a hole is seen: DELETE", "meal" in outcome.changed, outcome)


def main():
    with Trial("probes") as trial, connect("postgres", prepare_threshold=None) as session:
        fixture = Fixture(session)
        prober = Prober(session, fixture)
        n_tables = probed_tables.probe(prober, KINDS)
        in_tables = prober.n
        n_functions = probed_functions.probe(prober, KINDS)
        would_see_a_hole(trial, prober, KINDS[2])
        trial.done += prober.n
        trial.wrong += [f"{what} (as {', '.join(kinds)})" for what, kinds in list(prober.wrong.items())[:60]]
        print(f"{prober.n} probes as {len(KINDS)} kinds of role: {in_tables} of {n_tables} tables and views, "
              f"{prober.n - in_tables} of {n_functions} functions; {prober.foreign_rows} foreign rows seen, "
              f"{prober.foreign_changes} changed, {len(prober.wrong)} not as expected")
        print("by SQLSTATE: " + ", ".join(f"{state} {n}" for state, n in sorted(prober.states.items())))


if __name__ == "__main__":
    main()
