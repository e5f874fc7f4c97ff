# SPDX-License-Identifier: PostgreSQL
"""A full disk under load: of the tablespace of the database, or of the whole data folder, write-ahead log and all."""
import os
import pathlib
import re
import time

import psycopg

import run as load
from clients import GOING, NO_ROOM
from server import answers
from world import World, finish

# PostgreSQL stops when it cannot write its log, and starts again by itself when it can.
EXCUSED = re.compile(r"No space left on device|terminated by signal 6")
ENOUGH, PATIENCE = 10, 30


def fill(filler):
    """Takes all the room there is on that disk; what is freed meanwhile, too."""
    room = os.statvfs(filler.parent)
    free = room.f_bavail * room.f_bsize
    with open(filler, "ab") as file:
        try:
            os.posix_fallocate(file.fileno(), file.tell(), max(free - 8192, 1))
        except OSError:
            pass


def refused(world):
    return world.refused()["53100"]


def is_up(server):
    try:
        os.kill(server.postmaster, 0)
        return True
    except OSError:
        return False


def disk(server, psql, small, rounds):
    small = pathlib.Path(small)
    whole = small == server.data
    world = World(psql, NO_ROOM + (GOING if whole else ()))
    if not whole:
        with psycopg.connect(dbname="postgres", autocommit=True) as session:
            session.execute(f"CREATE TABLESPACE small LOCATION '{small}/database'")
            session.execute("ALTER DATABASE load SET TABLESPACE small")
    session = load.connect("postgres")
    filler, resumed, before_all, restarts = small / "filler", [], 0, 0
    world.begin()
    for number in range(rounds):
        time.sleep(1)
        world.fault.strike()
        before, until = refused(world), time.monotonic() + PATIENCE
        while refused(world) < before + ENOUGH and time.monotonic() < until:
            if not whole or is_up(server):
                fill(filler)
            time.sleep(0.1)
        if refused(world) == before and not session.closed and not whole:
            world.wrong.append(f"nobody was refused with 53100 in round {number + 1}")
        filler.unlink(missing_ok=True)
        if not is_up(server):
            restarts += 1
            (server.data / "postmaster.pid").unlink(missing_ok=True)
            server.start()
        began = time.monotonic()
        world.resume(60)
        resumed.append(time.monotonic() - began)
        session.close()
        session = answers(load.connect)
        world.look(session, f"full disk {number + 1}")
        before_all += refused(world) - before
    with open(server.log, encoding="utf-8", errors="replace") as log:
        panics = sum("PANIC" in line for line in log)
    if max(resumed) > 10:
        world.wrong.append(f"writes resumed after {max(resumed):.1f} s only")
    wrong = finish(server, world, session, f"{rounds} times no room in {'the data folder' if whole else 'the tablespace'}: "
                   f"{before_all} transactions refused with 53100; {panics} times the server stopped for want of room for its log, "
                   f"{restarts} times it had to be started by hand; writes resumed after {max(resumed):.1f} s (longest)",
                   EXCUSED if whole else None)
    return f"{rounds} full disks", wrong
