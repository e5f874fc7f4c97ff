# SPDX-License-Identifier: PostgreSQL
"""run.py PSQL LOG MINUTES: eight clients of every kind at once for so long, a watcher beside them, then a quiet look."""
import collections
import pathlib
import re
import subprocess
import sys
import threading
import time

import psycopg

from deeds import ALONE, REFUSED, Deeds, expected
from services import never_called
from watcher import Watcher

CLIENTS = 8
ISOLATION = ("READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE")
PLAIN = re.compile(r"Process \d+: (?:DELETE FROM glucose\.person WHERE|SELECT glucose\.forget_person\(|(?:INSERT INTO|UPDATE|DELETE FROM) glucose\.(?:meal|"
                   r"glucose_reading)\b)")
FATAL = re.compile(r"PANIC|terminated by signal|XX\d\d\d |server process .* exited|crash of another|TRAP:|deadlock detected")
ERASES = re.compile(r"DELETE FROM glucose\.person WHERE|glucose\.forget_person\(")


def connect(role):
    return psycopg.connect(dbname="load", user=role, autocommit=True, prepare_threshold=None)


class Client(threading.Thread):
    """Does deeds until the end, each as one transaction at a random isolation level; counts what came of each."""

    def __init__(self, number, until, functions):
        super().__init__(daemon=True)
        self.deeds, self.until, self.sessions = Deeds(number, functions), until, {}
        self.counts, self.unexpected, self.seconds = collections.Counter(), [], collections.Counter()

    def run(self):
        while time.monotonic() < self.until:
            name, role, statements = self.deeds.pick()
            started = time.monotonic()
            state = self.do(name, role, statements)
            self.seconds[name] += time.monotonic() - started
            self.counts[name, state] += 1
        for session in self.sessions.values():
            session.close()

    def do(self, name, role, statements):
        level = self.deeds.one_of(ISOLATION)
        try:
            session = self.session(role)
            if name in ALONE:
                session.execute(f"SET default_transaction_isolation = '{level.lower()}'")
                for statement in statements:
                    session.execute(statement)
                return "00000"
            session.execute(f"BEGIN ISOLATION LEVEL {level}")
            for statement in statements:
                session.execute(statement)
            session.execute("COMMIT")
            return "00000"
        except psycopg.Error as error:
            return self.failed(error, name, role, level, statements)

    def failed(self, error, name, role, level, statements):
        state = error.sqlstate or "08006"
        if not expected(name, state):
            self.unexpected.append(f"{name} as {role}, {level}: {state} {error} | {'; '.join(statements)[:300]}")
        try:
            self.sessions[role].execute("ROLLBACK")
        except (psycopg.Error, KeyError):
            self.sessions.pop(role, None)
            time.sleep(0.5)
        return state

    def session(self, role):
        """One session a role; now and then a new one, so that settings of roles are taken."""
        if role in self.sessions and self.deeds.random.random() < 0.02:
            self.sessions.pop(role).close()
        if role not in self.sessions:
            self.sessions[role] = connect(role)
            self.sessions[role].execute("SET statement_timeout = '60s'")
        return self.sessions[role]


def settle(session):
    """After the clients: jobs end, and a night of the steward reaches everybody who is due, whatever rows some have."""
    wrong = []
    session.execute("ALTER SYSTEM RESET ALL")
    session.execute("SELECT pg_reload_conf()")
    for role in ("alice", "bob", "manager", "steward", "second"):
        with connect(role) as other:
            other.execute("SELECT glucose.start_training_workers()")
    for _ in range(600):
        jobs = session.execute("SELECT state, count(*) FROM glucose.training_job WHERE state IN ('queued', 'running') "
                               "GROUP BY 1").fetchall()
        if not jobs:
            break
        time.sleep(0.1)
    else:
        wrong.append(f"jobs that do not end: {jobs}")
    for owner in ("alice", "bob"):
        with connect(owner) as other:
            other.execute("INSERT INTO glucose.meal (person_id, eaten_at, meal_type, carbs_g) SELECT person_id, "
                          "date_trunc('hour', now()) - i * interval '2 hours' - interval '1 second', 'snack', 30 "
                          "FROM glucose.person, generate_series(1, 20) i WHERE owner = current_user")
    with connect("steward") as steward:
        last, night = last_night(steward)
        return wrong + last, night


def last_night(steward):
    """A month later whoever has new meals is due, also with extreme rows: each is tried, whatever becomes of the others."""
    wrong, due = [], []
    (then,) = steward.execute("SELECT now() + interval '30 days'").fetchone()
    steward.execute("UPDATE glucose.retraining_policy SET min_new_rows = 1, manual = false")
    persons = [row for row, in steward.execute("SELECT person_id FROM glucose.person ORDER BY 1").fetchall()]
    for person in persons:
        if steward.execute("SELECT needed FROM glucose.check_retraining(%s, as_of => %s)", [person, then]).fetchone()[0]:
            due.append(person)
    for call in ("CALL glucose.retrain_due(as_of => %s)", "SELECT * FROM glucose.check_experiments() WHERE %s IS NOT NULL",
                 "SELECT * FROM glucose.model_live_accuracy WHERE %s IS NOT NULL",
                 "SELECT * FROM glucose.prediction_outcome WHERE %s IS NOT NULL"):
        try:
            steward.execute(call, [then])
        except psycopg.Error as error:
            wrong.append(f"{call}: {error.sqlstate} {error}")
    tried = dict(steward.execute("SELECT person_id, string_agg(status, '+') FROM glucose.retraining_log "
                                 "WHERE tried_at >= %s AND model_type = 'glucose' GROUP BY 1", [then]).fetchall())
    missed = [str(person) for person in due if person not in tried]
    if missed or len(due) < 3:
        wrong.append(f"retrain_due() has left out {len(missed)} of {len(due)} who were due, of {len(persons)}: {missed}")
    failed = sum(status == "skipped" for status in tried.values())
    return wrong, (f"in the night after it {len(due)} of {len(persons)} persons were due and {len(due) - len(missed)} were "
                   f"tried, of whom {failed} could not be trained")


