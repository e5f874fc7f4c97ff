# SPDX-License-Identifier: PostgreSQL
"""What the probes are about: Alice's rows in every table, her ids, and what a transaction has changed of them."""
import json
import uuid


class Fixture:
    """After this every table with person_id has a row of Alice; one that has none is not probed and says so."""

    def __init__(self, session):
        self.person = self.one(session, "SELECT glucose.key('alice')")
        session.execute("CREATE ROLE reader LOGIN; SET ROLE keeper; SELECT glucose.grant_access('reader', 'read'); "
                        "SELECT glucose.grant_access('newcomer'); RESET ROLE")
        session.execute("CREATE ROLE bystander")
        self.fill(session)
        self.tables = [name for name, in session.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'glucose'::regnamespace AND relkind IN ('r', 'p') ORDER BY 1")]
        self.keyed = {name for name, in session.execute(
            "SELECT relname FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid AND attname = 'person_id' "
            "WHERE relnamespace = 'glucose'::regnamespace AND relkind IN ('r', 'p', 'v')")}
        self.ids = self.everything_named(session)
        self.marks = {str(value) for name, value in self.ids.items()} | {
            str(value) for value, in session.execute("SELECT meal_id FROM glucose.meal WHERE person_id = %s", [self.person])}
        self.before = {name: self.digest(session, name) for name in self.keyed & set(self.tables)}
        self.copied_row = b""

    @staticmethod
    def one(session, sql, *parameters):
        return session.execute(sql, parameters or None).fetchone()[0]

    def fill(self, session):
        """A life in every table: population, experiment, jobs, retrainings, an override, by the functions that write them."""
        session.execute("""
            SET ROLE alice;
            INSERT INTO glucose.retraining_override (person_id, model_type, algorithm)
              VALUES (glucose.key('alice'), 'glucose', 'mean');
            INSERT INTO glucose.daily_metric (person_id, day, metric, value, source)
              SELECT glucose.key('alice'), current_date - n, m, 50 + n, 'watch'
              FROM generate_series(0, 40) n, unnest('{RESTING_HEART_RATE,STEPS}'::text[]) m;
            INSERT INTO glucose.source_preference (person_id, metric, sources)
              VALUES (glucose.key('alice'), 'STEPS', '{watch,phone}');
            SELECT glucose.train_model(glucose.key('alice'), 'cgm', 'auto', '{"deploy": true}');
            SELECT glucose.retrain_model(glucose.key('alice'), force => true);
            SET ROLE steward;
            UPDATE glucose.retraining_policy SET algorithm = 'mean' WHERE model_type = 'glucose';
            SELECT glucose.train_population_model(algorithm => 'ridge', options => '{"deploy": true}');
            SELECT glucose.start_experiment('everybody', '{"algorithm": "mean"}', 100, 'shadow');
            SELECT glucose.train_model_async(glucose.key('alice'), algorithm => 'mean');
            RESET ROLE""")
        for _ in range(600):
            if not self.one(session, "SELECT count(*) FROM glucose.training_job WHERE state IN ('queued', 'running')"):
                break
            session.execute("SELECT pg_sleep(0.1)")
        session.execute("""
            INSERT INTO glucose.model_check (person_id, model_type, version, against, action, n, mae, mae_against)
              VALUES (glucose.key('alice'), 'cgm', '1.0.0', 'baseline', 'withdrawn', 30, 20, 10);
            INSERT INTO glucose.model_update (person_id, model_type, status, reason, current_version)
              VALUES (glucose.key('alice'), 'cgm', 'kept', 'as good', '1.0.0');
            INSERT INTO glucose.recorded_outcome (person_id, prediction_id, minutes_ahead, value)
              SELECT person_id, prediction_id, 60, 120 FROM glucose.prediction
              WHERE person_id = glucose.key('alice') LIMIT 1;
            INSERT INTO glucose.performance_log (person_id, model_type, day, source, version, minutes_ahead, n, sum_error,
                                                 sum_absolute, sum_squared, n_inside, sum_level)
              VALUES (glucose.key('alice'), 'cgm', current_date, 'personal', '1.0.0', 60, 1, 1, 1, 1, 1, 0.9);
            INSERT INTO glucose.person_alert (person_id, kind, severity, message)
              VALUES (glucose.key('alice'), 'data_stopped', 'warning', 'no readings');
            INSERT INTO glucose.prediction_feedback (person_id, prediction_id, kind, given_by)
              VALUES (glucose.key('alice'), gen_random_uuid(), 'useful', 'alice');
            INSERT INTO glucose.batch_job (job_id, model_type, options, state, identity, requested_by, requested_role, n_ids, finished_at)
              VALUES (glucose.key('batch'), 'glucose', '{}', 'done', 'alice', 'alice', 'alice'::regrole, 1, now());
            INSERT INTO glucose.batch_answer (person_id, job_id, place, id, answered_at, answer)
              SELECT person_id, glucose.key('batch'), 1, meal_id, now(), '{}' FROM glucose.meal
              WHERE person_id = glucose.key('alice') ORDER BY eaten_at LIMIT 1;
            INSERT INTO glucose.system_alert (kind, severity, message) VALUES ('setting', 'info', 'fsync');
            INSERT INTO glucose.health_sample (name, value) VALUES ('bytes', 1);
            INSERT INTO glucose.audit_seal (seal_no, sealed_at, subject, n_rows, digest, mac)
              VALUES (1000000, now(), gen_random_uuid(), 1, '\\x00', '\\x00');
            INSERT INTO glucose.counted_call (identity, kind, called_at) VALUES ('alice', 'prediction', now())""")
        for name, in session.execute("SELECT relname FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid "
                                     "AND attname = 'person_id' WHERE relnamespace = 'glucose'::regnamespace "
                                     "AND relkind IN ('r', 'p')").fetchall():
            if not self.one(session, f"SELECT count(*) FROM glucose.{name} WHERE person_id = %s", self.person):
                self.make_row(session, name)

    def make_row(self, session, table):
        """A row for a table that nothing above has written: what has no default is made by its type."""
        columns = session.execute(
            "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 "
            "AND attnotnull AND NOT atthasdef AND NOT attisdropped", [f"glucose.{table}"]).fetchall()
        made = {"uuid": "gen_random_uuid()", "text": "'UTC'", "timestamp with time zone": "now()", "jsonb": "'{}'",
                "bytea": "'\\x00'", "boolean": "false", "text[]": "'{}'"}
        values = [f"'{self.person}'" if name == "person_id" else made.get(kind, "1") for name, kind in columns]
        session.execute(f"INSERT INTO glucose.{table} ({', '.join(name for name, _ in columns)}) "
                        f"VALUES ({', '.join(values)})")

    def everything_named(self, session):
        """Her id for each uuid column of a table, by the column's name: what an argument of that name means."""
        ids = {"person_id": self.person}
        for table, column in session.execute(
                "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
                "WHERE relnamespace = 'glucose'::regnamespace AND relkind IN ('r', 'p') AND atttypid = 'uuid'::regtype "
                "AND relname IN (SELECT b.relname FROM pg_class b JOIN pg_attribute p ON p.attrelid = b.oid "
                "AND p.attname = 'person_id') ORDER BY c.relname = 'meal' DESC, 1").fetchall():
            row = session.execute(f"SELECT {column} FROM glucose.{table} WHERE person_id = %s AND {column} IS NOT NULL "
                                  "ORDER BY 1 DESC LIMIT 1", [self.person]).fetchone()
            if row:
                ids.setdefault(column, row[0])
        ids["meal_id"] = self.one(session, "SELECT meal_id FROM glucose.meal WHERE person_id = %s "
                                           "ORDER BY eaten_at DESC OFFSET 3 LIMIT 1", self.person)
        return ids

    def digest(self, session, table):
        return self.one(session, f"SELECT count(*) || md5(coalesce(string_agg(md5(t::text), '' ORDER BY t::text), '')) "
                                 f"FROM glucose.{table} t WHERE person_id = %s", self.person)

    def changed(self, session):
        """The tables in which this transaction has changed rows of Alice; asked as a superuser."""
        touched = {name for name, in session.execute(
            "SELECT relname FROM pg_stat_xact_user_tables WHERE schemaname = 'glucose' "
            "AND n_tup_ins + n_tup_upd + n_tup_del > 0")}
        return frozenset(name for name in touched & set(self.before) if self.digest(session, name) != self.before[name])

    def shows(self, rows):
        """How many rows hold an id of hers."""
        return sum(any(mark in str(value) for value in row for mark in self.marks) for row in rows) if rows else 0

    def row_of(self, session, table):
        """One of her rows as json, to be tried as one's own."""
        where = "WHERE person_id = %s" if table in self.keyed else "WHERE %s IS NOT NULL"
        found = session.execute(f"SELECT to_jsonb(t) FROM glucose.{table} t {where} LIMIT 1", [self.person]).fetchone()
        return json.dumps(found[0]).replace("'", "''") if found else None

    def random_ids(self):
        return {name: uuid.uuid4() for name in self.ids}
