# SPDX-License-Identifier: PostgreSQL
"""run.py PSQL LIBRARY POINTS [PATTERN]: each call (whose name fits) is made with its Nth piece of memory refused, for every N, or for so many of them
spread over all when POINTS is not 0. It must fail with 53200 or do as if nothing had been, and the next query is
answered as before. Once with that piece refused, once with all after it, too."""
import collections
import pathlib
import re
import subprocess
import sys

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
CHANGES = {
    "predict_glucose": f"SELECT glucose.predict_glucose(s.meal_id) {SUBJECT}",
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
}


def connect():
    session = psycopg.connect(dbname="allocations", user="ann", autocommit=True, prepare_threshold=None)
    session.execute("SELECT glucose.version()")  # loads the library
    return session


class Trial:
    """One call, again and again."""

    def __init__(self, name, statement, is_answer):
        self.name, self.statement, self.is_answer = name, statement, is_answer
        self.session, self.wrong, self.states, self.reference = None, [], collections.Counter(), {}

    def attempt(self, at, lasting):
        """SQLSTATE and answer, with the at-th piece refused (0: none), and how many pieces were asked for."""
        if self.session is None or self.is_answer:  # an answer of a session that knows nothing yet
            if self.session is not None:
                self.session.close()
            self.session = connect()
        state, answer, session = "00000", None, self.session
        session.execute("BEGIN")
        session.execute("SELECT refusing.refuse_memory(%s, %s)", [at, lasting])
        try:
            answer = session.execute(self.statement).fetchall()
        except psycopg.Error as error:
            state = error.sqlstate or "08006"
        if state == "08006":
            self.session = None
            return state, None, 0
        if state == "00000":
            (asked,) = session.execute("SELECT refusing.memory_asked()").fetchone()
            session.execute("ROLLBACK")
        else:
            session.execute("ROLLBACK")
            (asked,) = session.execute("SELECT refusing.memory_asked()").fetchone()
        return state, answer, asked

    def check(self, at, lasting):
        state, answer, _ = self.attempt(at, lasting)
        self.states[state] += 1
        where = f"{self.name}, {'all from' if lasting else 'the'} {at}:"
        if state not in ("00000", "53200"):
            self.wrong.append(f"{where} {state}")
        if state == "00000" and self.is_answer and answer != self.reference[self.name]:
            self.wrong.append(f"{where} another answer")
        if self.session is None:
            return
        for name, statement in list(PREDICTIONS.items())[:2]:
            if self.session.execute(statement).fetchall() != self.reference[name]:
                self.wrong.append(f"{where} {name} is another one afterwards")

    def run(self, points):
        with connect() as session:
            self.reference = {name: session.execute(statement).fetchall() for name, statement in PREDICTIONS.items()}
        state, _, asked = self.attempt(0, False)
        if state != "00000":
            raise SystemExit(f"{self.name}: {state} although nothing was refused")
        step = 1 if points == 0 else max(1, asked / points)  # what asks for none is the server's alone
        places = sorted({1 + int(i * step) for i in range(int(asked / step))})
        for place in places:
            self.check(place, False)
        for place in places[:: max(1, len(places) // 50)]:
            self.check(place, True)
        tried = sum(self.states.values())
        print(f"| {self.name} | {asked} | {tried} | {self.states['53200']} | {self.states['00000']} | {len(self.wrong)} |", flush=True)
        return tried


def main(psql, library, points, pattern=""):
    subprocess.run([psql, "-XqAt", "-d", "allocations", "-v", f"library={library}", "-f", pathlib.Path(__file__).parent / "world.sql"],
                   check=True)
    print("| call | pieces of memory | refused at | 53200 | done all the same | wrong |\n|---|---|---|---|---|---|")
    wrong, tried = [], 0
    for statements, is_answer in ((PREDICTIONS, True), (CHANGES, False)):
        for name, statement in statements.items():
            if not re.search(pattern, name):
                continue
            trial = Trial(name, statement, is_answer)
            tried += trial.run(points)
            wrong += trial.wrong
    for line in wrong[:40]:
        print(f"  wrong: {line}")
    print(f"\n{tried - len(wrong)} tests passed, {len(wrong)} tests failed")
    sys.exit(1 if wrong else 0)


main(sys.argv[1], sys.argv[2], int(sys.argv[3]), *sys.argv[4:])
