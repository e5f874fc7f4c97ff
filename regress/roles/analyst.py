# SPDX-License-Identifier: PostgreSQL
"""Analysts: one with grant_access(role, 'read') with whom a person is shared, one who reads everybody."""
import refusals
from trial import Trial, connect

ALICE = "glucose.key('alice')"


def studies(trial, session, persons, versions):
    """Models, metrics, rows, forecasts of many meals at once, and export to a file of one's own."""
    trial.does(session, "SELECT * FROM glucose.person", rows=persons)
    trial.does(session, "SELECT * FROM glucose.model_version", rows=versions)
    trial.does(session, "SELECT person_id, minutes_ahead, avg(value) FROM glucose.model_metric WHERE metric = 'mae' "
                        "AND split = 'test' GROUP BY 1, 2")
    trial.does(session, "SELECT m.meal_id, f.* FROM glucose.meal m, LATERAL glucose.glucose_forecast(m.meal_id) f "
                        "WHERE m.eaten_at > now() - interval '3 days' AND m.eaten_at < now() - interval '3 hours'")
    trial.does(session, f"SELECT * FROM glucose.training_dataset({ALICE})")
    trial.does(session, f"SELECT * FROM glucose.evaluate_model({ALICE})")
    trial.does(session, "SELECT * FROM glucose.model_live_accuracy")
    trial.does(session, "SELECT * FROM glucose.prediction_outcome")
    trial.does(session, "SELECT * FROM glucose.list_population_models()", rows=0)
    with session.cursor().copy("COPY glucose.glucose_reading TO STDOUT") as rows:
        trial.check("readings as a file", sum(1 for _ in rows.rows()) == persons * 21 * 96)
    asked = trial.does(session, "SELECT glucose.predict_glucose(meal_id) FROM glucose.meal ORDER BY eaten_at DESC LIMIT 1",
                       rows=1)
    trial.check("asking is logged", bool(asked) and asked[0][0]["logged"])


def writes_nothing(trial, session):
    """No row of anybody, however it is tried: the rights are not there, whatever row-level security says."""
    for table, columns, values in (
            ("person", "owner", "current_user"), ("person_access", "person_id, identity", f"{ALICE}, 'stranger'"),
            ("meal", "person_id, eaten_at, meal_type", f"{ALICE}, now(), 'snack'"),
            ("glucose_reading", "person_id, measured_at, mg_dl", f"{ALICE}, now(), 100"),
            ("retraining_override", "person_id, model_type", f"{ALICE}, 'glucose'")):
        trial.cannot(session, f"INSERT INTO glucose.{table} ({columns}) VALUES ({values})")
    for call in (f"train_model({ALICE}, algorithm => 'mean')", f"train_model_async({ALICE}, algorithm => 'mean')",
                 f"deploy_model({ALICE}, 'glucose', '1.0.0')", f"rollback_model({ALICE})",
                 f"delete_model({ALICE}, 'glucose', '1.0.0')", "train_population_model(algorithm => 'ridge')",
                 "deploy_population_model('glucose', '1.0.0')", "simulate_person(1, 3)",
                 "start_experiment('mine', '{\"algorithm\": \"mean\"}')"):
        trial.cannot(session, f"SELECT * FROM glucose.{call}", states=("42501", "P0002"))
    refusals.no_power_over_tables(trial, session)
    refusals.no_power_over_the_database(trial, session)


with Trial("analyst") as trial:
    with connect("analyst") as session:
        studies(trial, session, persons=1, versions=2)
        writes_nothing(trial, session)
        refusals.nobody_elses(trial, session)
    with connect("auditor") as session:
        studies(trial, session, persons=2, versions=3)
        trial.does(session, "SELECT * FROM glucose.stewards()", rows=3)
        writes_nothing(trial, session)
