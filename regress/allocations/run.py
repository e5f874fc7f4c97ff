# SPDX-License-Identifier: PostgreSQL
"""run.py PSQL LIBRARY [POINTS [PATTERN]]: each call (whose name fits) is made with a piece of memory refused. POINTS says
which: `code`, the first and the last of each place in the code (as told by the whole stack); `all`, every one; a number, so
many spread over all. It must fail with 53200 or do as if nothing had been, and the next query is answered as before.
Of some, all after it are refused, too."""
import collections
import dataclasses
import pathlib
import re
import subprocess
import sys
import time

import psycopg

SUBJECT = "FROM refusing.subject s"
# What is asked is the same each time, so that its answer is.
PREDICTIONS = {
    "glucose_forecast": f"SELECT glucose.glucose_forecast(s.meal_id) {SUBJECT}",
    "cgm_forecast": f"SELECT glucose.cgm_forecast(s.person_id, s.eaten_at) {SUBJECT}",
    "metric_forecast": f"SELECT glucose.metric_forecast(s.person_id, 'STEPS', s.day::date) {SUBJECT}",
    "event_forecast": f"SELECT glucose.event_forecast(s.person_id, 'few_steps', s.day) {SUBJECT}",
    "similar_meals": f"SELECT alike.* {SUBJECT}, glucose.similar_meals(s.meal_id) alike",
    "training_dataset": f"SELECT d.* {SUBJECT}, glucose.training_dataset(s.person_id) d",
    "explain_forecast": f"SELECT glucose.explain_forecast(s.person_id, s.eaten_at, 60) {SUBJECT}",
}
LOGGED = {"predict_glucose": f"SELECT glucose.predict_glucose(s.meal_id) {SUBJECT}"}
CHANGES = {
    "import_readings": "SELECT glucose.import_readings(s.person_id, array_agg(s.eaten_at + i * interval '1 minute'), "
                       f"array_agg((100 + i)::real)) {SUBJECT}, generate_series(1, 500) i GROUP BY s.person_id",
    "import_meals": "SELECT glucose.import_meals(s.person_id, jsonb_agg(jsonb_build_object('eaten_at', s.eaten_at - i * "
                    f"interval '1 hour', 'meal_type', 'snack', 'carbs_g', i))) {SUBJECT}, generate_series(1, 50) i GROUP BY s.person_id",
    "import_daily": "SELECT glucose.import_daily(s.person_id, jsonb_agg(jsonb_build_object('day', (s.day - i * interval '1 day')::date, "
                    f"'metric', 'STEPS', 'value', 5000 + i))) {SUBJECT}, generate_series(1, 50) i GROUP BY s.person_id",
    "import_model": f"SELECT glucose.import_model(s.person_id, s.artifact) {SUBJECT}",
    "import_model cgm": f"SELECT glucose.import_model(s.person_id, s.artifact_cgm) {SUBJECT}",
    "import_model daily": f"SELECT glucose.import_model(s.person_id, s.artifact_daily) {SUBJECT}",
    "import_model event": f"SELECT glucose.import_model(s.person_id, s.artifact_event) {SUBJECT}",
    **{f"train {model_type} {algorithm}":
       f"SELECT glucose.train_model(s.person_id, '{model_type}', '{algorithm}', '{options}') {SUBJECT}"
       for model_type, algorithm, options in (
           ("glucose", "ridge", "{}"), ("glucose", "lstm", '{"epochs": 1, "hidden": [4]}'),
           ("glucose", "trees", '{"rounds": 2}'), ("glucose", "auto", '{"rounds": 2, "epochs": 1, "hidden": [4]}'),
           ("cgm", "linear", "{}"), ("daily:STEPS", "ridge", "{}"),
           ("daily:STEPS", "attention", '{"epochs": 1, "hidden": [4, 4], "sequence_length": 7}'),
           ("event:few_steps", "logistic", "{}"))},
    **{f"train again {model_type}": f"SELECT glucose.update_model(s.person_id, '{model_type}', '{{\"force\": true}}') {SUBJECT}"
       for model_type in ("glucose", "cgm")},
    "train tuned": "SELECT tuned.* FROM refusing.subject s, glucose.tune_model(s.person_id, 'ridge', '{\"l2\": [3, 30]}') tuned",
}
POPULATIONS = {
    f"train population {model_type} {algorithm}":
        f"SELECT glucose.train_population_model('{model_type}', '{algorithm}', '{options}')"
    for model_type, algorithm, options in (
        ("glucose", "auto", '{"rounds": 2}'), ("glucose", "trees", '{"rounds": 2}'),
        ("glucose", "lstm", '{"epochs": 1, "hidden": [4]}'), ("cgm", "auto", '{"end_at": "2026-01-14"}'), ("daily:STEPS", "auto", "{}"),
        ("daily:STEPS", "lstm", '{"epochs": 1, "hidden": [4, 4], "sequence_length": 7}'),
        ("event:few_steps", "auto", "{}"))}


@dataclasses.dataclass
class Group:
    """Who calls, whether each call is of a session that knows nothing yet, and what is asked after it."""
    user: str
    statements: dict
    after: dict
    afresh: bool = False
    is_answer: bool = False