def faults_in(lines, fatal, excused):
    """What `fatal` finds in lines of a server's log, each with what stands under it, unless `excused` takes it back."""
    faults = (" | ".join(line[:400] for line in lines[i:i + (9 if "deadlock" in lines[i] else 2)])
              for i in range(len(lines)) if fatal.search(lines[i]))
    return [fault for fault in faults if not excused(fault)]


def of_plain_statements(fault):
    """Two users' statements waited for each other: one of them is ended and can be asked again."""
    return "deadlock detected" in fault and len(PLAIN.findall(fault)) == 2


def of_a_deletion(fault):
    """The same of a person's deletion and a plain change of its rows, which locks the row before its person."""
    return of_plain_statements(fault) and ERASES.search(fault)


def table(clients):
    """Deeds, how many, seconds each, and SQLSTATEs."""
    by_deed, seconds = collections.defaultdict(collections.Counter), collections.Counter()
    for client in clients:
        for (name, state), n in client.counts.items():
            by_deed[name][state] += n
        seconds.update(client.seconds)
    print("\n| deed | transactions | ms each | committed | otherwise |\n|---|---|---|---|---|")
    for name, states in sorted(by_deed.items()):
        n = sum(states.values())
        print(f"| {name} | {n} | {1000 * seconds[name] / n:.0f} | {states['00000']} | "
              + ", ".join(f"{state} {k}" for state, k in sorted(states.items()) if state != "00000") + " |")
    return by_deed


def main(psql, log, minutes):
    with psycopg.connect(dbname="postgres", autocommit=True) as server:
        server.execute("CREATE DATABASE load")
    subprocess.run([psql, "-XqAt", "-d", "load", "-f", pathlib.Path(__file__).parent / "world.sql"], check=True)
    session = connect("postgres")
    until = time.monotonic() + 60 * minutes
    functions = {name for name, in session.execute("SELECT proname FROM pg_proc WHERE pronamespace = 'glucose'::regnamespace")}
    clients = [Client(number, until, functions) for number in range(1, CLIENTS + 1)]
    watcher = Watcher(connect)
    for thread in (watcher, *clients):
        thread.start()
    for client in clients:
        client.join(60 * minutes + 120)
    wrong = [f"a client hangs: {client.name}" for client in clients if client.is_alive()]
    sources = "".join(path.read_text(encoding="utf-8") for path in pathlib.Path(__file__).parent.glob("*.py"))
    wrong += [f"no deed calls {name}()" for name in never_called(session, sources)]
    watcher.stop()
    by_deed = table(clients)
    wrong += [f"{name} has never gone through" for name, states in by_deed.items()
              if not states["00000"] and sum(states.values()) >= 10 and name not in REFUSED]
    quiet_wrong, night = ([], "the server was gone") if session.closed else settle(session)
    last = Watcher(connect, pause=0)
    last.stopping.clear()
    with connect("postgres") as again:
        again.execute("LOAD 'pg_glucose'")
        from watcher import INVARIANTS, orphans
        last.look(again, {**INVARIANTS, **orphans(again)})
        deadlocks, cap_kb = again.execute(
            "SELECT (SELECT deadlocks FROM pg_stat_database WHERE datname = 'load'), (SELECT sum(setting::bigint * CASE unit "
            "WHEN 'kB' THEN 1 WHEN 'MB' THEN 1024 ELSE 1 END) FROM pg_settings WHERE name IN ('glucose.max_train_memory', "
            "'glucose.cache_size'))").fetchone()
    lines = pathlib.Path(log).read_text(encoding="utf-8", errors="replace").splitlines()
    kept = pathlib.Path(__file__).parents[2] / "build" / "log" / "load-server.log"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text("\n".join(lines), encoding="utf-8")
    faults = faults_in(lines, FATAL, of_a_deletion)
    unexpected = [line for client in clients for line in client.unexpected]
    most_kb = max(watcher.memory_kb.values(), default=0)
    # Beside trainings and the cache, a process of the server holds its catalog caches and plans.
    if most_kb > cap_kb + 64 * 1024:
        wrong.append(f"a process took {most_kb // 1024} MB of its own, the settings allow {cap_kb // 1024} and 64 beside")
    wrong += quiet_wrong + watcher.violations[:20] + last.violations + faults[:20] + unexpected[:30]
    for line in wrong:
        print(f"  wrong: {line}")
    transactions = sum(sum(states.values()) for states in by_deed.values())
    committed = sum(states["00000"] for states in by_deed.values())
    print(f"{CLIENTS} clients, {minutes:g} minutes, {', '.join(ISOLATION)}: {transactions} transactions, {committed} committed; "
          f"{watcher.looks} looks at {watcher.count} invariants, {len(watcher.violations)} violated; {deadlocks} deadlocks; "
          f"{len(faults)} faults in the log; {len(unexpected)} unexpected SQLSTATEs; {most_kb // 1024} MB at most in a process; "
          f"{night}")
    print(f"{'FAILED' if wrong else 'ok    '}  load: {transactions} transactions, {len(faults)} faults, {deadlocks} deadlocks, "
          f"{len(watcher.violations)} violations")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], float(sys.argv[3])))
