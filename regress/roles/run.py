# SPDX-License-Identifier: PostgreSQL
"""run.py PSQL [NAME...] [--whole]: each trial of this folder in a database of its own, copied from one that world.sql
makes; two at a time. --whole: the probes of functions in all modes of identity."""
import concurrent.futures
import os
import pathlib
import subprocess
import sys
import time

import psycopg

from kinds import MODES

HERE = pathlib.Path(__file__).parent
TRIALS = ["probes", "caregiver", "analyst", "steward", "postgrest", "django_app", "sqlalchemy_app"]


def parts(names, options):
    """The probes are a part for each mode, the longest first."""
    for name in names:
        for mode in MODES if name == "probes" else [None]:
            yield [name, mode, *options] if mode else [name]


def run(part):
    """What a trial prints, and whether it failed."""
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-B", HERE / f"{part[0]}.py", *part[1:]], env={**os.environ, "PGDATABASE": database(part)},
                          check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    print(f"{done.stdout}        {time.monotonic() - started:.1f} s", flush=True)
    return done.returncode != 0


def database(part):
    return "trial_" + "_".join(word for word in part if not word.startswith("--"))


def main(names, options):
    unknown = set(names) - set(TRIALS) | set(options) - {"--whole"}
    if unknown:
        sys.exit(f"no trial {', '.join(sorted(unknown))}; there is: {' '.join(TRIALS)} --whole")
    todo = list(parts(names or TRIALS, options))
    with psycopg.connect(dbname="postgres", autocommit=True) as server:
        server.execute("CREATE DATABASE world")
        subprocess.run([sys.argv[1], "-XqAt", "-d", "world", "-f", HERE / "world.sql"], check=True)
        for part in todo:
            server.execute(f"CREATE DATABASE {database(part)} TEMPLATE world")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        failed = [" ".join(part) for part, is_failed in zip(todo, pool.map(run, todo)) if is_failed]
    print(f"{len(todo) - len(failed)} of {len(todo)} trials passed" + (f"; failed: {', '.join(failed)}" if failed else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    words = sys.argv[2:]
    sys.exit(main([word for word in words if not word.startswith("--")], [word for word in words if word.startswith("--")]))
