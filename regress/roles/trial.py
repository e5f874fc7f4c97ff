# SPDX-License-Identifier: PostgreSQL
"""What the trials share: a role does its day's work, tries what it must not be able to do, and both are counted."""
import os
import sys
import traceback

import psycopg

# Refused for want of a right, by row-level security, or because COPY FROM is not for tables with row-level security.
REFUSED = ("42501", "0A000")
# "Not yours" is "not there"; behind a gateway that maps codes to HTTP, PT404 says the same.
NOT_FOUND = ("P0002", "PT404")


def connect(role, **options):
    """A session that logs in as the role, in this trial's database."""
    return psycopg.connect(dbname=os.environ["PGDATABASE"], user=role, autocommit=True, **options)


class Trial:
    """Counts what was done and what was refused; at the end of the block, prints both and exits."""

    def __init__(self, name):
        self.name, self.done, self.refused, self.wrong = name, 0, 0, []

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if error is not None:
            traceback.print_exc()
            self.wrong.append(f"ended by {kind.__name__}")
        for line in self.wrong:
            print(f"  {self.name}: {line}")
        print(f"{'FAILED' if self.wrong else 'ok    '}  {self.name}: {self.done} things done, {self.refused} refused"
              + (f", {len(self.wrong)} wrong" if self.wrong else ""))
        sys.exit(1 if self.wrong else 0)

    def check(self, what, holds, found=""):
        """One thing done, if it holds."""
        if holds:
            self.done += 1
        else:
            self.wrong.append(f"not as it should be: {what} {found}".rstrip())
        return holds

    def does(self, connection, sql, parameters=None, rows=None):
        """Runs a statement of the day's work and returns its rows; `rows`: how many it must see or change."""
        try:
            cursor = connection.execute(sql, parameters)
        except psycopg.Error as error:
            self.wrong.append(f"not done: {flat(sql)}: {error.sqlstate} {error}")
            return []
        self.check(flat(sql), rows is None or cursor.rowcount == rows, f"{cursor.rowcount} rows instead of {rows}")
        return cursor.fetchall() if cursor.description else []

    def cannot(self, connection, sql, parameters=None, states=REFUSED, or_nothing=False):
        """Tries a statement that must be refused with one of `states`, or, with or_nothing, touch no row."""
        try:
            with connection.transaction():
                cursor = connection.execute(sql, parameters)
                untouched = or_nothing and cursor.rowcount == 0
                raise Undo
        except Undo:
            if untouched:
                self.refused += 1
            else:
                self.wrong.append(f"not refused: {flat(sql)}")
        except psycopg.Error as error:
            if error.sqlstate in states:
                self.refused += 1
            else:
                self.wrong.append(f"refused otherwise: {flat(sql)}: {error.sqlstate} {error}")


class Undo(Exception):
    """Ends a transaction that went through although it should not have."""


def flat(sql, most=160):
    """A statement on one line."""
    text = " ".join(str(sql).split())
    return text if len(text) <= most else text[:most - 3] + "..."
