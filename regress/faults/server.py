# SPDX-License-Identifier: PostgreSQL
"""A server of ours that may be killed: its processes, and how it comes back."""
import os
import pathlib
import signal
import subprocess
import time

import psycopg

PATIENCE = 60


class Server:
    def __init__(self, programs, data, log):
        self.programs, self.data, self.log = programs, pathlib.Path(data), log

    def as_owner(self, program, *arguments, check=True):
        """Runs a program of the server as the user who owns it: the caller, or postgres when the caller is root."""
        before = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        done = subprocess.run([*before, f"{self.programs}/{program}", *map(str, arguments)], cwd=self.data.parent,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, check=False)
        if check and done.returncode:
            raise RuntimeError(f"{program} failed: {done.stdout[-2000:]}")
        return done

    @property
    def postmaster(self):
        return int((self.data / "postmaster.pid").read_text(encoding="ascii").split("\n", 1)[0])

    def start(self):
        """What the postmaster has left behind may still be at work; until it has gone, a start is refused."""
        until = time.monotonic() + PATIENCE
        while True:
            done = self.as_owner("pg_ctl", "-D", self.data, "-l", self.log, "-w", "-t", PATIENCE, "start", check=False)
            if done.returncode == 0:
                return
            if time.monotonic() > until:
                raise RuntimeError(f"the server does not start: {done.stdout[-500:]}")
            time.sleep(0.2)

    def stop(self, mode="fast"):
        self.as_owner("pg_ctl", "-D", self.data, "-m", mode, "-w", "-t", PATIENCE, "stop")

    def kill_postmaster(self):
        os.kill(self.postmaster, signal.SIGKILL)


def answers(connect):
    """A session, as soon as the server gives one."""
    began = time.monotonic()
    while True:
        try:
            session = connect("postgres")
            session.execute("SELECT count(*) FROM glucose.person")
            return session
        except psycopg.Error as error:
            if time.monotonic() - began > PATIENCE:
                raise RuntimeError(f"no answer after {PATIENCE} s: {error}") from error
            time.sleep(0.05)
