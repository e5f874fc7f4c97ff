# SPDX-License-Identifier: PostgreSQL
"""Clients of one pooler, each transaction another caller's: whose rows do they see?"""
import collections
import json
import pathlib
import random
import sys
import threading
import time

import psycopg

sys.path.append(str(pathlib.Path(__file__).parents[2] / "regress" / "roles"))
from kinds import token

SOCKET, PORT, POOLER_PORT, CLIENTS, TRANSACTIONS = sys.argv[1], *map(int, sys.argv[2:])
CALLERS = [f"caller {n}" for n in range(40)]


def connect(port, user):
    return psycopg.connect(host=SOCKET, port=port, user=user, dbname="pooled", prepare_threshold=None, autocommit=True)


def fill(server):
    """A person of each caller, with readings."""
    for who in CALLERS:
        with server.transaction():
            server.execute("SET LOCAL ROLE app")
            server.execute("SELECT glucose.login(%s)", [token(who)])
            server.execute("SELECT glucose.simulate_person(1, 2)")


def owners(session):
    return session.execute("SELECT array_agg(DISTINCT owner), (SELECT count(DISTINCT person_id) FROM glucose.glucose_reading) "
                           "FROM glucose.person").fetchone()


class Client(threading.Thread):
    """Asks as another caller in every transaction; in some as nobody, or as one who is refused or undone."""

    def __init__(self, number, enter, n):
        super().__init__()
        self.random, self.enter, self.n = random.Random(number), enter, n
        self.seen = collections.Counter()

    def expects(self, session, who):
        found, persons = owners(session)
        right = (found == [who] and persons == 1) if who else (found is None and persons == 0)
        self.seen["right" if right else "wrong"] += 1
        if not right and not who:
            self.seen["rows without an identity"] += 1

    def transaction(self, session):
        who, kind = self.random.choice(CALLERS), self.random.random()
        with session.transaction():
            if kind < 0.2:  # nobody
                return self.expects(session, None)
            self.enter(session, who)
            self.expects(session, who)
            if kind < 0.4:  # undone by a savepoint
                other = self.random.choice(CALLERS)
                with session.transaction(force_rollback=True):
                    self.enter(session, other)
                    self.expects(session, other)
                self.expects(session, who)
            if kind > 0.95:
                raise psycopg.Rollback()

    def run(self):
        with connect(POOLER_PORT, "app") as session:
            for _ in range(self.n):
                self.seen["transactions"] += 1
                try:
                    self.transaction(session)
                    if self.enter is by_token and self.random.random() < 0.1:  # a forged one is refused and leaves nobody
                        session.execute("SELECT glucose.login(%s)", [token("caller 1", "another key" * 4)])
                except psycopg.errors.InvalidAuthorizationSpecification:
                    self.seen["refused"] += 1
                except psycopg.Error as error:
                    self.seen[f"error {error.sqlstate}"] += 1


def trial(name, enter, n):
    clients = [Client(number, enter, n // CLIENTS) for number in range(CLIENTS)]
    started = time.monotonic()
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    seen = sum((client.seen for client in clients), collections.Counter())
    print(f"{name}: " + ", ".join(f"{count} {what}" for what, count in sorted(seen.items()))
          + f"; {CLIENTS} clients, {time.monotonic() - started:.0f} s", flush=True)
    return seen


def by_token(session, who):
    session.execute("SELECT glucose.login(%s)", [token(who)])


def by_session_claims(session, who):
    session.execute("SELECT set_config('request.jwt.claims', %s, false)", [json.dumps({"sub": who})])


def main():
    with connect(PORT, "postgres") as server:
        server.execute("ALTER ROLE app SET glucose.identity = 'token'")
        server.execute("SET glucose.identity = 'token'")
        fill(server)
        tokens = trial("by tokens", by_token, TRANSACTIONS)
        server.execute("ALTER ROLE app SET glucose.identity = 'claims'")
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'")
        time.sleep(1)
        claims = trial("control, claims of the session", by_session_claims, max(TRANSACTIONS // 10, 10 * CLIENTS))
    right = tokens["wrong"] == 0 and tokens["right"] >= TRANSACTIONS // CLIENTS * CLIENTS and not any(
        what.startswith("error") for what in tokens)
    if not right or claims["rows without an identity"] == 0:
        sys.exit("not as it should be")


main()
