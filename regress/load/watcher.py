# SPDX-License-Identifier: PostgreSQL
"""What always holds, asked under one snapshot while the clients work, and what the server's processes take of memory."""
import re
import threading

import psycopg

# Each returns rows only when something is wrong.
INVARIANTS = {
    "one active version a person and type":
        "SELECT person_id, model_type FROM glucose.model_version WHERE is_active GROUP BY 1, 2 HAVING count(*) > 1",
    "one active population version a type":
        "SELECT model_type FROM glucose.population_model WHERE is_active GROUP BY 1 HAVING count(*) > 1",
    "what serves is what was deployed last":
        """SELECT v.person_id, v.version FROM glucose.model_version v WHERE v.is_active AND v.version IS DISTINCT FROM (
             SELECT d.version FROM glucose.deployment d WHERE d.person_id = v.person_id AND d.model_type = v.model_type
             ORDER BY d.deployed_at DESC LIMIT 1)""",
    "what was deployed last serves":
        """SELECT d.person_id, d.version FROM (SELECT DISTINCT ON (person_id, model_type) * FROM glucose.deployment
             ORDER BY person_id, model_type, deployed_at DESC) d
           WHERE NOT EXISTS (SELECT FROM glucose.model_version v WHERE v.person_id = d.person_id AND v.is_active
             AND v.model_type = d.model_type AND v.version = d.version)""",
    "each deployment follows the one before it":
        """SELECT person_id, version FROM (SELECT *, lag(version) OVER (PARTITION BY person_id, model_type
             ORDER BY deployed_at) AS before FROM glucose.deployment) d
           WHERE before IS DISTINCT FROM previous_version AND (before IS NOT NULL OR previous_version IS NOT NULL)""",
    "sha256 is the artifact's": "SELECT person_id, version FROM glucose.model_version WHERE sha256 <> sha256(artifact)",
    "sha256 of populations is the artifact's":
        "SELECT model_type, version FROM glucose.population_model WHERE sha256 <> sha256(artifact)",
    "no rejected version serves": "SELECT person_id FROM glucose.model_version WHERE is_active AND status <> 'ready'",
    "every version has its metrics' version":
        "SELECT m.person_id FROM glucose.model_metric m LEFT JOIN glucose.model_version v "
        "USING (person_id, model_type, version) WHERE v.version IS NULL",
    "one experiment runs a type":
        "SELECT model_type FROM glucose.experiment WHERE state = 'running' GROUP BY 1 HAVING count(*) > 1",
    "a job that is done names its version":
        "SELECT job_id FROM glucose.training_job WHERE state = 'done' AND purpose = 'train' AND version IS NULL",
    "every forecast is a number within the range":
        """SELECT p.prediction_id FROM glucose.prediction p, jsonb_to_recordset(p.predictions) AS f (glucose real,
             lower real, upper real) WHERE p.issued_at > now() - interval '20 seconds'
             AND NOT (f.glucose BETWEEN 20 AND 600 AND f.lower <= f.glucose AND f.glucose <= f.upper)""",
}


def orphans(session):
    """One invariant for every table with person_id, also for tables that are added: no rows of an erased person."""
    names = session.execute("SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = "
                            "'person_id' WHERE relnamespace = 'glucose'::regnamespace AND relkind IN ('r', 'p') "
                            "AND relname <> 'person'").fetchall()
    return {f"no rows of erased persons in {name}":
            f"SELECT person_id FROM glucose.{name} t WHERE NOT EXISTS (SELECT FROM glucose.person p "
            "WHERE p.person_id = t.person_id) LIMIT 5" for name, in names}


class Watcher(threading.Thread):
    def __init__(self, connect, pause=1.0):
        super().__init__(daemon=True)
        self.connect, self.pause, self.stopping = connect, pause, threading.Event()
        self.looks, self.violations, self.memory_kb, self.first_memory = 0, [], {}, {}

    def run(self):
        try:
            with self.connect("postgres") as session:
                invariants = {**INVARIANTS, **orphans(session)}
                self.count = len(invariants)
                while not self.stopping.is_set():
                    self.look(session, invariants)
                    self.weigh(session)
                    self.stopping.wait(self.pause)
        except psycopg.Error as error:
            self.violations.append(f"the watcher ended: {error.sqlstate} {error}")

    def look(self, session, invariants):
        session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        for name, sql in invariants.items():
            rows = session.execute(sql).fetchall()
            if rows:
                self.violations.append(f"{name}: {rows[:3]}")
        session.execute("COMMIT")
        self.looks += 1

    def weigh(self, session):
        """Memory of its own (RssAnon) of each process of the server that works for somebody."""
        for pid, kind in session.execute("SELECT pid, backend_type FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
                                         "AND backend_type IN ('client backend', 'parallel worker') OR "
                                         "backend_type LIKE 'pg_glucose%'").fetchall():
            try:
                with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
                    found = re.search(r"^RssAnon:\s+(\d+) kB", status.read(), re.M)
            except OSError:
                continue
            if found:
                self.first_memory.setdefault(pid, int(found[1]))
                self.memory_kb[pid] = max(self.memory_kb.get(pid, 0), int(found[1]))

    def stop(self):
        self.stopping.set()
        self.join(60)
