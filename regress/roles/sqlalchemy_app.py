# SPDX-License-Identifier: PostgreSQL
"""An application with SQLAlchemy: classes by automap from the tables as they are."""
import datetime
import os
import uuid
import warnings

import sqlalchemy as sa
from sqlalchemy.ext.automap import automap_base
from sqlalchemy.orm import Session

import refusals
from trial import Trial, connect

UTC = datetime.timezone.utc
KEYS = {"person": {"person_id"}, "meal": {"person_id", "meal_id"}, "glucose_reading": {"person_id", "measured_at"},
        "model_version": {"person_id", "model_type", "version"}, "prediction": {"person_id", "prediction_id"}}


def reflect(trial, engine):
    metadata = sa.MetaData(schema="glucose")
    with warnings.catch_warnings():  # this SQLAlchemy's own, about an index that includes columns
        warnings.simplefilter("ignore", sa.exc.SAWarning)
        metadata.reflect(engine, views=False)
    for name, columns in KEYS.items():
        found = {column.name for column in metadata.tables[f"glucose.{name}"].primary_key}
        trial.check(f"primary key of {name}", found == columns, found)
    for table in metadata.tables.values():
        trial.check(f"{table.name} has a primary key", len(table.primary_key) > 0)
    base = automap_base(metadata=metadata)
    # A metric's name is a column and, for this library, would be the relationship to its row as well.
    base.prepare(name_for_scalar_relationship=lambda base, local, referred, constraint: f"{referred.__name__}_row")
    return base.classes


def records(trial, session, classes, owner):
    person = classes.person(owner=owner, time_zone="Europe/Berlin", diabetes_type="t2d")
    session.add(person)
    session.commit()
    trial.check("defaults come back", isinstance(person.person_id, (uuid.UUID, str)) and person.shares_data is False)
    begin = datetime.datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - datetime.timedelta(days=14)
    for day in range(14):
        for hour, kind in ((7, "breakfast"), (13, "lunch"), (19, "dinner")):
            session.add(classes.meal(person_id=person.person_id, eaten_at=begin + datetime.timedelta(days=day, hours=hour),
                                     meal_type=kind, carbs_g=20.0 + (day * 7 + hour) % 50))
    session.add_all(classes.glucose_reading(person_id=person.person_id, measured_at=begin + datetime.timedelta(minutes=15 * i),
                                            mg_dl=100.0 + i * 7 % 60) for i in range(14 * 96))
    session.commit()
    return person.person_id


def corrects(trial, session, classes, person_id):
    """Update and delete of one object touch one row."""
    meals = session.query(classes.meal).filter_by(person_id=person_id).order_by(classes.meal.eaten_at).all()
    meals[0].carbs_g = 61.5
    session.commit()
    session.expire_all()
    trial.check("one meal is corrected", session.query(classes.meal).filter_by(carbs_g=61.5).count() == 1)
    session.delete(meals[0])
    session.commit()
    trial.check("one meal is deleted", session.query(classes.meal).count() == 41)
    reading = session.query(classes.glucose_reading).order_by(classes.glucose_reading.measured_at).first()
    reading.mg_dl = 177.0
    session.commit()
    trial.check("one reading is corrected", session.query(classes.glucose_reading).filter_by(mg_dl=177.0).count() == 1)
    session.delete(reading)
    session.commit()
    trial.check("one reading is deleted", session.query(classes.glucose_reading).count() == 14 * 96 - 1)
    trial.check("the person is still there", session.query(classes.person).count() == 1)
    return meals[-1]


def asks(trial, session, classes, person_id, meal):
    glucose = sa.func.glucose
    trained = session.execute(sa.text("SELECT version, is_active FROM glucose.train_model(CAST(:id AS uuid), "
                                      "algorithm => 'ridge', options => CAST(:options AS jsonb))"),
                              {"id": str(person_id), "options": '{"deploy": true}'}).one()
    session.commit()
    trial.check("trains", trained.is_active, trained)
    answer = session.execute(sa.select(glucose.predict_glucose(meal.meal_id))).scalar_one()
    session.commit()
    trial.check("asks", answer["logged"] and len(answer["predictions"]) == 2, answer)
    logged = session.query(classes.prediction).one()
    trial.check("the log is an object", str(logged.prediction_id) == answer["predictionId"])
    rows = session.execute(sa.select(sa.text("mg_dl")).select_from(glucose.glucose_forecast(meal.meal_id))).all()
    trial.check("rows of a forecast", len(rows) == 2)
    trial.check("versions by the class", session.query(classes.model_version).one().version == trained.version)


def cannot(trial, session, classes):
    """The session's own way to write what only functions write."""
    for change in (lambda: setattr(session.query(classes.model_version).one(), "is_active", False),
                   lambda: session.delete(session.query(classes.prediction).one()),
                   lambda: session.add(classes.meal(person_id=str(refusals.catalog("SELECT glucose.key('bob')")[0][0]),
                                                    eaten_at=datetime.datetime.now(UTC), meal_type="snack"))):
        try:
            change()
            session.commit()
            trial.wrong.append("a write through the session was not refused")
        except sa.exc.ProgrammingError as error:
            session.rollback()
            if error.orig.pgcode == "42501":
                trial.refused += 1
            else:
                trial.wrong.append(f"refused otherwise: {error}")


with Trial("sqlalchemy_app") as trial:
    engine = sa.create_engine("postgresql+psycopg2://", connect_args={
        "dbname": os.environ["PGDATABASE"], "user": "alchemy"})
    classes = reflect(trial, engine)
    with Session(engine) as session:
        person_id = records(trial, session, classes, "alchemy")
        meal = corrects(trial, session, classes, person_id)
        asks(trial, session, classes, person_id, meal)
        cannot(trial, session, classes)
    with connect("alchemy") as session:
        refusals.nobody_elses(trial, session)
        refusals.no_power_over_tables(trial, session, writes=refusals.RECORDED)
        refusals.no_power_over_the_database(trial, session)
