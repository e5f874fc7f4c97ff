# SPDX-License-Identifier: PostgreSQL
"""One probe: a transaction of the role, sent in one piece and undone, and what it led to."""
import collections
import math

import psycopg
from psycopg.pq import DiagnosticField, ExecStatus

import decided

# Syntax, types and names that do not fit: a probe that says nothing.
MALFORMED = ("42601", "42883", "42804", "42846", "42703", "42702", "42P02", "42P10", "22P02")
TIMED_OUT = "57014"
BAD = (ExecStatus.FATAL_ERROR, ExecStatus.NONFATAL_ERROR, ExecStatus.BAD_RESPONSE)


class Outcome:
    """What a probe led to: an SQLSTATE with its text, or rows, how many it touched, and what of the person it changed."""

    def __init__(self, sqlstate, text="", result=None, copied=None, touched=0, n_rows=0, changed=frozenset()):
        self.sqlstate, self.text, self.result, self.copied = sqlstate, text, result, copied
        self.touched, self.n_rows, self.changed = touched, n_rows, changed

    def rows(self):
        """As text, as the server sent them."""
        if self.copied is not None:
            return [tuple(line.split("\t")) for line in self.copied]
        if self.result is None:
            return []
        def text(value):
            return None if value is None else bytes(value).decode()
        return [tuple(text(self.result.get_value(i, j)) for j in range(self.result.nfields))
                for i in range(self.result.ntuples)]

    def told(self):
        return self.sqlstate, self.text


def outcome_of(results, at, copy, look):
    """The outcome of the statement at this place; the last result says what has been changed, if that was asked."""
    last = results[at]
    is_copy = last.status == ExecStatus.COMMAND_OK and (last.command_status or b"").startswith(b"COPY") and copy
    changed = results[-1].get_value(0, 0) if look else None
    return Outcome("00000", result=last, copied=copy if is_copy else None, touched=last.command_tuples or 0,
                   n_rows=len(copy) if is_copy else last.ntuples,
                   changed=frozenset(changed.decode().split(",")) if changed else frozenset())


class Prober:
    """Runs probes in one session of a superuser and collects what is not as it should be."""

    def __init__(self, session, fixture):
        self.session, self.fixture, self.pg = session, fixture, session.pgconn
        self.n, self.foreign_rows, self.foreign_changes, self.told_apart, self.wrong = 0, 0, 0, 0, {}
        self.states, self.rows, self.must_deallocate = collections.Counter(), {}, False
        self.planted = []  # statements of a superuser that open what must be closed: controls.py

    def run(self, kind, subject, sql, before=(), copied=b"", look=True, timeout="400ms"):
        """The statements of sql (between ;;) as the kind of role. `before`: statements of a superuser in the same
        transaction; `look`: ask what of the subject has been changed."""
        statements = sql.split(";;")
        begin = ["ROLLBACK", *(["DEALLOCATE ALL"] if self.must_deallocate else []), "BEGIN", *self.planted, *before, *kind.before_role(),
                 f"SET LOCAL statement_timeout = '{timeout}'", f"SET LOCAL ROLE {kind.role}", *kind.after_role()]
        end = [self.changes_of(subject)] if look else []
        self.must_deallocate = any("PREPARE" in statement for statement in (sql, *before))
        results, failure, copy = self.send("; ".join([*begin, *statements, *end]), copied)
        self.n += 1
        outcome = failure or outcome_of(results, len(begin) + len(statements) - 1, copy, look)
        self.states[outcome.sqlstate] += 1
        return outcome

    def together(self, sql, changed_of=None):
        """Statements of several identities in one transaction: what the last one leads to, and changes of this subject."""
        end = f"; {self.changes_of(changed_of)}" if changed_of else ""
        results, failure, copy = self.send(f"ROLLBACK; DEALLOCATE ALL; BEGIN; {sql}{end}")
        self.n += 1
        outcome = failure or outcome_of(results, len(results) - (4 if changed_of else 1), copy, bool(changed_of))
        self.states[outcome.sqlstate] += 1
        return outcome

    @staticmethod
    def changes_of(subject):
        return f"RESET ROLE; SET LOCAL statement_timeout = 0; SELECT world.changed('{subject.person}', '{subject.name}')"

    def send(self, sql, copied=b""):
        """All results of a string of statements, the Outcome that ended it early, if any, and the lines of COPY TO."""
        results, failure, lines = [], None, []
        self.pg.send_query(sql.encode())
        while (result := self.pg.get_result()) is not None:
            if result.status == ExecStatus.COPY_OUT:
                while True:
                    n, data = self.pg.get_copy_data(0)
                    if n < 0:
                        break
                    lines.append(bytes(data).decode().rstrip("\n"))
                continue
            if result.status == ExecStatus.COPY_IN:
                self.pg.put_copy_data(copied)
                self.pg.put_copy_end()
                continue
            if result.status in BAD:
                def field(name, of=result):
                    return (of.error_field(name) or b"").decode()
                failure = Outcome(field(DiagnosticField.SQLSTATE) or "08006", " ".join(
                    [field(DiagnosticField.MESSAGE_PRIMARY), field(DiagnosticField.MESSAGE_HINT)]).strip())
            results.append(result)
        if failure and failure.sqlstate == "08006":
            raise psycopg.OperationalError(f"the server is gone after: {sql}")
        return results, failure, lines

    def complain(self, kind, subject, sql, what):
        about = f" about {subject.name}" if len(kind.about) > 1 else ""
        self.wrong.setdefault(f"{what}: {' '.join(sql.split())[:200]}", []).append(f"{kind.name}{about}")

    def internal(self, kind, subject, sql, outcome):
        """Neither an internal error nor a lost connection, whoever asks; and the probe itself is a statement that fits."""
        if outcome.sqlstate[:2] in ("XX", "08", "57") and outcome.sqlstate != TIMED_OUT or outcome.sqlstate in MALFORMED:
            self.complain(kind, subject, sql, f"{outcome.sqlstate} {outcome.text}")

    def unchanged(self, kind, subject, sql, outcome, allowed):
        for table in sorted(outcome.changed - allowed):
            self.foreign_changes += 1
            self.complain(kind, subject, sql, f"changed rows of {table}")

    def hidden(self, kind, subject, sql, n):
        """n rows were shown to one who may not see them."""
        if n:
            self.foreign_rows += n
            self.complain(kind, subject, sql, f"{n} foreign rows seen")

    def alike(self, kind, subject, sql, tells, others):
        """What is told of her and of one who is not there."""
        if tells != others:
            self.told_apart += 1
            self.complain(kind, subject, sql, f"tells the difference: {tells[:2]} | {others[:2]}")

    def n_may_update(self, table, kind):
        """How many rows of a table the kind may update, of all persons."""
        if table not in self.fixture.keyed:
            return math.inf if "u" in decided.rights(table, kind, "alice") else 0
        return sum(n for (subject, name), n in self.rows.items() if name == table and "u" in decided.rights(table, kind, subject))

    def finish(self):
        self.send("ROLLBACK; DEALLOCATE ALL")
