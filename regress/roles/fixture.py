# SPDX-License-Identifier: PostgreSQL
"""What the probes are about: rows of two persons in every table, their ids, and what a transaction has changed of them."""
import json
import re
import uuid

from kinds import KEY, KEY_FILE, SUBJECTS

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Subject:
    """A person: her id, and for each uuid column of a table one of hers, which is what an argument of that name means."""

    def __init__(self, session, name):
        self.name, self.ids = name, {}
        self.person, = session.execute("SELECT glucose.key(%s)", [name]).fetchone()
        for table, column in session.execute(
                "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
                "WHERE relnamespace = 'glucose'::regnamespace AND relkind IN ('r', 'p') AND atttypid = 'uuid'::regtype "
                "AND relname IN (SELECT b.relname FROM pg_class b JOIN pg_attribute p ON p.attrelid = b.oid "
                "AND p.attname = 'person_id') ORDER BY c.relname = 'meal' DESC, 1").fetchall():
            row = session.execute(f"SELECT {column} FROM glucose.{table} WHERE person_id = %s AND {column} IS NOT NULL "
                                  "ORDER BY 1 DESC LIMIT 1", [self.person]).fetchone()
            if row:
                self.ids.setdefault(column, row[0])
        meals = [meal for meal, in session.execute("SELECT meal_id FROM glucose.meal WHERE person_id = %s "
                                                   "ORDER BY eaten_at DESC", [self.person])]
        self.ids |= {"person_id": self.person, "meal_id": meals[3], "other_meal_id": meals[6]}
        self.marks = {str(value) for value in (*self.ids.values(), *meals)}

    def shows(self, rows):
        """How many rows hold an id of hers."""
        return sum(any(mark in self.marks for value in row if value for mark in UUID.findall(value)) for row in rows)


