# SPDX-License-Identifier: PostgreSQL
"""Caregivers of Alice at the three levels: view, record, manage."""
import refusals
from trial import REFUSED, Trial, connect

ALICE = "glucose.key('alice')"
LAST_MEAL = f"(SELECT meal_id FROM glucose.meal WHERE person_id = {ALICE} ORDER BY eaten_at DESC LIMIT 1)"
NEW_MEAL = (f"INSERT INTO glucose.meal (person_id, eaten_at, meal_type, carbs_g) "
            f"VALUES ({ALICE}, now(), 'snack', 20) RETURNING meal_id, entered_by")
NEW_READING = (f"INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl) "
               f"VALUES ({ALICE}, now(), 130) RETURNING entered_by")


def looks(trial, session):
    """What every level may: see everything, ask, and be logged as the one who asked."""
    trial.check("one person is visible", session.execute("SELECT count(*) FROM glucose.person").fetchone() == (1,))
    trial.does(session, f"SELECT * FROM glucose.glucose_reading WHERE person_id = {ALICE}", rows=21 * 96)
    trial.does(session, f"SELECT * FROM glucose.list_model_versions({ALICE})", rows=2)
    before = session.execute("SELECT count(*) FROM glucose.prediction").fetchone()[0]
    (answer,), = trial.does(session, f"SELECT glucose.predict_glucose({LAST_MEAL})", rows=1)
    trial.check("the forecast is logged", answer["logged"] and len(answer["predictions"]) == 2, answer)
    trial.does(session, "SELECT FROM glucose.prediction WHERE issued_to = current_user AND prediction_id = %s",
               [answer["predictionId"]], rows=1)
    trial.does(session, f"SELECT * FROM glucose.glucose_forecast({LAST_MEAL})", rows=2)
    trial.does(session, f"SELECT glucose.predict_meal({ALICE}, '{{\"carbs_g\": 45, \"meal_type\": \"lunch\"}}')", rows=1)
    trial.does(session, f"SELECT * FROM glucose.evaluate_model({ALICE})")
    trial.does(session, f"SELECT * FROM glucose.live_accuracy({ALICE})")
    trial.does(session, f"SELECT * FROM glucose.check_retraining({ALICE})", rows=1)
    after = session.execute("SELECT count(*) FROM glucose.prediction").fetchone()[0]
    trial.check("two answers were logged", after == before + 2, f"{before} {after}")


def trains_nothing(trial, session):
    """What manage may and the other levels may not."""
    for call in (f"train_model({ALICE}, algorithm => 'mean')", f"train_model_async({ALICE}, algorithm => 'mean')",
                 f"tune_model({ALICE}, 'ridge')", f"deploy_model({ALICE}, 'glucose', '1.0.0')",
                 f"rollback_model({ALICE})", f"delete_model({ALICE}, 'glucose', '1.0.0')",
                 f"import_model({ALICE}, glucose.export_model({ALICE}, 'glucose'))"):
        trial.cannot(session, f"SELECT * FROM glucose.{call}")
    # A retraining that may not train is skipped or refused.
    trial.cannot(session, f"SELECT FROM glucose.retrain_model({ALICE}, force => true) WHERE status <> 'skipped'",
                 or_nothing=True)
    trial.cannot(session, "UPDATE glucose.model_version SET status = 'archived'", or_nothing=True)


def changes_nothing(trial, session, tables):
    """Rows the owner has entered are neither changed nor removed."""
    for table, assignment in tables.items():
        trial.cannot(session, f"UPDATE glucose.{table} SET {assignment}", or_nothing=True)
        trial.cannot(session, f"DELETE FROM glucose.{table}", or_nothing=True)


def at_level_view(trial):
    with connect("viewer") as session:
        looks(trial, session)
        trial.cannot(session, NEW_MEAL)
        trial.cannot(session, NEW_READING)
        trial.cannot(session, NEW_READING.replace("RETURNING", "ON CONFLICT (person_id, measured_at) DO UPDATE "
                                                               "SET mg_dl = 40 RETURNING"))
        changes_nothing(trial, session, {"meal": "carbs_g = 1", "glucose_reading": "mg_dl = 100"})
        trains_nothing(trial, session)
        cannot_more(trial, session)


