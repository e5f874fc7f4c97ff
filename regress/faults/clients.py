# SPDX-License-Identifier: PostgreSQL
"""Clients who remember what the server has acknowledged: those of the mixed load enter each transaction into world.ack,
the witnesses know every row that they have written."""
import collections
import json
import random
import threading
import time

import psycopg

import run as load
from deeds import ALONE

# The server is going, gone or coming, or has no room: what a client does not take for an answer.
GOING = ("57P01", "57P02", "57P03", "08006", "08003", "08001")
NO_ROOM = ("53100",)
# Such a session has to be begun anew.
OTHER_LIBRARY = "the library is pg_glucose"


class Client(load.Client):
    """A client of the mixed load that lives through crashes and full disks."""

    def __init__(self, number, functions, fault):
        super().__init__(number, float("inf"), functions)
        self.number, self.fault, self.asked, self.acknowledged = number, fault, 0, set()
        self.since, self.refused = {}, collections.Counter()

    def do(self, name, role, statements):
        self.asked += 1
        entry = f"INSERT INTO world.ack VALUES ({self.number}, {self.asked})"
        state = super().do(name, role, statements if name in ALONE else [*statements, entry])
        if state == "00000" and name not in ALONE:
            self.acknowledged.add(self.asked)
        return state

    def session(self, role):
        had = self.sessions.get(role)
        session = super().session(role)
        if session is not had:
            self.since[role] = self.fault.struck
        return session

    def failed(self, error, name, role, level, statements):
        session = self.sessions.get(role)
        state = error.sqlstate or "08006"
        other_library = state == "55000" and OTHER_LIBRARY in str(error)
        if state not in (*NO_ROOM, *GOING) and session is not None and not session.closed and not other_library:
            return super().failed(error, name, role, level, statements)
        self.refused[state] += 1
        if not self.fault.is_expected(state, self.since.get(role)):
            self.unexpected.append(f"{name} as {role}: {state} {error}")
        self.sessions.clear()
        time.sleep(0.2)
        return state


class Witness(threading.Thread):
    """Writes of one person of carol's: predictions, trainings, meals and readings. What was acknowledged must be there."""

    def __init__(self, number, fault):
        super().__init__(daemon=True)
        self.person, self.number, self.fault = f"glucose.key('carol{number}')", number, fault
        self.random, self.session, self.until, self.serial = random.Random(number), None, float("inf"), 0
        self.versions, self.predictions, self.meals, self.readings = {}, set(), {}, {}
        self.committed, self.refused, self.unexpected, self.since = 0, collections.Counter(), [], None

    def run(self):
        while time.monotonic() < self.until:
            try:
                if self.session is None or self.session.closed:
                    self.since = self.fault.struck
                    self.session = load.connect("carol")
                    self.session.execute("SET statement_timeout = '60s'")
                self.deed()
            except psycopg.Error as error:
                self.failed(error)

    def failed(self, error):
        state = error.sqlstate or "08006"
        self.refused[state] += 1
        if not self.fault.is_expected(state, self.since) and state != "40001":
            self.unexpected.append(f"witness {self.number}: {state} {error}")
        if self.session is not None:
            self.session.close()
        self.session = None
        time.sleep(0.1)

    def deed(self):
        """One transaction; what it has done is noted only when COMMIT has been answered."""
        deed = self.random.choices((self.ask, self.train, self.eat, self.measure), (5, 2, 3, 3))[0]
        self.session.execute("BEGIN")
        note = deed()
        self.session.execute("COMMIT")
        note()
        self.committed += 1

    def one(self, sql, *parameters):
        return self.session.execute(sql, parameters).fetchone()

    def ask(self):
        answer, = self.one(f"SELECT glucose.predict_glucose(meal_id) FROM glucose.meal WHERE person_id = {self.person} "
                           "ORDER BY random() LIMIT 1")
        answer = json.loads(answer) if isinstance(answer, str) else answer
        return lambda: self.predictions.add(answer["predictionId"])

    def train(self):
        version, = self.one(f"SELECT version FROM glucose.train_model({self.person}, 'glucose', "
                            f"'{self.random.choice(('mean', 'ridge', 'lad'))}', '{{\"deploy\": true}}')")
        digest, = self.one("SELECT encode(sha256, 'hex') FROM glucose.model_version WHERE model_type = 'glucose' "
                           f"AND person_id = {self.person} AND version = %s", version)
        return lambda: self.versions.__setitem__(version, digest)

    def eat(self):
        carbs = self.random.randrange(100)
        meal, = self.one("INSERT INTO glucose.meal (person_id, eaten_at, meal_type, carbs_g) VALUES "
                         f"({self.person}, date_trunc('day', now()) - %s * interval '1 min', 'snack', %s) "
                         "RETURNING meal_id::text", self.random.randrange(12000), carbs)
        return lambda: self.meals.__setitem__(meal, carbs)

    def measure(self):
        self.serial += 1
        value = self.random.randrange(60, 250)
        # Half a second beside whole ones: never where the person of the world has a reading already.
        at, = self.one("INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl) VALUES "
                       f"({self.person}, date_trunc('day', now()) - interval '10 days' + %s * interval '7 s' + interval '500 ms', %s) "
                       "RETURNING measured_at", self.serial + 1, value)
        return lambda: self.readings.__setitem__(at, value)

    def known(self):
        """What has been acknowledged by now."""
        return {"version": dict(self.versions), "meal": dict(self.meals), "reading": dict(self.readings),
                "prediction": dict.fromkeys(tuple(self.predictions), True)}

    def lost(self, session, known):
        """What of it is not there, or is otherwise."""
        of = f"WHERE person_id = {self.person}"
        there = {
            "version": f"SELECT version, encode(sha256, 'hex') FROM glucose.model_version {of} AND model_type = 'glucose'",
            "meal": f"SELECT meal_id::text, carbs_g FROM glucose.meal {of}",
            "reading": f"SELECT measured_at, mg_dl FROM glucose.glucose_reading {of}",
            "prediction": f"SELECT prediction_id::text, true FROM glucose.prediction {of}"}
        wrong = []
        for kind, sql in there.items():
            rows = dict(session.execute(sql).fetchall())
            wrong += [f"{kind} {key} of carol{self.number} was acknowledged as {value} and is {rows.get(key)}"
                      for key, value in known[kind].items() if rows.get(key) != value]
        return wrong

    def gaps(self, session):
        """Nobody deletes versions of these persons: numbers follow each other."""
        rows = session.execute("SELECT split_part(version, '.', 1)::int, split_part(version, '.', 2)::int FROM "
                               f"glucose.model_version WHERE person_id = {self.person} AND model_type = 'glucose'").fetchall()
        numbers = collections.defaultdict(set)
        for major, minor in rows:
            numbers[major].add(minor)
        return [f"versions of carol{self.number} have gaps: {major}.{sorted(minors)}" for major, minors in numbers.items()
                if minors != set(range(min(minors), max(minors) + 1))]
