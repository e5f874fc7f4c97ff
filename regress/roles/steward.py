# SPDX-License-Identifier: PostgreSQL
"""Two stewards who work beside each other. (The read-only one is in analyst.py.)"""
import time

import refusals
from trial import Trial, connect

ALICE, BOB = "glucose.key('alice')", "glucose.key('bob')"


def trains_for_all(trial, session, l2):
    for person in (ALICE, BOB):
        (version,), = trial.does(session, f"SELECT version FROM glucose.train_model({person}, algorithm => 'ridge', "
                                          f"options => '{{\"l2\": {l2}, \"deploy\": true}}')", rows=1)
        (active,), = trial.does(session, f"SELECT glucose.active_model_version({person})", rows=1)
        trial.check("what was trained serves", active == version, f"{active} {version}")
    trial.does(session, f"SELECT glucose.rollback_model({ALICE})", rows=1)
    trial.does(session, "SELECT e.* FROM glucose.person p, glucose.evaluate_model(p.person_id) e")


def decides(trial, session, other):
    """Policy, population, experiments: what one steward has begun the other one ends."""
    trial.does(session, "UPDATE glucose.retraining_policy SET max_age_days = 9, algorithm = 'mean' "
                        "WHERE model_type = 'glucose'", rows=1)
    trial.does(other, "SELECT FROM glucose.retraining_policy WHERE max_age_days = 9", rows=1)
    (version,), = trial.does(session, "SELECT version FROM glucose.train_population_model(algorithm => 'ridge')", rows=1)
    trial.does(other, "SELECT glucose.deploy_population_model('glucose', %s)", [version], rows=1)
    trial.does(other, "SELECT length(artifact) FROM glucose.population_model", rows=1)
    trial.does(session, "SELECT glucose.start_experiment('softer', '{\"algorithm\": \"mean\"}', 50, 'shadow')", rows=1)
    trial.does(other, "SELECT glucose.prepare_experiment('softer')", rows=1)
    trial.does(session, "SELECT * FROM glucose.experiment_results('softer')")
    trial.does(other, "SELECT * FROM glucose.check_experiments()", rows=1)
    trial.does(other, "SELECT glucose.stop_experiment('softer')", rows=1)
    trial.cannot(session, "SELECT glucose.stop_experiment('softer')", states=("55000",))


def nightly(trial, session):
    trial.does(session, "CALL glucose.retrain_due()")
    trial.does(session, "SELECT glucose.batch_retrain()", rows=1)
    job, = trial.does(session, f"SELECT glucose.train_model_async({BOB}, algorithm => 'mean')", rows=1)
    for _ in range(300):
        (state,), = session.execute("SELECT state FROM glucose.training_job WHERE job_id = %s", job).fetchall()
        if state not in ("queued", "running"):
            break
        time.sleep(0.1)
    trial.check("the job of a steward is done", state == "done", state)


def records_and_shares_nothing(trial, session):
    for statement in (
            f"INSERT INTO glucose.meal (person_id, eaten_at, meal_type) VALUES ({ALICE}, now(), 'snack')",
            f"INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl) VALUES ({ALICE}, now(), 100)",
            f"INSERT INTO glucose.person_access VALUES ({ALICE}, current_user, now(), 'manage')",
            "UPDATE glucose.meal SET carbs_g = 1", "DELETE FROM glucose.meal", "DELETE FROM glucose.glucose_reading",
            "UPDATE glucose.glucose_reading SET mg_dl = 100", "UPDATE glucose.person SET shares_data = true",
            "UPDATE glucose.person SET owner = current_user", "DELETE FROM glucose.person",
            "UPDATE glucose.person_access SET level = 'manage'", "DELETE FROM glucose.person_access"):
        trial.cannot(session, statement, or_nothing=True)
    refusals.no_power_over_tables(trial, session, writes=("retraining_override", *refusals.DECIDED_BY_STEWARDS))
    refusals.no_power_over_the_database(trial, session)


with Trial("steward") as trial, connect("steward") as first, connect("second") as second:
    for me, beside, l2 in ((first, second, 2), (second, first, 3)):
        trial.check("both see everybody", me.execute("SELECT count(*) FROM glucose.person").fetchone() == (2,))
        trains_for_all(trial, me, l2)
    decides(trial, second, first)
    nightly(trial, second)
    records_and_shares_nothing(trial, first)
    records_and_shares_nothing(trial, second)
    with connect("postgres") as owner:
        owner.execute("SET ROLE keeper")
        trial.does(owner, "SELECT glucose.remove_steward('second')", rows=1)
    trial.check("a former steward sees nobody", second.execute("SELECT count(*) FROM glucose.person").fetchone() == (0,))
    trial.check("the other one goes on", first.execute("SELECT count(*) FROM glucose.person").fetchone() == (2,))
    refusals.nobody_elses(trial, second)
    trial.cannot(second, "UPDATE glucose.retraining_policy SET max_age_days = 8", or_nothing=True)
    trial.cannot(second, "SELECT glucose.train_population_model(algorithm => 'ridge')", states=("42501",))