class Fixture:
    """After this every table has rows of both persons; one that has none is not probed and says so."""

    def __init__(self, session):
        session.execute("SET ROLE keeper; SELECT glucose.grant_access('reader', 'read'); "
                        "SELECT glucose.grant_access('newcomer'), glucose.grant_access('ghost'); RESET ROLE")
        self.fill_shared(session)
        for name in SUBJECTS:
            self.fill(session, name)
        self.wait(session)
        for name in SUBJECTS:
            self.fill_rest(session, name)
        self.lose_ghost(session)
        folder = self.one(session, "SHOW data_directory")
        session.execute(f"COPY (SELECT '{KEY}') TO '{folder}/{KEY_FILE}'")
        self.tables = [name for name, in session.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'glucose'::regnamespace AND relkind IN ('r', 'p') ORDER BY 1")]
        self.keyed = {name for name, in session.execute(
            "SELECT relname FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid AND attname = 'person_id' "
            "WHERE relnamespace = 'glucose'::regnamespace AND relkind IN ('r', 'p', 'v')")}
        self.named = {name for name, in session.execute(
            "SELECT relname FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid AND attname = 'identity' "
            "WHERE relnamespace = 'glucose'::regnamespace AND relkind IN ('r', 'p')")} - self.keyed
        self.subjects = {name: Subject(session, name) for name in SUBJECTS}
        self.remember(session)

    @staticmethod
    def one(session, sql, *parameters):
        return session.execute(sql, parameters or None).fetchone()[0]

    @staticmethod
    def fill_shared(session):
        """What is nobody's: a population, an experiment, an alert, a sample, a seal."""
        session.execute("""
            SET ROLE steward;
            UPDATE glucose.retraining_policy SET algorithm = 'mean' WHERE model_type = 'glucose';
            SELECT glucose.train_population_model(algorithm => 'ridge', options => '{"deploy": true}');
            SELECT glucose.start_experiment('everybody', '{"algorithm": "mean"}', 100, 'shadow');
            RESET ROLE;
            INSERT INTO glucose.system_alert (kind, severity, message) VALUES ('setting', 'info', 'fsync');
            INSERT INTO glucose.health_sample (name, value) VALUES ('bytes', 1);
            INSERT INTO glucose.audit_seal (seal_no, sealed_at, subject, n_rows, digest, mac)
              VALUES (1000000, now(), gen_random_uuid(), 1, '\\x00', '\\x00')""")

    @staticmethod
    def fill(session, name):
        """A life in the tables that functions write, by the functions that write them."""
        session.execute("""
            SET ROLE 'NAME';
            INSERT INTO glucose.retraining_override (person_id, model_type, algorithm)
              VALUES (glucose.key('NAME'), 'glucose', 'mean');
            INSERT INTO glucose.daily_metric (person_id, day, metric, value, source)
              SELECT glucose.key('NAME'), current_date - n, m, 50 + n, 'watch'
              FROM generate_series(0, 40) n, unnest('{RESTING_HEART_RATE,STEPS}'::text[]) m;
            INSERT INTO glucose.source_preference (person_id, metric, sources)
              VALUES (glucose.key('NAME'), 'STEPS', '{watch,phone}');
            INSERT INTO glucose.person_access (person_id, identity, level) VALUES (glucose.key('NAME'), 'ghost', 'manage');
            SELECT glucose.train_model(glucose.key('NAME'), 'cgm', 'auto', '{"deploy": true}');
            SELECT glucose.retrain_model(glucose.key('NAME'), force => true);
            SELECT glucose.train_metric(glucose.key('NAME'), 'STEPS', options => '{"deploy": true}');
            SELECT glucose.predict_glucose(meal_id) FROM glucose.meal ORDER BY eaten_at DESC LIMIT 1;
            SET ROLE steward;
            SELECT glucose.train_model_async(glucose.key('NAME'), algorithm => 'mean');
            RESET ROLE""".replace("NAME", name))

    def wait(self, session):
        """Until the background trainings have ended, and their workers: one that looks on would take up what fill_rest() makes."""
        for _ in range(600):
            if not self.one(session, "SELECT (SELECT count(*) FROM glucose.training_job WHERE state IN ('queued', 'running')) "
                                     "+ (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                                     "AND backend_type LIKE 'pg_glucose%')"):
                break
            session.execute("SELECT pg_sleep(0.1)")

    def fill_rest(self, session, name):
        """What comes of weeks of use, as it would stand there."""
        session.execute("""
            INSERT INTO glucose.model_check (person_id, model_type, version, against, action, n, mae, mae_against)
              VALUES (glucose.key('NAME'), 'cgm', '1.0.0', 'baseline', 'withdrawn', 30, 20, 10);
            INSERT INTO glucose.model_update (person_id, model_type, status, reason, current_version)
              VALUES (glucose.key('NAME'), 'cgm', 'kept', 'as good', '1.0.0');
            INSERT INTO glucose.recorded_outcome (person_id, prediction_id, minutes_ahead, value)
              SELECT person_id, prediction_id, 60, 120 FROM glucose.prediction
              WHERE person_id = glucose.key('NAME') LIMIT 1;
            INSERT INTO glucose.performance_log (person_id, model_type, day, source, version, minutes_ahead, n, sum_error,
                                                 sum_absolute, sum_squared, n_inside, sum_level)
              VALUES (glucose.key('NAME'), 'cgm', current_date, 'personal', '1.0.0', 60, 1, 1, 1, 1, 1, 0.9);
            INSERT INTO glucose.person_alert (person_id, kind, severity, message)
              VALUES (glucose.key('NAME'), 'data_stopped', 'warning', 'no readings');
            INSERT INTO glucose.prediction_feedback (person_id, prediction_id, kind, given_by)
              VALUES (glucose.key('NAME'), gen_random_uuid(), 'useful', 'NAME');
            INSERT INTO glucose.batch_job (job_id, model_type, options, state, identity, requested_by, requested_role, n_ids, finished_at)
              VALUES (glucose.key('batch of NAME'), 'glucose', '{}', 'done', 'NAME', 'NAME', 'NAME'::regrole, 1, now());
            INSERT INTO glucose.batch_answer (person_id, job_id, place, id, answered_at, answer)
              SELECT person_id, glucose.key('batch of NAME'), 1, meal_id, now(), '{}' FROM glucose.meal
              WHERE person_id = glucose.key('NAME') ORDER BY eaten_at LIMIT 1;
            INSERT INTO glucose.training_job (person_id, model_type, algorithm, options, state, requested_by, started_at)
              VALUES (glucose.key('NAME'), 'glucose', 'mean', '{}', 'running', 'NAME', now());
            INSERT INTO glucose.counted_call (identity, kind, called_at) VALUES ('NAME', 'prediction', now())"""
                        .replace("NAME", name))
        for table, in session.execute("SELECT relname FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid "
                                      "AND attname = 'person_id' WHERE relnamespace = 'glucose'::regnamespace "
                                      "AND relkind IN ('r', 'p')").fetchall():
            if not self.one(session, f"SELECT count(*) FROM glucose.{table} WHERE person_id = glucose.key(%s)", name):
                self.make_row(session, table, name)

    @staticmethod
    def make_row(session, table, name):
        """A row for a table that nothing above has written: what has no default is made by its type."""
        columns = session.execute(
            "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 "
            "AND attnotnull AND NOT atthasdef AND NOT attisdropped", [f"glucose.{table}"]).fetchall()
        made = {"uuid": "gen_random_uuid()", "text": "'UTC'", "timestamp with time zone": "now()", "jsonb": "'{}'",
                "bytea": "'\\x00'", "boolean": "false", "text[]": "'{}'"}
        values = [f"glucose.key('{name}')" if column == "person_id" else made.get(kind, "1") for column, kind in columns]
        session.execute(f"INSERT INTO glucose.{table} ({', '.join(column for column, _ in columns)}) "
                        f"VALUES ({', '.join(values)})")

    @staticmethod
    def lose_ghost(session):
        """The role that rows were shared with is gone; a new one has its name."""
        session.execute("DELETE FROM glucose.role_identity WHERE identity = 'ghost'; "
                        "INSERT INTO glucose.role_identity (identity, role, system_identifier) "
                        "SELECT 'ghost', 1, system_identifier FROM glucose.role_identity LIMIT 1")

    def whose(self, table):
        """The condition that a row is of the person $1, whose owner is $2; None: rows of nobody."""
        return "person_id = $1" if table in self.keyed else "identity = $2" if table in self.named else None

    def where(self, table, subject):
        whose = self.whose(table)
        return f"WHERE {whose}".replace("$1", f"'{subject.person}'").replace("$2", f"'{subject.name}'") if whose else ""

    def remember(self, session):
        """world.changed(person, owner): the tables in which this transaction has changed rows of theirs."""
        session.execute("CREATE TABLE world.digest (person_id uuid, name text, digest text, PRIMARY KEY (person_id, name))")
        cases = "".join(f"WHEN '{table}' THEN (SELECT count(*) || md5(coalesce(string_agg(md5(t::text), '' ORDER BY t::text), '')) "
                        f"FROM glucose.{table} t WHERE {self.whose(table)}) "
                        for table in self.tables if self.whose(table))
        session.execute(f"CREATE FUNCTION world.digest(uuid, text, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN "
                        f"RETURN CASE $3 {cases} END; END $$")
        for subject in self.subjects.values():
            session.execute("INSERT INTO world.digest SELECT %s, name, world.digest(%s, %s, name) FROM unnest(%s::text[]) name",
                            [subject.person, subject.person, subject.name, self.tables])
        session.execute("""
            CREATE FUNCTION world.changed(person uuid, owner text) RETURNS text LANGUAGE plpgsql AS $$
            BEGIN
              RETURN (SELECT string_agg(s.relname, ',') FROM pg_stat_xact_user_tables s
                      JOIN world.digest d ON d.person_id = person AND d.name = s.relname
                      WHERE s.schemaname = 'glucose' AND n_tup_ins + n_tup_upd + n_tup_del > 0
                        AND d.digest <> world.digest(person, owner, s.relname));
            END $$""")

    def row_of(self, session, table, subject):
        """One of her rows as json, to be tried as one's own, and as COPY writes it."""
        where = self.where(table, subject) + " LIMIT 1"
        found = session.execute(f"SELECT to_jsonb(t) FROM glucose.{table} t {where}").fetchone()
        if not found:
            return None, b""
        with session.cursor().copy(f"COPY (SELECT * FROM glucose.{table} {where}) TO STDOUT") as rows:
            copied = b"".join(bytes(row) for row in rows)
        return json.dumps(found[0]).replace("'", "''"), copied

    def rows_of(self, session, table, subject):
        """How many rows of hers, or of anybody where they are nobody's."""
        return self.one(session, f"SELECT count(*) FROM glucose.{table} {self.where(table, subject)}")


def random_ids(subject):
    return {name: uuid.uuid4() for name in subject.ids}
