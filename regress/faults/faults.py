# SPDX-License-Identifier: PostgreSQL
"""faults.py PROGRAMS DATA LOG NAME ROUNDS [SMALL]: what ./dev faults does to a server under the mixed load of ./dev load;
SMALL is the folder of little room."""
import pathlib
import sys
import time

sys.path.append(str(pathlib.Path(__file__).parents[1] / "load"))

# pylint: disable=wrong-import-position
import psycopg

from crashes import KINDS, crashes
from disk import disk
from server import Server
from standby import promotions
from swaps import swaps
from world import keep_log


def main(programs, data, log, name, rounds, small=None):
    server, began = Server(programs, data, log), time.monotonic()
    with psycopg.connect(dbname="postgres", autocommit=True) as session:
        session.execute("CREATE DATABASE load")
    psql = f"{programs}/psql"
    try:
        if small:
            done, faults = disk(server, psql, small, rounds)
        elif name == "promotion":
            done, faults = promotions(server, psql, rounds)
        elif name == "library":
            done, faults = swaps(server, psql, rounds)
        else:
            done, faults = crashes(server, psql, KINDS if name == "crash" else (name,), rounds)
    finally:
        keep_log(log)
    print(f"{'FAILED' if faults else 'ok    '}  faults: {done}, {faults} wrong, {time.monotonic() - began:.0f} s")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:5], int(sys.argv[5]), *sys.argv[6:]))
