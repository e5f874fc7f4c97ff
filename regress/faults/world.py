# SPDX-License-Identifier: PostgreSQL
"""The clients at work on a server, and what must hold whenever one looks."""
import collections
import os
import pathlib
import re
import shutil
import subprocess
import threading
import time

import run as load
from clients import Client, Witness
from watcher import INVARIANTS, orphans

HERE = pathlib.Path(__file__).parent
MIXED, WITNESSES = 5, 3
# What no fault excuses. A signal that we have not sent is a crash of its own.
FATAL = re.compile(r"PANIC|TRAP:|terminated by signal (?!9:)|\bXX\d\d\d |deadlock detected")
EXACTLY_ONE = """SELECT d.person_id, d.model_type, count(v.version) FROM (SELECT DISTINCT person_id, model_type FROM
    glucose.deployment) d LEFT JOIN glucose.model_version v ON v.person_id = d.person_id AND v.model_type = d.model_type
    AND v.is_active GROUP BY 1, 2 HAVING count(v.version) <> 1"""


class Fault:
    """What is being done to the server at the moment, so that clients know which answers may come."""

    def __init__(self, states):
        self.states, self.on, self.struck, self.lingers = states, threading.Event(), 0, False

    def strike(self):
        self.struck += 1
        self.on.set()

    def is_expected(self, state, since):
        """Of a session of before the last one, too, that notices only now."""
        return state in self.states and (self.on.is_set() or self.lingers or since is not None and since < self.struck)


class World:
    def __init__(self, psql, states):
        self.fault, self.wrong, self.looks = Fault(states), [], 0
        for script in (HERE.parent / "load" / "world.sql", HERE / "world.sql"):
            subprocess.run([psql, "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", "load", "-f", script], check=True)
        with load.connect("postgres") as session:
            functions = {name for name, in session.execute("SELECT proname FROM pg_proc WHERE pronamespace = "
                                                           "'glucose'::regnamespace")}
            self.invariants = {**INVARIANTS, **orphans(session), "exactly one active version": EXACTLY_ONE}
        with load.connect("carol") as session:
            self.forecasts = self.forecast(session)
        self.clients = [Client(number, functions, self.fault) for number in range(1, MIXED + 1)]
        self.witnesses = [Witness(number, self.fault) for number in range(1, WITNESSES + 1)]

    def begin(self):
        for thread in (*self.clients, *self.witnesses):
            thread.start()

    def end(self):
        for thread in (*self.clients, *self.witnesses):
            thread.until = 0
        for thread in (*self.clients, *self.witnesses):
            thread.join(120)
            if thread.is_alive():
                self.wrong.append(f"a client hangs: {thread.name}")
        for thread in (*self.clients, *self.witnesses):
            self.wrong += thread.unexpected[:20]

    @staticmethod
    def forecast(session):
        """The forecasts for the person that is left alone, as they are printed: all digits of each number."""
        return session.execute("SELECT string_agg(f::text, E'\\n' ORDER BY asked, minutes_ahead) FROM world.forecast f").fetchone()[0]

    def look(self, session, after):
        """All that has been acknowledged is there, and whatever always holds does, in one snapshot."""
        known = [(witness, witness.known()) for witness in self.witnesses]
        entered = [(client.number, set(client.acknowledged)) for client in self.clients]
        session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        wrong = []
        for name, sql in self.invariants.items():
            rows = session.execute(sql).fetchall()
            wrong += [f"{name}: {rows[:3]}"] if rows else []
        there = collections.defaultdict(set)
        for number, n in session.execute("SELECT client, n FROM world.ack").fetchall():
            there[number].add(n)
        for number, acknowledged in entered:
            if acknowledged - there[number]:
                wrong.append(f"client {number}: transactions {sorted(acknowledged - there[number])[:5]} were acknowledged")
        for witness, what in known:
            wrong += witness.lost(session, what)[:5] + witness.gaps(session)
        session.execute("COMMIT")
        with load.connect("carol") as carol:
            if self.forecast(carol) != self.forecasts:
                wrong.append("the forecasts of the person that is left alone are not the same to the last bit")
        self.looks += 1
        self.wrong += wrong
        for line in wrong:
            print(f"  wrong after {after}: {line}", flush=True)
        if self.looks % 25 == 0:
            print(f"  {after}: {self.acknowledged()} acknowledged, {len(self.wrong)} wrong", flush=True)

    def acknowledged(self):
        return sum(len(c.acknowledged) for c in self.clients) + sum(w.committed for w in self.witnesses)

    def items(self):
        return sum(len(kind) for witness in self.witnesses for kind in witness.known().values())

    def resume(self, patience):
        """How long until each witness has committed again; the fault is over."""
        began, before = time.monotonic(), [witness.committed for witness in self.witnesses]
        while any(witness.committed == n for witness, n in zip(self.witnesses, before)):
            if time.monotonic() - began > patience:
                self.wrong.append(f"a witness has not committed for {patience} s after the fault")
                break
            time.sleep(0.02)
        self.fault.on.clear()
        return time.monotonic() - began

    def refused(self):
        states = collections.Counter()
        for thread in (*self.clients, *self.witnesses):
            states.update(thread.refused)
        return states


def keep_log(log):
    kept = HERE.parents[1] / "build" / "log" / "faults-server.log"
    kept.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(log, kept)


def checked(server, world):
    """Every page has its checksum and every index its rows."""
    amcheck = server.as_owner("pg_amcheck", "-h", os.environ["PGHOST"], "-p", os.environ["PGPORT"], "-U", "postgres",
                              "-d", "load", "--heapallindexed", check=False)
    server.stop()
    checksums = server.as_owner("pg_checksums", "--check", "-D", server.data, check=False)
    world.wrong += [f"{name}: {done.stdout[-1000:]}" for name, done in (("pg_amcheck", amcheck), ("pg_checksums", checksums))
                    if done.returncode]
    server.start()
    return (f"pg_amcheck {'clean' if amcheck.returncode == 0 else 'NOT CLEAN'}, "
            f"pg_checksums {'clean' if checksums.returncode == 0 else 'NOT CLEAN'}")


def finish(server, world, session, figures, excused=None):
    """After the last fault: the clients end, a night goes by, and everything is looked at. How much was wrong."""
    world.end()
    # The long training that workers were killed in begins again each time; nobody waits for its end.
    with load.connect("carol") as carol:
        carol.execute("SELECT glucose.cancel_training(job_id) FROM glucose.training_job WHERE state IN ('queued', 'running')")
    wrong, night = load.settle(session)
    world.wrong += wrong
    world.look(session, "the last one")
    session.close()
    ended = checked(server, world)
    lines = pathlib.Path(server.log).read_text(encoding="utf-8", errors="replace").splitlines()
    faults = load.faults_in(lines, FATAL, lambda fault: load.of_plain_statements(fault)
                            or excused and excused.search(fault.split(" | ")[0]))
    for line in (*world.wrong[:40], *faults[:20]):
        print(f"  wrong: {line}")
    print(f"{figures}; {world.acknowledged()} transactions acknowledged, {world.items()} rows known one by one, {world.looks} "
          f"looks at {len(world.invariants)} invariants; {ended}; {night}; refused: "
          + ", ".join(f"{state} {n}" for state, n in sorted(world.refused().items())))
    return len(world.wrong) + len(faults)
