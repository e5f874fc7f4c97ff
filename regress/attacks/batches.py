# SPDX-License-Identifier: PostgreSQL
"""What goes over many persons, some of them poisoned: each ends well, and what it does for bob is what it did before."""
import time

import psycopg

from attack import NOT_FINITE, Caller

# As whom, and what; every one of them goes on past a person with whom it cannot.
BATCHES = [
    ("steward", "CALL glucose.retrain_due(as_of => now() + interval '40 days')"),
    ("steward", "CALL glucose.retrain_due('cgm', as_of => now() + interval '40 days')"),
    ("steward", "SELECT glucose.batch_retrain()"), ("steward", "CALL glucose.update_due()"), ("steward", "CALL glucose.update_due('cgm')"),
    ("steward", "CALL glucose.check_models()"), ("steward", "SELECT glucose.note_performance('-infinity')"),
    ("steward", "SELECT * FROM glucose.check_and_handle_drift()"), ("steward", "SELECT * FROM glucose.check_and_handle_drift('cgm')"),
    ("steward", "SELECT * FROM glucose.health_check()"),
    ("steward", "SELECT glucose.start_experiment('night', '{\"algorithm\": \"mean\"}', 100, 'shadow')"),
    ("steward", "SELECT glucose.prepare_experiment('night')"), ("steward", "SELECT * FROM glucose.experiment_results('night')"),
    ("steward", "SELECT * FROM glucose.check_experiments()"), ("steward", "SELECT glucose.report()"),
    ("steward", "SELECT glucose.report_markdown()"), ("steward", "SELECT glucose.dashboard()"), ("steward", "SELECT glucose.openmetrics()"),
    ("steward", "SELECT * FROM glucose.gauges()"), ("steward", "SELECT * FROM glucose.stats()"),
    ("steward", "SELECT * FROM glucose.model_performance()"), ("steward", "SELECT * FROM glucose.performance_trend()"),
    ("steward", "SELECT * FROM glucose.model_satisfaction()"), ("steward", "SELECT * FROM glucose.service_status()"),
    ("steward", "SELECT count(*) FROM glucose.prediction_outcome"), ("steward", "SELECT count(*) FROM glucose.model_live_accuracy"),
    ("steward", "SELECT * FROM glucose.train_population_model('glucose', 'ridge')"),
    ("steward", "SELECT * FROM glucose.train_population_model('cgm', 'linear')"),
    ("steward", "SELECT * FROM glucose.train_population_model('daily:STEPS', 'mean')"),
    ("keeper", "SELECT * FROM glucose.seal_log()"), ("keeper", "SELECT * FROM glucose.verify_seals()"), ("keeper", "CALL glucose.purge()"),
]
BOB = "glucose.key('bob')"


def before_it(attack, superuser):
    """Bob eats more, so that he is due whatever comes; then what he is answered."""
    due(superuser, "= 'bob'")
    caller = Caller(attack, "bob")
    try:
        return bobs_answers(caller.session)
    finally:
        caller.session.close()


def bobs_answers(session):
    """Bob's own model trained anew with the same seed, what it says, and his summary: undone."""
    session.execute("BEGIN")
    session.execute(f"SELECT glucose.train_model({BOB}, 'glucose', 'ridge', '{{\"seed\": 7, \"deploy\": true}}')")
    answers = session.execute(
        f"SELECT (SELECT string_agg(round(f.mg_dl)::text, ' ' ORDER BY minutes_ahead) FROM glucose.glucose_forecast((SELECT meal_id FROM "
        f"glucose.meal WHERE person_id = {BOB} ORDER BY eaten_at DESC LIMIT 1)) f), md5(glucose.glucose_statistics({BOB})::text)").fetchone()
    session.execute("ROLLBACK")
    return answers


def against_batches(attack, superuser, made, before):
    callers = {role: Caller(attack, role, "SET statement_timeout = 0") for role in ("steward", "bob", "manager")}
    callers["keeper"] = Caller(attack, "keeper")
    warnings = []
    for caller in callers.values():
        caller.session.execute("SET statement_timeout = '590s'; SET client_min_messages = warning")
        caller.session.add_notice_handler(lambda said: warnings.append(f"{said.sqlstate} {said.message_primary}"))
    everybody_is_due(superuser)
    for role, sql in BATCHES:
        batch(attack, callers[role], sql)
    internal = [said for said in warnings if said[:2] in ("XX", "53", "57")]
    attack.check("no batch warns of an internal error", not internal, internal[:2])
    nights(attack, superuser, made)
    sets(attack, callers["steward"])
    in_the_background(attack, callers["manager"], superuser)
    # What a population has learnt from those who share is everybody's; without it bob's answers are of his own rows.
    superuser.execute("DELETE FROM glucose.population_model")
    attack.check("bob is answered as before", bobs_answers(callers["bob"].session) == before)


