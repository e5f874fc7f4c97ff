# SPDX-License-Identifier: PostgreSQL
"""run.py [NAME...]: each trial of this folder in a database of its own, copied from one that world.sql makes."""
import os
import pathlib
import subprocess
import sys
import time

import psycopg

HERE = pathlib.Path(__file__).parent
TRIALS = ["caregiver", "analyst", "steward", "postgrest", "django_app", "sqlalchemy_app", "probes"]


def main(names):
    unknown = set(names) - set(TRIALS)
    if unknown:
        sys.exit(f"no trial {', '.join(sorted(unknown))}; there is: {' '.join(TRIALS)}")
    with psycopg.connect(dbname="postgres", autocommit=True) as server:
        server.execute("CREATE DATABASE world")
        subprocess.run([sys.argv[1], "-XqAt", "-d", "world", "-f", HERE / "world.sql"], check=True)
        failed = []
        for name in names or TRIALS:
            server.execute(f"CREATE DATABASE trial_{name} TEMPLATE world")
            started = time.monotonic()
            code = subprocess.run([sys.executable, "-B", HERE / f"{name}.py"],
                                  env={**os.environ, "PGDATABASE": f"trial_{name}"}, check=False).returncode
            print(f"        {time.monotonic() - started:.1f} s", flush=True)
            if code:
                failed.append(name)
    print(f"{len(names or TRIALS) - len(failed)} of {len(names or TRIALS)} trials passed"
          + (f"; failed: {' '.join(failed)}" if failed else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[2:]))
