# SPDX-License-Identifier: PostgreSQL
"""Promotions under load: the primary is killed, its standby (synchronous_commit = remote_apply) takes over, and so on."""
import os
import shutil
import time

import psycopg

import run as load
from clients import GOING
from server import Server, answers
from world import World, finish

# Read-only: a client that comes before the promotion is through.
STATES = (*GOING, "25006")
FEW = "SELECT string_agg(f::text, E'\\n' ORDER BY asked, minutes_ahead), count(*) * 4 FROM world.forecast f"
EVERYTHING = """SELECT string_agg(concat(m.person_id, f), E'\\n' ORDER BY m.person_id, m.meal_id, f.minutes_ahead), count(*) * 4
    FROM glucose.meal m,
    glucose.glucose_forecast(m.meal_id, '{"on_error": "none"}', m.person_id) f"""


def standby_of(primary, number):
    """A standby that follows synchronously, in a folder beside the primary's."""
    data, port = primary.data.parent / f"standby{number}", int(os.environ["PGPORT"]) + 1
    primary.as_owner("pg_basebackup", "-D", data, "-h", os.environ["PGHOST"], "-p", os.environ["PGPORT"], "-U", "postgres", "-R",
                     "-c", "fast", "-X", "stream")
    with open(data / "postgresql.auto.conf", "a", encoding="utf-8") as settings:
        settings.write(f"port = {port}\nsynchronous_standby_names = ''\n")
    standby = Server(primary.programs, data, primary.log)
    standby.start()
    return standby, port


def follow(session):
    session.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
    session.execute("ALTER SYSTEM SET synchronous_commit = 'remote_apply'")
    session.execute("SELECT pg_reload_conf()")
    until = time.monotonic() + 60
    while not session.execute("SELECT true FROM pg_stat_replication WHERE sync_state = 'sync'").fetchone():
        if time.monotonic() > until:
            raise RuntimeError("the standby does not follow")
        time.sleep(0.05)


def quiet(session):
    """Waits until no worker trains any more."""
    until = time.monotonic() + 120
    while session.execute("SELECT true FROM pg_stat_activity WHERE backend_type LIKE 'pg_glucose%'").fetchone():
        if time.monotonic() > until:
            raise RuntimeError("workers do not end")
        time.sleep(0.1)


def patiently(session, sql):
    """A standby ends statements that hold up what it replays; then they are asked again."""
    for _ in range(20):
        try:
            return session.execute(sql).fetchone()
        except psycopg.errors.SerializationFailure:
            time.sleep(1)
    return session.execute(sql).fetchone()


def same_forecasts(world, port, role, sql):
    """Primary and standby give the same answer; how many numbers it has."""
    answers_of = []
    for where in (os.environ["PGPORT"], port):
        with psycopg.connect(dbname="load", user=role, port=where, autocommit=True) as session:
            answers_of.append(patiently(session, sql))
    ours, theirs = (str(answer[0]).split("\n") for answer in answers_of)
    if ours != theirs or len(ours) < 100:
        other = [pair for pair in zip(ours, theirs) if pair[0] != pair[1]][:3]
        world.wrong.append(f"primary and standby do not forecast the same: {len(ours)}, {len(theirs)} rows; {other}")
    return answers_of[0][-1]


def gone():
    """Waits until the server that was killed answers nobody any more."""
    until = time.monotonic() + 60
    while True:
        try:
            psycopg.connect(dbname="load", user="postgres", connect_timeout=2).close()
        except psycopg.Error:
            return
        if time.monotonic() > until:
            raise RuntimeError("a killed server still answers")
        time.sleep(0.02)


def promotions(server, psql, rounds):
    world, took, writes, numbers = World(psql, STATES), [], [], 0
    session = load.connect("postgres")
    world.begin()
    for number in range(rounds):
        standby, port = standby_of(server, number + 1)
        follow(session)
        time.sleep(2)
        numbers += same_forecasts(world, port, "carol", FEW)
        world.fault.strike()
        session.close()
        if number % 2:
            server.stop("immediate")
        else:
            server.kill_postmaster()
        gone()
        began = time.monotonic()
        standby.as_owner("pg_ctl", "-D", standby.data, "-w", "-t", 60, "promote")
        took.append(time.monotonic() - began)
        os.environ["PGPORT"] = str(port)
        session = answers(load.connect)
        world.resume(60)
        writes.append(time.monotonic() - began)
        world.look(session, f"promotion {number + 1}")
        before, server = server, standby
        shutil.rmtree(before.data, ignore_errors=True)
    standby, port = standby_of(server, rounds + 1)
    follow(session)
    world.end()
    quiet(session)
    numbers += same_forecasts(world, port, "steward", EVERYTHING)
    standby.stop("immediate")
    for setting in ("synchronous_standby_names", "synchronous_commit"):
        session.execute(f"ALTER SYSTEM RESET {setting}")
    session.execute("SELECT pg_reload_conf()")
    wrong = finish(server, world, session, f"{rounds} promotions, {sorted(took)[len(took) // 2]:.1f} s each (median), "
                   f"{max(took):.1f} s (longest), everybody wrote again after {max(writes):.1f} s; {numbers} numbers of forecasts "
                   "the same on primary and standby")
    server.stop()
    return f"{rounds} promotions", wrong
