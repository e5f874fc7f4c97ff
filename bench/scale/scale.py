# SPDX-License-Identifier: PostgreSQL
"""scale.py LOG PARTS: trainings and forecasts of persons with years of data, and of populations; markdown tables."""
import contextlib
import math
import os
import pathlib
import random
import re
import statistics
import sys
import time

import psycopg

sys.path.append(str(pathlib.Path(__file__).parents[1] / "cancel"))
from stopping import Beside, Stretches, worked_ms  # noqa: E402
from stopping import run as run_until  # noqa: E402

MEMORY, ENOUGH = os.environ["MEMORY"], os.environ["ENOUGH"]  # of glucose.max_train_memory: as asked for, and for what was refused by that
TRIES, PURGE_S = int(os.environ["TRIES"]), 3
TASKS = {"glucose": os.environ.get("GLUCOSE", "ridge"), "cgm": os.environ.get("CGM", "linear")}


def connect(role="app"):
    return psycopg.connect(dbname="scale", user=role, autocommit=True, prepare_threshold=None)


def status_kb(pid, field):
    return int(re.search(rf"{field}:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")).group(1))


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
        worked, began = worked_ms(pid), time.monotonic()
        with Beside(memory.look, 5):
            try:
                found = session.execute(statement).fetchone()
            except psycopg.Error as error:
                found = error
        measured = time.monotonic() - began, (worked_ms(pid) - worked) / 1000, memory.mb()
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


def stretches(log, call, task):
    role, statement = call
    with session_of(role, ENOUGH) as session:
        session.execute("BEGIN")
        watched = Stretches(session.info.backend_pid, connect("postgres"), log)
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


# By what is done: the role, the statement, and whether it commits by itself.
LONGEST = "(SELECT person_id FROM bench.longest)"
NEW = "(SELECT person_id FROM bench.given)"
STORED = {
    "import_readings(), of a new person": ("app", f"SELECT glucose.import_readings({NEW}, at, mg_dl) FROM bench.given"),
    "import_readings(), the latest first": ("app", f"SELECT glucose.import_readings({NEW}, at_backwards, mg_dl) FROM bench.given"),
    "import_readings(), all there already": ("app", f"SELECT glucose.import_readings({LONGEST}, at, mg_dl) FROM bench.given"),
    "import_readings(), 200,000 corrected": ("app", f"SELECT glucose.import_readings({LONGEST}, at[:200000], corrected) FROM bench.given"),
    "import_meals()": ("app", f"SELECT glucose.import_meals({NEW}, meals) FROM bench.given"),
    "import_daily()": ("app", f"SELECT glucose.import_daily({NEW}, days) FROM bench.given"),
    "health_check()": ("postgres", "SELECT count(*) FROM glucose.health_check()"),
    "forget_person()": ("app", f"SELECT glucose.forget_person(p, p::text) FROM {LONGEST} AS l(p)"),
    "purge()": ("postgres", "CALL glucose.purge()"),
}


def stored(log):
    """What is stored and erased for long: looks for interrupts, and calls told to stop at random moments."""
    with connect("postgres") as admin:
        key = pathlib.Path(admin.execute("SHOW data_directory").fetchone()[0]) / "audit_key"
        admin.execute(f"COPY (SELECT repeat('0123456789abcdef', 4)) TO '{key}'")
        key.chmod(0o600)
        admin.execute("LOAD 'pg_glucose'")
        admin.execute("ALTER DATABASE scale SET glucose.audit_key_file = 'audit_key'")
        admin.execute("ALTER DATABASE scale SET glucose.audit_retention = 0")
    with connect("postgres") as admin:
        admin.execute(pathlib.Path(__file__).with_name("stored.sql").read_text(encoding="utf-8"))
        admin.execute("SELECT sum(s.sealed_rows) FROM generate_series(1, 2) n, LATERAL glucose.seal_log(n * interval '0') s")
        rows, meals, days, log_rows = admin.execute("SELECT cardinality(at), jsonb_array_length(meals), jsonb_array_length(days), "
                                                    "(SELECT count(*) FROM glucose.prediction) FROM bench.given").fetchone()
    print(f"\n{rows:,} readings, {meals:,} meals and {days:,} values of days to import; {log_rows:,} answers in the log.\n\n"
          "| call | takes, s | looked at | longest between looks, ms | stopped | works on, ms: median | longest | passes, ms: longest |\n"
          "|---|---|---|---|---|---|---|---|")
    random.seed(1)
    for name, (role, statement) in STORED.items():
        commits = statement.startswith("CALL")
        with session_of(role, ENOUGH) as session, connect("postgres") as admin:
            watched = Stretches(session.info.backend_pid, admin, log)
            with Beside(watched.look, 1):
                _, seconds, _, _ = run_until(session, statement, PURGE_S if commits else None, commits)
            # What has been purged is gone: a little each time.
            most_s = 2 * seconds / TRIES if commits else seconds
            stops = [run_until(session, statement, random.uniform(0, most_s), commits) for _ in range(TRIES)]
        stops = [(worked, passed) for state, _, worked, passed in stops if state == "57014"]
        told = " | ".join((f"{statistics.median(w for w, _ in stops):.1f}", f"{max(w for w, _ in stops):.1f}",
                           f"{max(p for _, p in stops):.0f}")) if stops else " | | "
        print(f"| {name} | {seconds:.2f} | {len(watched.worked_ms)} | {max(watched.worked_ms, default=0):.1f} | {len(stops)} | {told} |",
              flush=True)


def main(log, parts):
    with connect("postgres") as admin:
        admin.execute("GRANT SET ON PARAMETER glucose.max_train_memory TO app")
    for part in parts.split(","):
        {"years": lambda: table(years, MEMORY), "persons": lambda: table(populations, MEMORY), "limits": limits,
         "forecasts": forecasts, "interruptions": lambda: interruptions(log), "stored": lambda: stored(log)}[part]()


main(sys.argv[1], sys.argv[2])
