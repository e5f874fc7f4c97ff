# SPDX-License-Identifier: PostgreSQL
"""What no role but the owner of the tables may do, made from the catalog: new tables and settings are tried by themselves."""
from trial import NOT_FOUND, connect

# What people and stewards write by hand; every other table is written by functions alone.
RECORDED = ("person", "person_access", "person_time_zone", "meal", "glucose_reading", "retraining_override", "daily_metric",
            "source_preference", "prediction_feedback")
DECIDED_BY_STEWARDS = ("retraining_policy", "experiment", "metric", "event", "system_alert",
                      "health_sample")


def catalog(sql, *parameters):
    """Rows of a question to the catalog, asked as a superuser."""
    with connect("postgres") as connection:
        return connection.execute(sql, parameters or None).fetchall()


def tables():
    return [name for name, in catalog("SELECT relname FROM pg_class WHERE relnamespace = 'glucose'::regnamespace "
                                      "AND relkind IN ('r', 'p') ORDER BY 1")]


def no_power_over_tables(trial, session, writes=()):
    """Locks, direct writes, COPY, TRUNCATE, GRANT and triggers. `writes`: the tables the role may write itself."""
    for name in tables():
        table = f"glucose.{name}"
        if name not in writes:
            trial.cannot(session, f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            trial.cannot(session, f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
            trial.cannot(session, f"INSERT INTO {table} SELECT * FROM {table}")
            trial.cannot(session, f"DELETE FROM {table}")
        for statement in (
                "TRUNCATE {t} CASCADE", "COPY {t} FROM STDIN", "COPY {t} TO '/tmp/rows'",
                "COPY {t} TO PROGRAM 'cat > /tmp/rows'", "COPY {t} FROM '/etc/passwd'", "DROP TABLE {t} CASCADE",
                "ALTER TABLE {t} DISABLE ROW LEVEL SECURITY", "ALTER TABLE {t} NO FORCE ROW LEVEL SECURITY",
                "ALTER TABLE {t} ADD COLUMN more text", "CREATE POLICY all_rows ON {t} USING (true)",
                "CREATE TRIGGER mine BEFORE UPDATE ON {t} EXECUTE FUNCTION suppress_redundant_updates_trigger()",
                "CREATE RULE mine AS ON INSERT TO {t} DO INSTEAD NOTHING", "COMMENT ON TABLE {t} IS 'mine'",
                "CREATE INDEX ON {t} ((1))", "ALTER TABLE {t} OWNER TO CURRENT_USER"):
            trial.cannot(session, statement.format(t=table))
        grants_nothing(trial, session, table)
        trial.cannot(session, f"BEGIN; SET LOCAL row_security = off; SELECT * FROM {table}")
        session.execute("ROLLBACK")


def grants_nothing(trial, session, table):
    """GRANT raises, or warns and grants nothing; both count."""
    before = catalog("SELECT relacl::text FROM pg_class WHERE oid = %s::regclass", table)
    try:
        session.execute(f"GRANT ALL ON {table} TO PUBLIC")
    except Exception as error:
        trial.check(f"GRANT on {table}", error.sqlstate == "42501", error)
        trial.done -= 1
    if catalog("SELECT relacl::text FROM pg_class WHERE oid = %s::regclass", table) == before:
        trial.refused += 1
    else:
        trial.wrong.append(f"a GRANT on {table} worked")


def no_power_over_the_database(trial, session):
    """Settings of superusers, other roles, functions of the extension, its administration, files and processes."""
    for name, in catalog("SELECT name FROM pg_settings WHERE name LIKE 'glucose.%' AND context = 'superuser'"):
        trial.cannot(session, f"SET {name} = DEFAULT")
        trial.cannot(session, f"ALTER ROLE CURRENT_USER SET {name} = DEFAULT")
    for statement in (
            "SET session_replication_role = replica", "SET ROLE postgres", "SET ROLE keeper",
            "SET SESSION AUTHORIZATION alice", "SELECT glucose.setup()", "SELECT glucose.grant_access(current_user)",
            "SELECT glucose.add_steward(current_user)", "SELECT glucose.remove_steward('steward')",
            "ALTER FUNCTION glucose.visible_persons() SECURITY DEFINER", "DROP FUNCTION glucose.visible_persons() CASCADE",
            "CREATE OR REPLACE FUNCTION glucose.visible_persons() RETURNS uuid[] LANGUAGE sql AS 'SELECT NULL::uuid[]'",
            "CREATE FUNCTION glucose.mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
            "CREATE TABLE glucose.mine (id integer)", "DROP SCHEMA glucose CASCADE",
            "CREATE OPERATOR glucose.= (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = uuid_eq)",
            "DROP EXTENSION pg_glucose CASCADE", "ALTER EXTENSION pg_glucose UPDATE",
            "SELECT pg_read_file('postgresql.conf')", "SELECT lo_import('/etc/passwd')",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres' AND pid <> pg_backend_pid()",
            "CREATE FUNCTION pg_temp.c() RETURNS integer LANGUAGE c AS 'pg_glucose', 'glucose_version'"):
        trial.cannot(session, statement, or_nothing=statement.startswith("SELECT pg_terminate"))


def nobody_elses(trial, session, person="bob"):
    """Rows and answers of a person that is neither the role's own nor shared with it: there are none."""
    nobody = f"glucose.key('{person}')"
    for name, in catalog("SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
                         "WHERE relnamespace = 'glucose'::regnamespace AND relkind IN ('r', 'p', 'v') "
                         "AND attname = 'person_id' ORDER BY 1"):
        trial.cannot(session, f"SELECT * FROM glucose.{name} WHERE person_id = {nobody}", or_nothing=True)
        trial.cannot(session, f"DELETE FROM glucose.{name} WHERE person_id = {nobody}", or_nothing=True,
                     states=("42501", "55000"))
    (meal,), = catalog(f"SELECT meal_id FROM glucose.meal WHERE person_id = {nobody} ORDER BY eaten_at DESC LIMIT 1")
    for call in (f"predict_meal({nobody}, '{{\"carbs_g\": 40}}')", f"train_model({nobody}, algorithm => 'mean')",
                 f"train_model_async({nobody})", f"deploy_model({nobody}, 'glucose', '1.0.0')",
                 f"rollback_model({nobody})", f"delete_model({nobody}, 'glucose', '1.0.0')",
                 f"export_model({nobody}, 'glucose')", f"retrain_model({nobody})",
                 f"live_accuracy({nobody})", f"cgm_forecast({nobody}, now())", f"training_dataset({nobody})",
                 f"predict_glucose('{meal}')", f"explain_prediction('{meal}', 60)", f"similar_meals('{meal}')",
                 f"meal_clusters({nobody})", f"steady_meals({nobody})", f"compare_meals(ARRAY['{meal}'::uuid])"):
        trial.cannot(session, f"SELECT * FROM glucose.{call}", states=NOT_FOUND)
    trial.cannot(session, f"INSERT INTO glucose.meal (person_id, eaten_at, meal_type) VALUES ({nobody}, now(), 'snack')")
    trial.cannot(session, f"INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl) "
                          f"VALUES ({nobody}, now(), 100) ON CONFLICT DO NOTHING")
    trial.cannot(session, f"INSERT INTO glucose.person_access (person_id, identity, level) "
                          f"VALUES ({nobody}, current_user, 'manage')")
    trial.cannot(session, f"UPDATE glucose.meal SET person_id = {nobody}", or_nothing=True)
    trial.cannot(session, f"UPDATE glucose.person SET owner = current_user WHERE person_id = {nobody}", or_nothing=True)


def no_more_than_shared(trial, session):
    """A caregiver of Alice raises its level, shares her on, changes her consent or takes her over: none of it works."""
    for statement in (
            "UPDATE glucose.person_access SET level = 'manage' WHERE identity = current_user",
            "UPDATE glucose.person_access SET identity = 'stranger'", "DELETE FROM glucose.person_access",
            "INSERT INTO glucose.person_access VALUES (glucose.key('alice'), 'stranger')",
            "INSERT INTO glucose.person_access (person_id, identity, level) VALUES (glucose.key('alice'), current_user, "
            "'manage') ON CONFLICT (person_id, identity) DO UPDATE SET level = 'manage'",
            "MERGE INTO glucose.person_access a USING (SELECT glucose.key('alice') AS id) s ON a.person_id = s.id "
            "AND a.identity = current_user WHEN MATCHED THEN UPDATE SET level = 'manage'",
            "UPDATE glucose.person SET shares_data = NOT shares_data", "UPDATE glucose.person SET owner = current_user",
            "DELETE FROM glucose.person"):
        trial.cannot(session, statement, or_nothing=True)
