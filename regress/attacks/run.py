# SPDX-License-Identifier: PostgreSQL
"""run.py PSQL [--quick] [NAME...]: each attack of this folder in a database of its own, copied from that of the trials of
roles. --quick: a sample of each, for every test; without it all of it."""
import os
import pathlib
import subprocess
import sys

import psycopg

HERE = pathlib.Path(__file__).parent
ATTACKS = ["arguments", "poison", "timing", "hijack", "vanishing", "joining"]


def main(psql, names):
    quick = "--quick" in names
    names = [name for name in names if name != "--quick"]
    unknown = set(names) - set(ATTACKS)
    if unknown:
        sys.exit(f"no attack {', '.join(sorted(unknown))}; there is: {' '.join(ATTACKS)}")
    with psycopg.connect(dbname="postgres", autocommit=True) as server:
        server.execute("CREATE DATABASE world")
        subprocess.run([psql, "-XqAt", "-d", "world", "-f", HERE.parent / "roles" / "world.sql"], check=True)
        server.execute("ALTER ROLE keeper LOGIN")
        failed = []
        for name in names or ATTACKS:
            server.execute(f"CREATE DATABASE attack_{name} TEMPLATE world")
            code = subprocess.run([sys.executable, "-B", HERE / f"{name}.py"], check=False, env={
                **os.environ, "PGDATABASE": f"attack_{name}", "ATTACK_LONG": "0" if quick else "1", "ATTACK_PSQL": psql}).returncode
            if code:
                failed.append(name)
    print(f"{len(names or ATTACKS) - len(failed)} of {len(names or ATTACKS)} attacks tests passed"
          + (f"; failed: {' '.join(failed)}" if failed else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
