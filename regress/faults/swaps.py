# SPDX-License-Identifier: PostgreSQL
"""The library is replaced by rename, as an installation does, under sessions that have it loaded: by one that says it is of
another version, and back by cmake --install."""
import os
import subprocess
import time

import psycopg

import run as load
from server import answers
from world import HERE, World, finish

ASK = "SELECT count(*) FROM world.forecast"


def replace(library, content):
    new = library.with_suffix(".new")
    new.write_bytes(content)
    new.chmod(0o755)
    os.rename(new, library)


def says(role):
    """What a new session of it is told: an SQLSTATE, and whether with what to do."""
    with load.connect(role) as session:
        try:
            session.execute(ASK)
            return "00000"
        except psycopg.Error as error:
            return error.sqlstate if "ALTER EXTENSION pg_glucose UPDATE" in (error.diag.message_hint or "") else f"{error}"


def swaps(server, psql, rounds):
    world = World(psql, ("55000",))
    # A session that began with the other library keeps it.
    world.fault.lingers = True
    found = list(server.data.parent.glob("usr/**/pg_glucose.so")) or list(server.data.parent.rglob("pg_glucose.so"))
    library, content = found[0], found[0].read_bytes()
    session = load.connect("postgres")
    version, = session.execute("SELECT extversion FROM pg_extension WHERE extname = 'pg_glucose'").fetchone()
    other = content.replace(version.encode(), (version[:-1] + "9").encode())
    kept = load.connect("carol")
    kept.execute(ASK)
    world.begin()
    for number in range(rounds):
        before = [witness.committed for witness in world.witnesses]
        world.fault.strike()
        replace(library, other)
        time.sleep(0.3)
        told = says("carol")
        if told != "55000":
            world.wrong.append(f"a new session with another library: {told}")
        kept.execute(ASK)
        time.sleep(0.5)
        if all(witness.committed == n for witness, n in zip(world.witnesses, before)):
            world.wrong.append(f"no session went on with its library in round {number + 1}")
        subprocess.run(["cmake", "--install", HERE.parents[1] / "build" / "dev"], check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, "DESTDIR": str(server.data.parent)})
        if library.read_bytes() != content or says("carol") != "00000":
            world.wrong.append("the library is not the one that was installed")
        world.resume(60)
        session.close()
        session = answers(load.connect)
        world.look(session, f"replacement {number + 1}")
    kept.execute(ASK)
    kept.close()
    wrong = finish(server, world, session, f"{rounds} times another library and back, {sum(w.committed for w in world.witnesses)} "
                   "transactions of witnesses meanwhile")
    return f"{2 * rounds} replaced libraries", wrong
