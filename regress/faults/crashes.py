# SPDX-License-Identifier: PostgreSQL
"""Crashes under load: a backend, a worker, the postmaster killed with -9, a server stopped at once."""
import contextlib
import os
import random
import signal
import time

import psycopg

import run as load
from clients import GOING
from server import answers
from world import World, finish

KINDS = ("backend", "worker", "postmaster", "immediate")
LONG = '{"epochs": 3000, "patience": 3000}'


def busy(session, kind):
    """A process to be killed: a client's at work, or a worker's that trains. None when there is none."""
    where = ("backend_type = 'client backend' AND usename <> 'postgres' AND state = 'active'" if kind == "backend"
             else "backend_type LIKE 'pg_glucose%'")
    row = session.execute(f"SELECT pid FROM pg_stat_activity WHERE datname = 'load' AND {where} ORDER BY random() "
                          "LIMIT 1").fetchone()
    return row and row[0]


def victim(session, kind):
    if kind == "worker":
        with load.connect("carol") as carol:
            # What is queued or running already is trained just as well.
            carol.execute("SELECT glucose.train_model_async(glucose.key('carol4'), 'glucose', 'lstm', %s) WHERE NOT EXISTS "
                          "(SELECT FROM glucose.training_job WHERE person_id = glucose.key('carol4') AND state IN "
                          "('queued', 'running'))", [LONG])
            carol.execute("SELECT glucose.start_training_workers()")
        time.sleep(random.random())
    until = time.monotonic() + 20
    while time.monotonic() < until:
        pid = busy(session, kind)
        if pid:
            return pid
        time.sleep(0.02)
    raise RuntimeError(f"no {kind} to kill")


def kill_one(session, kind):
    pid = victim(session, kind)
    at = time.monotonic()
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    return at


def gone(session):
    """Whether the server ends our own session, too: not when the process had just ended by itself."""
    until = time.monotonic() + 5
    while time.monotonic() < until:
        try:
            session.execute("SELECT 1")
        except psycopg.Error:
            return True
        time.sleep(0.01)
    return False


def strike(server, session, kind):
    """Does it, and says when."""
    if kind in ("backend", "worker"):
        at = kill_one(session, kind)
        while not gone(session):
            at = kill_one(session, kind)
        return at
    at = time.monotonic()
    if kind == "postmaster":
        session.close()
        server.kill_postmaster()
        server.start()
    else:
        session.close()
        server.stop("immediate")
        server.start()
    return at


def crashes(server, psql, kinds, rounds):
    world = World(psql, GOING)
    session = load.connect("postgres")
    world.begin()
    counts, back = dict.fromkeys(kinds, 0), []
    for number in range(rounds):
        kind = kinds[number % len(kinds)]
        time.sleep(random.uniform(0.2, 1.5))
        world.fault.strike()
        at = strike(server, session, kind)
        session = answers(load.connect)
        back.append(time.monotonic() - at)
        world.resume(60)
        counts[kind] += 1
        world.look(session, f"crash {number + 1} ({kind})")
    wrong = finish(server, world, session, f"{', '.join(f'{n} × {kind}' for kind, n in counts.items())}; answered again after "
                   f"{sorted(back)[len(back) // 2]:.1f} s (median), {max(back):.1f} s (longest)")
    return f"{sum(counts.values())} crashes", wrong
