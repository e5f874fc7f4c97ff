# SPDX-License-Identifier: PostgreSQL
"""scale.py LOG PARTS: trainings and forecasts of persons with years of data, and of populations; markdown tables."""
import contextlib
import math
import os
import pathlib
import re
import statistics
import sys
import threading
import time

import psycopg

MEMORY, ENOUGH = os.environ["MEMORY"], "1GB"  # of glucose.max_train_memory: as asked for, and for what was refused by that
TASKS = {"glucose": os.environ.get("GLUCOSE", "ridge"), "cgm": os.environ.get("CGM", "linear")}


def connect(role="app"):
    return psycopg.connect(dbname="scale", user=role, autocommit=True, prepare_threshold=None)


def status_kb(pid, field):
    return int(re.search(rf"{field}:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")).group(1))


def worked_s(pid):
    return int(pathlib.Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0]) / 1e9


class Beside(threading.Thread):
    """Calls `look` every so many milliseconds until it is stopped."""

    def __init__(self, look, every_ms):
        super().__init__(daemon=True)
        self.look, self.every_s, self.stopped = look, every_ms / 1000, threading.Event()

    def run(self):
        while not self.stopped.wait(self.every_s):
            self.look()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.join()


class Memory:
    """The most that a server's process had of its own, above what it had before."""

    def __init__(self, pid):
        self.pid, self.before = pid, status_kb(pid, "RssAnon")
        self.most = self.before

    def look(self):
        self.most = max(self.most, status_kb(self.pid, "RssAnon"))

    def mb(self):
        return (self.most - self.before) / 1024


@contextlib.contextmanager
def session_of(role, limit):
    with connect(role) as session:
        session.execute("SELECT glucose.version()")
        session.execute(f"SET glucose.max_train_memory = '{limit}'")
        yield session


def run(statement, limit, role):
    """In a fresh session, taken back: what it returned or failed with, seconds, those of the processor, and MB."""
    with session_of(role, limit) as session:
        pid, memory = session.info.backend_pid, Memory(session.info.backend_pid)
        session.execute("BEGIN")
        worked, began = worked_s(pid), time.monotonic()
        with Beside(memory.look, 5):
            try:
                found = session.execute(statement).fetchone()
            except psycopg.Error as error:
                found = error
        measured = time.monotonic() - began, worked_s(pid) - worked, memory.mb()
        session.execute("ROLLBACK")
        return found, measured


def exponent(points):
    """Of what grows as size ** exponent, by least squares of the logarithms."""
    xs, ys = [math.log(x) for x, _ in points], [math.log(y) for _, y in points]
    return statistics.linear_regression(xs, ys).slope


def training_of(person):
    return "app", f"SELECT (t).n_train, (t).n_validation, (t).n_test FROM (SELECT glucose.train_model('{person}', '{{}}', '{{}}') AS t OFFSET 0) t"


POPULATION = "postgres", ("SELECT (t).n_train, (t).n_validation, (t).n_test FROM "
                          "(SELECT glucose.train_population_model('{}', '{}') AS t OFFSET 0) t")


def measured(task, size, call, given, limit):
    role, statement = call
    found, (seconds, worked, mb) = run(statement.format(task, TASKS[task]), limit, role)
    refused = isinstance(found, psycopg.Error)
    told = f"{found.sqlstate}: {found.diag.message_primary}" if refused else f"{sum(found):,}"
    print(f"| {task} {TASKS[task]} | {limit} | {size} | {given:,} | {told} | {seconds:.2f} | {worked:.2f} | {mb:.0f} |", flush=True)
    return None if refused else (given, worked)


def table(sizes, limit):
    print("\n| training | memory allowed | of | stored rows | rows learnt from, or error | s | processor s | peak, MB |\n"
          "|---|---|---|---|---|---|---|---|")
    grows = []
    for task in TASKS:
        points = []
        for size, call, given in sizes():
            point = measured(task, size, call, given[task], limit)
            if point is None and limit == MEMORY:
                point = measured(task, size, call, given[task], ENOUGH)
            points += [point] if point else []
        if len(points) > 1:
            grows.append(f"{task} {TASKS[task]}: processor seconds grow as stored rows to the power of {exponent(points):.2f}")
    if grows:
        print("\n" + "\n".join(grows), flush=True)


def counts(where):
    with connect("postgres") as admin:
        return {task: admin.execute(f"SELECT count(*) FROM glucose.{of} JOIN bench.person USING (person_id) WHERE {where}").fetchone()[0]
                for task, of in (("glucose", "meal"), ("cgm", "glucose_reading"))}


def lives():
    with connect("postgres") as admin:
        return admin.execute("SELECT person_id, years FROM bench.person WHERE years > 0 ORDER BY years").fetchall()