AFTER_ANN = dict(list(PREDICTIONS.items())[:2])
GROUPS = (
    Group("ann", PREDICTIONS, AFTER_ANN, afresh=True, is_answer=True),
    Group("ann", LOGGED, AFTER_ANN, afresh=True),
    Group("ann", CHANGES, AFTER_ANN),
    Group("kim", POPULATIONS, {"list_population_models": "SELECT m.* FROM glucose.list_population_models() m"}),
)


def connect(user):
    until = time.monotonic() + 60
    while True:  # a server whose process has ended is in recovery
        try:
            session = psycopg.connect(dbname="allocations", user=user, autocommit=True, prepare_threshold=None)
            break
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
    session.execute("SELECT glucose.version()")  # loads the library
    return session


class Trial:
    """One call, again and again."""

    def __init__(self, group, name):
        self.group, self.name, self.statement = group, name, group.statements[name]
        self.session, self.wrong, self.states, self.reference = None, [], collections.Counter(), {}
        self.in_code, self.refused_in = set(), set()

    def begin(self, arm, *arguments):
        if self.session is None or self.group.afresh:
            if self.session is not None:
                self.session.close()
            self.session = connect(self.group.user)
        self.session.execute("BEGIN")
        self.session.execute(f"SELECT refusing.{arm}", arguments)
        return self.session

    def attempt(self, at, lasting):
        """SQLSTATE and answer, with the at-th piece refused (0: none), and how many pieces were asked for."""
        session = self.begin("refuse_memory(%s, %s)", at, lasting)
        state, answer = "00000", None
        try:
            answer = session.execute(self.statement).fetchall()
        except psycopg.Error as error:
            state = error.sqlstate or "08006"
        if state == "08006":
            self.session = None
            return state, None, 0
        if "53200: " in str(answer):
            state = "53200"  # update_model() tells of it in its row
        if state != "00000":
            session.execute("ROLLBACK")
        asked, place = session.execute("SELECT refusing.memory_asked(), refusing.refused_place()").fetchone()
        self.refused_in.add(place)
        if state == "00000":
            session.execute("ROLLBACK")
        return state, answer, asked

    def places(self):
        """Of each place in the code that asks for memory, the first and the last piece."""
        session = self.begin("note_places()")
        session.execute(self.statement)
        (noted,) = session.execute("SELECT refusing.noted_places()").fetchone()
        session.execute("ROLLBACK")
        self.in_code = set(noted[::3])
        return sorted({*noted[1::3], *noted[2::3]})

    def check(self, at, lasting):
        state, answer, _ = self.attempt(at, lasting)
        self.states[state] += 1
        where = f"{self.name}, {'all from' if lasting else 'the'} {at}:"
        if state not in ("00000", "53200"):
            self.wrong.append(f"{where} {state}")
        if state == "00000" and self.group.is_answer and answer != self.reference[self.name]:
            self.wrong.append(f"{where} another answer")
        if self.session is None:
            return
        for name, statement in self.group.after.items():
            if self.session.execute(statement).fetchall() != self.reference[name]:
                self.wrong.append(f"{where} {name} is another one afterwards")

    def run(self, points):
        queries = {**self.group.after, self.name: self.statement} if self.group.is_answer else self.group.after
        with connect(self.group.user) as session:
            self.reference = {name: session.execute(statement).fetchall() for name, statement in queries.items()}
        state, _, asked = self.attempt(0, False)
        if state != "00000":
            raise SystemExit(f"{self.name}: {state} although nothing was refused")
        at_places = self.places()
        if points != "code":
            step = 1 if points == "all" else max(1, asked / int(points))  # what asks for none is the server's alone
            at_places = sorted({1 + int(i * step) for i in range(int(asked / step))})
        for at in at_places:
            self.check(at, False)
        for at in at_places if points == "code" else at_places[:: max(1, len(at_places) // 50)]:
            self.check(at, True)
        tried, reached = sum(self.states.values()), len(self.in_code & self.refused_in)
        print(f"| {self.name} | {asked} | {len(self.in_code)} | {reached} | {tried} | {self.states['53200']} | {self.states['00000']} | {len(self.wrong)} |",
              flush=True)
        return tried


def main(psql, library, points="code", pattern=""):
    subprocess.run([psql, "-XqAt", "-d", "allocations", "-v", f"library={library}", "-f", pathlib.Path(__file__).parent / "world.sql"],
                   check=True)
    print("| call | pieces of memory | places in the code | refused there | calls | 53200 | done all the same | wrong |")
    print("|---|---|---|---|---|---|---|---|")
    wrong, tried = [], 0
    for group in GROUPS:
        for name in group.statements:
            if not re.search(pattern, name):
                continue
            trial = Trial(group, name)
            tried += trial.run(points)
            wrong += trial.wrong
    for line in wrong[:40]:
        print(f"  wrong: {line}")
    print(f"\n{tried - len(wrong)} tests passed, {len(wrong)} tests failed")
    sys.exit(1 if wrong else 0)


main(*sys.argv[1:])
