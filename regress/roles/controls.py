# SPDX-License-Identifier: PostgreSQL
"""The probes are probed: openings are planted, each in a transaction that is undone, and every one must be reported.

Whatever a planted opening lets through in a cell counts; a cell that lets it through unreported fails the trial.
"""
import collections

import decided
import decided_functions
import probed_functions
import probed_tables

FUNCTIONS = {
    # What it does wrong, and what the probes say of it.
    "shows": ("SELECT to_jsonb(t) FROM glucose.prediction t WHERE t.person_id = $1", "answered"),
    "deletes": ("WITH d AS (DELETE FROM glucose.prediction WHERE person_id = $1) SELECT '{}'::jsonb", "changed rows of prediction"),
    "tells": ("SELECT jsonb_build_object('there', EXISTS (SELECT FROM glucose.person p WHERE p.person_id = $1))",
              "tells the difference"),
}


def probe(trial, prober, mode, kinds):
    """Returns how many planted cells let something through; all of them have been reported, or the trial says which not."""
    by_name = {kind.name: kind for kind in kinds}
    alice = prober.fixture.subjects["alice"]
    found = list(probed_tables.tables(prober, alice))
    tables = [table for table in found if decided.CLASS_OF_TABLE[table.name] in decided.OF_PERSONS]
    kept = prober.wrong, prober.foreign_rows, prober.foreign_changes, prober.told_apart
    through = collections.Counter()
    other = by_name["owner of another person"]
    for table in tables:
        of_owner = [f"ALTER TABLE glucose.{table.name} NO FORCE ROW LEVEL SECURITY"]
        policy = [f"CREATE POLICY hole ON glucose.{table.name} USING (true) WITH CHECK (true)"]
        if table.is_table:
            planted(trial, prober, "without FORCE", by_name["owner of the tables"], alice, table, of_owner, through)
            planted(trial, prober, "a policy for everybody", other, alice, table, policy, through)
        if mode == "role":
            planted(trial, prober, "BYPASSRLS", by_name["app without persons"], alice, table, ["ALTER ROLE newcomer BYPASSRLS"], through)
    for what in ("without FORCE", "a policy for everybody", *(["BYPASSRLS"] if mode == "role" else [])):
        for verb in probed_tables.verbs(tables[0], prober.fixture):
            # COPY FROM is for nobody whom row-level security concerns.
            if (what, verb.name) != ("a policy for everybody", "COPY FROM"):
                trial.check(f"{what} lets something through by {verb.name}", through[what, verb.name] > 0)
    for name, (body, report) in FUNCTIONS.items():
        prober.planted = [f"CREATE FUNCTION glucose.hole(person_id uuid) RETURNS SETOF jsonb LANGUAGE sql SECURITY DEFINER AS $${body}$$"]
        decided_functions.CLASS_OF_FUNCTION["hole"] = "who sees" if name != "tells" else "anybody"
        prober.wrong = {}
        probed_functions.cells(prober, other, alice, ("hole", "f", False, ["person_id"], ["uuid"], 1))
        trial.check(f"a function that {name} is reported", any(report in what for what in prober.wrong), prober.wrong)
    del decided_functions.CLASS_OF_FUNCTION["hole"]
    prober.planted = []
    prober.finish()
    prober.wrong, prober.foreign_rows, prober.foreign_changes, prober.told_apart = kept
    unlisted(trial, prober)
    return sum(through.values())


def planted(trial, prober, what, kind, subject, table, statements, through):
    """All verbs on a table with an opening: each that lets something through is reported."""
    prober.planted = statements
    rights, may_change = (of(*args) for of, args in (
        (decided.rights, (table.name, kind, subject.name)), (decided.changes, (prober.fixture, table.name, kind, subject.name))))
    for verb in probed_tables.verbs(table, prober.fixture):
        if set(verb.right or "u") & set(rights):
            continue
        prober.wrong = {}
        outcome = probed_tables.one(prober, kind, subject, table, verb, rights, may_change)
        let_through = outcome.sqlstate.startswith("23") or outcome.sqlstate == "00000" and (
            outcome.n_rows or outcome.touched or outcome.changed)
        if let_through:
            through[what, verb.name] += 1
            trial.check(f"{what}, {verb.name} on {table.name} as {kind.name} is reported", prober.wrong, outcome.told())
    prober.planted = []


def unlisted(trial, prober):
    """A table, a view and a function that nobody has decided about."""
    for what, statement in (("table or view", "CREATE TABLE glucose.unlisted (person_id uuid)"),
                            ("table or view", "CREATE VIEW glucose.unlisted AS SELECT 1 AS one"),
                            ("function", "CREATE FUNCTION glucose.unlisted() RETURNS integer LANGUAGE sql RETURN 1")):
        prober.send(f"BEGIN; {statement}")
        wrong = {}
        if what == "function":
            probed_functions.complain_of_unlisted(wrong, probed_functions.functions(prober.session))
        else:
            probed_tables.complain_of_unlisted(wrong, probed_tables.relations(prober.session))
        prober.finish()
        trial.check(f"an unlisted {what} is reported", len(wrong) == 1 and "unlisted is not entered" in str(wrong), wrong)
