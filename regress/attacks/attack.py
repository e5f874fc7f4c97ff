# SPDX-License-Identifier: PostgreSQL
"""What the attacks share: sessions whose calls are looked at (SQLSTATE, figures, time, memory), and how one ends."""
import collections
import os
import pathlib
import re
import sys
import time
import traceback

import psycopg

sys.path.append(str(pathlib.Path(__file__).parent.parent / "roles"))
from trial import flat

LONG = os.environ.get("ATTACK_LONG") == "1"
# No call may take longer; what is stopped by then has been stopped in time.
SECONDS = 10
# What a process of the server may take: shared buffers, a training, the cache, and its own catalogs, plans and rows.
MOST_MB = 64 + 256 + 64 + 128
NOT_FINITE = re.compile(r"(?<![A-Za-z_])-?(NaN|inf(inity)?)(?![A-Za-z_])", re.I)


def connect(role, **options):
    """A session that logs in as the role, in this attack's database."""
    return psycopg.connect(dbname=os.environ["PGDATABASE"], user=role, autocommit=True, prepare_threshold=None, **options)


class Attack:
    """Counts what was tried; at the end of the block, prints what was wrong and exits."""

    def __init__(self, name):
        self.name, self.n, self.wrong, self.states, self.started = name, 0, {}, collections.Counter(), time.monotonic()
        self.slowest, self.slowest_sql, self.most_kb, self.figures = 0.0, "", 0, ""

    def __enter__(self):
        return self

    def complain(self, what, where=""):
        self.wrong.setdefault(what, []).append(where)

    def check(self, what, holds, found=""):
        self.n += 1
        if not holds:
            self.complain(f"not as it should be: {what}", found)
        return holds

    def __exit__(self, kind, error, trace):
        if error is not None:
            traceback.print_exc()
            self.complain(f"ended by {kind.__name__}")
        for what, where in list(self.wrong.items())[:60]:
            print(f"  {self.name}: {what}" + (f" ({len(where)} times; {flat(where[0], 300)})" if any(where) else ""))
        if self.states:
            print(f"        by SQLSTATE: {', '.join(f'{state} {n}' for state, n in sorted(self.states.items()))}")
        if self.most_kb:
            print(f"        longest {self.slowest:.2f} s ({flat(self.slowest_sql, 300)}); most memory {self.most_kb // 1024} MB")
        print(f"{'FAILED' if self.wrong else 'ok    '}  {self.name}: {self.n} tried{self.figures}, {len(self.wrong)} not as it "
              f"should be, {time.monotonic() - self.started:.0f} s", flush=True)
        sys.exit(1 if self.wrong else 0)


class Caller:
    """A role's session. Each call is undone; what must never be is a complaint of the attack."""

    def __init__(self, attack, role, setting="SELECT", excused=lambda text: False):
        self.attack, self.role, self.setting, self.excused = attack, role, setting, excused
        self.open()

    def open(self):
        self.session = connect(self.role)
        self.session.execute(f"{self.setting}; SET statement_timeout = '{SECONDS}s'; SET client_min_messages = error; "
                             "SET extra_float_digits = 0")
        self.pid = self.session.info.backend_pid

    def call(self, sql, about="", may_be_infinite=False, kept=False):
        """One statement; with `kept` not undone. Returns its SQLSTATE and rows."""
        attack, rows, started = self.attack, (), time.monotonic()
        try:
            if not kept:
                self.session.execute("BEGIN")
            cursor = self.session.execute(sql)
            rows = cursor.fetchall() if cursor.description else ()
            state, text = "00000", ""
        except psycopg.Error as error:
            state, text = error.sqlstate or "08006", str(error).split("\n", maxsplit=1)[0]
        took = time.monotonic() - started
        if self.session.closed:
            attack.complain("the session is gone", sql)
            time.sleep(2)
            self.open()
        else:
            self.session.execute("ROLLBACK")
        attack.n += 1
        attack.states[state] += 1
        if took > attack.slowest:
            attack.slowest, attack.slowest_sql = took, sql
        if (state[:2] in ("XX", "08") or state in ("53200", "54001")) and not self.excused(text):
            attack.complain(f"{state} {text}", sql)
        if state == "57014" or took > SECONDS + 1:
            attack.complain(f"{name_in(sql)} takes too long ({took:.1f} s) {about}", sql)
        found = not may_be_infinite and next((str(row) for row in rows if NOT_FINITE.search(str(row))), None)
        if found:
            attack.complain(f"{name_in(sql)} answers with what is no number {about}", f"{sql}: {found}")
        return state, rows

    def weigh(self, about=""):
        """Most memory that this process has ever held, in kB."""
        try:
            with open(f"/proc/{self.pid}/status", encoding="ascii", errors="replace") as status:
                kb = int(re.search(r"^VmHWM:\s+(\d+) kB", status.read(), re.M)[1])
        except (OSError, TypeError):
            return 0
        self.attack.most_kb = max(self.attack.most_kb, kb)
        if kb > MOST_MB * 1024:
            self.attack.complain(f"a process took {kb // 1024} MB {about}")
        return kb


def name_in(sql):
    found = re.search(r"glucose\.(\w+)", sql)
    return f"{found[1]}()" if found else flat(sql)[:40]
