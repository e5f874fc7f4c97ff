# SPDX-License-Identifier: PostgreSQL
"""A statement that is told to stop, and how long a server's process works until it looks whether it was."""
import os
import pathlib
import signal
import threading
import time

import psycopg


def worked_ms(pid):
    return int(pathlib.Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0]) / 1e6


class Running(threading.Thread):
    """A statement in a transaction that is taken back."""

    def __init__(self, session, statement):
        super().__init__(daemon=True)
        self.session, self.statement, self.state, self.ended = session, statement, None, None
        self.worked, self.message = None, ""

    def run(self):
        try:
            self.session.execute(self.statement)
            self.state = "00000"
        except psycopg.Error as error:
            self.state = error.sqlstate
            self.message = str(error).splitlines()[0]
        self.ended, self.worked = time.monotonic(), worked_ms(self.session.info.backend_pid)


def run(session, statement, stop_after=None, commits=False):
    """Its SQLSTATE, seconds until it ended, and milliseconds that it worked and that passed after it was told to stop; commits:
    it does so itself."""
    if not commits:
        session.execute("BEGIN")
    pid, running, began = session.info.backend_pid, Running(session, statement), time.monotonic()
    running.start()
    at, told = (began, worked_ms(pid)) if stop_after is None else (None, None)
    if stop_after is not None:
        running.join(stop_after)
        told, at = worked_ms(pid), time.monotonic()
        if running.is_alive():
            os.kill(pid, signal.SIGINT)
    running.join(900)
    state = running.state
    # A signal that came after the end stops the next statement.
    for _ in range(2):
        try:
            session.execute("ROLLBACK")
            break
        except psycopg.Error:
            pass
    if state not in ("00000", "57014"):
        raise SystemExit(f"{statement}: {state} {running.message}")
    return state, running.ended - began, running.worked - told, 1000 * (running.ended - at)


class Beside(threading.Thread):
    """Calls `look` every so many milliseconds until it is stopped."""

    def __init__(self, look, every_ms):
        super().__init__(daemon=True)
        self.look, self.every_s, self.stopped = look, every_ms / 1000, threading.Event()

    def run(self):
        while not self.stopped.wait(self.every_s):
            self.look()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.join()


class Stretches:
    """How long a server's process works until it looks whether it was interrupted: it is asked to log what memory it has, again
    as soon as it has done so."""

    def __init__(self, pid, admin, log):
        self.pid, self.admin, self.log, self.worked_ms = pid, admin, open(log, encoding="utf-8", errors="replace"), []
        self.log.seek(0, os.SEEK_END)
        self.asked, self.text, self.is_new = None, "", True

    def look(self):
        if self.asked is None:
            self.asked = worked_ms(self.pid)
            self.admin.execute("SELECT pg_log_backend_memory_contexts(%s)", (self.pid,))
        worked = worked_ms(self.pid)
        self.text += self.log.read()
        if self.is_new and f"logging memory contexts of PID {self.pid}" in self.text:
            self.worked_ms.append(worked - self.asked)
            self.is_new = False
        if "Grand total" in self.text:
            self.asked, self.text, self.is_new = None, "", True