def everybody_is_due(superuser):
    """New meals of all, a policy that wants no more than one, and a key for the log."""
    due(superuser, "<> 'bob'")
    superuser.execute("INSERT INTO glucose.daily_metric (person_id, day, metric, value, source) SELECT person_id, current_date - n, 'STEPS', "
                      "3000 + n * 41 % 9001, 'healthy' FROM glucose.person, generate_series(1, 60) n WHERE person_id IN (glucose.key('alice'), "
                      "glucose.key('bob'))")
    superuser.execute("UPDATE glucose.retraining_policy SET min_new_rows = 1, algorithm = 'ridge' WHERE model_type = 'glucose'; "
                      "COPY (SELECT repeat('0123456789abcdef', 4)) TO PROGRAM 'umask 077; cat >> attack_key'")
    superuser.execute("ALTER SYSTEM SET glucose.audit_key_file = 'attack_key'")
    superuser.execute("SELECT pg_reload_conf(), pg_sleep(0.5)")


def due(superuser, owner):
    """Meals since the last training, at any hour of the day, and what glucose did after them."""
    superuser.execute("INSERT INTO glucose.meal (person_id, eaten_at, meal_type, carbs_g) SELECT person_id, date_trunc('hour', now()) - "
                      f"n * interval '3 hours 1 min', 'snack', 30 FROM glucose.person, generate_series(1, 20) n WHERE owner {owner}; "
                      "INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl) SELECT person_id, now() - n * interval '5 min', "
                      f"100 + n % 30 FROM glucose.person, generate_series(1, 400) n WHERE owner {owner} ON CONFLICT DO NOTHING")


def batch(attack, caller, sql):
    started = time.monotonic()
    try:
        cursor = caller.session.execute(sql)
        rows = cursor.fetchall() if cursor.description else ()
        found = next((str(row) for row in rows if NOT_FINITE.search(str(row))), None)
        attack.check(f"{sql} has only numbers", not found, str(found)[:200])
    except psycopg.Error as error:
        attack.check(f"{sql} goes through", False, f"{error.sqlstate} {error}")
    caller.weigh(f"in {sql}")
    took = time.monotonic() - started
    if took > attack.slowest:
        attack.slowest, attack.slowest_sql = took, sql


def nights(attack, superuser, made):
    """retrain_due() has tried bob and everybody else, but those whose own rules say otherwise."""
    tried = {str(person) for person, in superuser.execute("SELECT person_id FROM glucose.retraining_log WHERE model_type = 'glucose'"
                                                           ).fetchall()}
    attack.check("bob had his turn", str(superuser.execute(f"SELECT {BOB}").fetchone()[0]) in tried, len(tried))
    attack.check("the poisoned had theirs", len(tried) >= len(made) - 3, len(tried))


def sets(attack, caller):
    rows = caller.session.execute("SELECT person_id, status, sqlstate FROM glucose.train_models('glucose', 'ridge', '{\"deploy\": false}')"
                                  ).fetchall()
    bob = caller.session.execute(f"SELECT {BOB}").fetchone()[0]
    attack.check("train_models() trains bob", [status for person, status, _ in rows if person == bob] == ["trained"], rows[:5])
    internal = [row for row in rows if (row[2] or "")[:2] in ("XX", "57", "53")]
    attack.check("train_models() has no internal errors", not internal, internal)
    caller.weigh("in train_models()")


def in_the_background(attack, caller, superuser):
    """predict_async() over everybody whom manager sees: each of bob's answers is there, and is a number."""
    superuser.execute("INSERT INTO glucose.person_access (person_id, identity, level) VALUES (glucose.key('bob'), 'manager', 'manage')")
    session = caller.session
    jobs = [session.execute("SELECT glucose.predict_async('glucose', array_agg(meal_id)) FROM (SELECT person_id, meal_id FROM (SELECT "
                            "person_id, meal_id, row_number() OVER (PARTITION BY person_id ORDER BY eaten_at DESC) FROM glucose.meal "
                            "WHERE person_id <> glucose.key('bob')) m WHERE row_number <= 20 UNION ALL (SELECT person_id, meal_id FROM "
                            "glucose.meal WHERE person_id = glucose.key('bob') LIMIT 20)) m").fetchone()[0],
            session.execute("SELECT glucose.predict_async('cgm', array_agg(person_id)) FROM glucose.person").fetchone()[0]]
    for job in jobs:
        for _ in range(1200):
            if session.execute("SELECT state FROM glucose.batch_job WHERE job_id = %s", [job]).fetchone()[0] not in ("queued", "running"):
                break
            time.sleep(0.1)
        rows = session.execute("SELECT person_id, state, answer::text, error_sqlstate FROM glucose.job_results(%s)", [job]).fetchall()
        of_bob = [row for row in rows if row[0] == superuser.execute(f"SELECT {BOB}").fetchone()[0]]
        attack.check("every one is answered", rows and all(row[2] or row[3] for row in rows), f"{len(rows)} {rows[:1]}")
        attack.check("bob's are answers", job != jobs[0] or len(of_bob) == 20 and all(row[2] for row in of_bob), of_bob[:1])
        bad = [row for row in rows if row[3] and row[3][:2] in ("XX", "57", "53") or NOT_FINITE.search(str(row[2]))]
        attack.check("no internal error, and only numbers", not bad, bad[:2])