def years():
    for person, n in lives():
        yield f"{n} years", training_of(person), counts(f"years = {n}")


def populations():
    for n in map(int, os.environ["POPULATIONS"].split(",")):
        with connect("postgres") as admin:
            admin.execute("UPDATE glucose.person p SET shares_data = b.member <= %s FROM bench.person b "
                          "WHERE b.person_id = p.person_id AND b.member > 0 AND p.shares_data <> (b.member <= %s)", (n, n))
            admin.execute("VACUUM glucose.person")
        yield f"{n:,} persons", POPULATION, counts(f"member <= {n}")


def forecasts():
    print("\n| first and later forecasts, ms | " + " | ".join(f"{n} years" for _, n in lives()) + " |\n" + "|---" * (1 + len(lives())) + "|")
    with connect() as session:
        for person, _ in lives():
            for task, algorithm in TASKS.items():
                session.execute(f"SELECT glucose.train_model('{person}', '{task}', '{algorithm}', '{{\"deploy\": true}}')")
    asked = {"predict_glucose": ("SELECT glucose.predict_glucose('{1}', person_id => '{0}')", "meal_id FROM glucose.meal", "eaten_at"),
             "cgm_forecast": ("SELECT count(*) FROM glucose.cgm_forecast('{0}', '{1}')", "measured_at FROM glucose.glucose_reading", "measured_at")}
    for name, (statement, of, by) in asked.items():
        first, later = [], []
        for person, _ in lives():
            with connect() as session:
                moments = session.execute(f"SELECT {of} WHERE person_id = '{person}' ORDER BY {by} DESC OFFSET 5 LIMIT 369").fetchall()
            times = []
            for turn in range(9):
                with connect() as session:
                    session.execute("SELECT glucose.version()")
                    at = [time.monotonic()]
                    for moment, in moments[turn::9]:
                        session.execute(statement.format(person, moment)).fetchone()
                        at.append(time.monotonic())
                times.append([1000 * (b - a) for a, b in zip(at, at[1:])])
            first.append(statistics.median(t[0] for t in times))
            later.append(statistics.median(x for t in times for x in t[1:]))
        for which, values in (("first of a session", first), ("later", later)):
            print(f"| {name}, {which} | " + " | ".join(f"{v:.2f}" for v in values) + " |", flush=True)


class Stretches:
    """How long a server's process works until it looks whether it was interrupted: it is asked to log what memory it has, again
    as soon as it has done so."""

    def __init__(self, pid, log):
        self.pid, self.admin, self.log, self.worked_ms = pid, connect("postgres"), open(log, encoding="utf-8", errors="replace"), []
        self.log.seek(0, os.SEEK_END)
        self.asked, self.text, self.is_new = None, "", True

    def look(self):
        if self.asked is None:
            self.asked = worked_s(self.pid)
            self.admin.execute("SELECT pg_log_backend_memory_contexts(%s)", (self.pid,))
        worked = worked_s(self.pid)
        self.text += self.log.read()
        if self.is_new and f"logging memory contexts of PID {self.pid}" in self.text:
            self.worked_ms.append(1000 * (worked - self.asked))
            self.is_new = False
        if "Grand total" in self.text:
            self.asked, self.text, self.is_new = None, "", True


def stretches(log, call, task):
    role, statement = call
    with session_of(role, ENOUGH) as session:
        session.execute("BEGIN")
        watched = Stretches(session.info.backend_pid, log)
        with Beside(watched.look, 1):
            session.execute(statement.format(task, TASKS[task]))
        session.execute("ROLLBACK")
    found = sorted(watched.worked_ms)
    return f"{len(found)} | {found[len(found) // 2]:.1f} | {found[int(0.99 * len(found))]:.1f} | {found[-1]:.1f}"


def interruptions(log):
    print("\n| training | of | looked at | median, ms | p99 | longest |\n|---|---|---|---|---|---|")
    for sizes in (years, populations):
        for size, call, _ in list(sizes())[-1:]:
            for task in TASKS:
                print(f"| {task} {TASKS[task]} | {size} | {stretches(log, call, task)} |", flush=True)


def limits():
    """What is said, or what is left out, when less is allowed; never more is taken than that."""
    for sizes in (years, populations):
        largest = list(sizes())[-1:]
        for limit in os.environ["LIMITS"].split(","):
            table(lambda: largest, limit)


def main(log, parts):
    with connect("postgres") as admin:
        admin.execute("GRANT SET ON PARAMETER glucose.max_train_memory TO app")
    for part in parts.split(","):
        {"years": lambda: table(years, MEMORY), "persons": lambda: table(populations, MEMORY), "limits": limits,
         "forecasts": forecasts, "interruptions": lambda: interruptions(log)}[part]()


main(sys.argv[1], sys.argv[2])