def at_level_record(trial):
    with connect("recorder") as session:
        looks(trial, session)
        changes_nothing(trial, session, {"meal": "carbs_g = 1", "glucose_reading": "mg_dl = 100"})
        (meal, entered_by), = trial.does(session, NEW_MEAL, rows=1)
        trial.check("the meal knows who entered it", entered_by == "recorder", entered_by)
        trial.does(session, "UPDATE glucose.meal SET carbs_g = 25 WHERE meal_id = %s", [meal], rows=1)
        (entered_by,), = trial.does(session, NEW_READING, rows=1)
        trial.check("the reading knows who entered it", entered_by == "recorder", entered_by)
        trial.does(session, "UPDATE glucose.glucose_reading SET mg_dl = 131 WHERE entered_by = 'recorder'", rows=1)
        trial.does(session, "UPDATE glucose.meal SET carbs_g = 26", rows=1)
        trial.cannot(session, "UPDATE glucose.meal SET entered_by = NULL WHERE meal_id = %s", [meal])
        trial.cannot(session, NEW_MEAL.replace("carbs_g)", "carbs_g, entered_by)").replace("20)", "20, NULL)"))
        trial.cannot(session, NEW_MEAL.replace("carbs_g)", "carbs_g, entered_by)").replace("20)", "20, 'manager')"))
        trial.does(session, f"SELECT glucose.predict_glucose('{meal}')", rows=1)
        trial.does(session, "DELETE FROM glucose.glucose_reading WHERE entered_by = 'recorder'", rows=1)
        trial.does(session, "DELETE FROM glucose.meal WHERE meal_id = %s", [meal], rows=1)
        trains_nothing(trial, session)
        cannot_more(trial, session)


def at_level_manage(trial):
    with connect("manager") as session:
        looks(trial, session)
        (meal, entered_by), = trial.does(session, NEW_MEAL, rows=1)
        trial.does(session, f"UPDATE glucose.meal SET carbs_g = 33 WHERE meal_id = {LAST_MEAL}", rows=1)
        trial.does(session, "DELETE FROM glucose.meal WHERE meal_id = %s", [meal], rows=1)
        trial.does(session, "UPDATE glucose.glucose_reading SET mg_dl = mg_dl + 1 WHERE measured_at = "
                            "(SELECT max(measured_at) FROM glucose.glucose_reading)", rows=1)
        (version,), = trial.does(session, f"SELECT version FROM glucose.train_model({ALICE}, algorithm => 'ridge', "
                                          "options => '{\"l2\": 3}')", rows=1)
        trial.does(session, f"SELECT glucose.deploy_model({ALICE}, 'glucose', %s)", [version], rows=1)
        trial.does(session, f"SELECT glucose.rollback_model({ALICE})", rows=1)
        (artifact,), = trial.does(session, f"SELECT glucose.export_model({ALICE}, 'glucose', %s)", [version], rows=1)
        trial.does(session, f"SELECT glucose.delete_model({ALICE}, 'glucose', %s)", [version], rows=1)
        (imported,), = trial.does(session, f"SELECT glucose.import_model({ALICE}, %s)", [artifact], rows=1)
        trial.does(session, f"SELECT glucose.delete_model({ALICE}, 'glucose', %s)", [imported], rows=1)
        trial.does(session, f"INSERT INTO glucose.retraining_override (person_id, model_type, algorithm) "
                            f"VALUES ({ALICE}, 'glucose', 'mean')", rows=1)
        trial.does(session, f"SELECT * FROM glucose.retrain_model({ALICE}, force => true)", rows=1)
        trial.cannot(session, "SELECT glucose.train_population_model(algorithm => 'ridge')")
        trial.cannot(session, "UPDATE glucose.model_version SET is_active = true")
        trial.cannot(session, "UPDATE glucose.model_version SET mae = 0")
        cannot_more(trial, session)


def cannot_more(trial, session):
    refusals.no_more_than_shared(trial, session)
    refusals.nobody_elses(trial, session)
    refusals.no_power_over_tables(trial, session, writes=refusals.RECORDED)
    refusals.no_power_over_the_database(trial, session)


def sharing_ends(trial):
    """What the owner takes back is gone at the next statement, also in a session that is open."""
    with connect("viewer") as session, connect("alice") as owner:
        trial.does(session, f"SELECT FROM glucose.meal WHERE meal_id = {LAST_MEAL}", rows=1)
        trial.does(owner, "DELETE FROM glucose.person_access WHERE identity = 'viewer'", rows=1)
        for table in ("person", "meal", "glucose_reading", "model_version", "prediction"):
            trial.cannot(session, f"SELECT * FROM glucose.{table}", or_nothing=True, states=REFUSED)
        trial.cannot(session, f"SELECT glucose.predict_meal({ALICE}, '{{}}')", states=("P0002",))


with Trial("caregiver") as trial:
    at_level_view(trial)
    at_level_record(trial)
    at_level_manage(trial)
    sharing_ends(trial)
