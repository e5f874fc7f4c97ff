# SPDX-License-Identifier: PostgreSQL
"""A Django application: unmanaged models exactly as `manage.py inspectdb` prints them, and drivers' typed parameters."""
import datetime
import io
import os
import sys
import types
import uuid

import django
from django.conf import settings
from django.core.management import call_command
import psycopg
from psycopg.types.json import Json, Jsonb

import refusals
from trial import Trial, connect

UTC = datetime.timezone.utc
TABLES = ["person", "person_access", "meal", "glucose_reading", "model_version", "deployment", "prediction"]


def inspected(trial):
    """The module of models that inspectdb writes for our tables, imported as it is."""
    settings.configure(USE_TZ=True, INSTALLED_APPS=["app"], DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", DATABASES={
        "default": {"ENGINE": "django.db.backends.postgresql", "NAME": os.environ["PGDATABASE"], "USER": "django",
                    "HOST": os.environ["PGHOST"], "PORT": os.environ["PGPORT"],
                    "OPTIONS": {"options": "-c search_path=glucose,public"}}})
    sys.modules["app"] = app = types.ModuleType("app")
    app.__path__ = []
    app.__file__ = __file__
    django.setup()
    text = io.StringIO()
    call_command("inspectdb", *TABLES, stdout=text)
    sys.modules["app.models"] = models = types.ModuleType("app.models")
    exec(compile(text.getvalue(), "models.py", "exec"), models.__dict__)  # what inspectdb prints is a module
    for name, key in (("Person", "person_id"), ("Meal", "meal_id")):
        found = getattr(models, name)._meta.pk
        trial.check(f"key of {name}", found.column == key, found.column)
    trial.check("unmanaged", not models.Meal._meta.managed)
    return models


def day(trial, models):
    from django.db import connection
    person = models.Person.objects.create(person_id=uuid.uuid4(), owner="django", time_zone="UTC", shares_data=False,
                                          unit="mg/dL", created_at=datetime.datetime.now(UTC))
    begin = datetime.datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - datetime.timedelta(days=14)
    models.Meal.objects.bulk_create(
        models.Meal(meal_id=uuid.uuid4(), person=person, eaten_at=begin + datetime.timedelta(days=day, hours=hour),
                    meal_type=kind, carbs_g=20.0 + (day * 7 + hour) % 50)
        for day in range(14) for hour, kind in ((7, "breakfast"), (13, "lunch"), (19, "dinner")))
    models.GlucoseReading.objects.bulk_create(
        models.GlucoseReading(person=person, measured_at=begin + datetime.timedelta(minutes=15 * i), mg_dl=100.0 + i * 7 % 60)
        for i in range(14 * 96))
    first = models.Meal.objects.order_by("eaten_at").first()
    first.carbs_g = 61.5
    first.save()
    trial.check("one meal is corrected", models.Meal.objects.filter(carbs_g=61.5).count() == 1)
    first.delete()
    trial.check("one meal is deleted", models.Meal.objects.count() == 41, models.Meal.objects.count())
    # The key of a reading has two columns, which this Django's models cannot say: rows are named by a filter.
    at = begin + datetime.timedelta(minutes=30)
    one = models.GlucoseReading.objects.filter(person=person, measured_at=at)
    trial.check("one reading is corrected", one.update(mg_dl=180.0) == 1)
    trial.check("one reading is deleted", one._raw_delete(one.db) == 1)
    trial.check("the others are there", models.GlucoseReading.objects.count() == 14 * 96 - 1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT version FROM glucose.train_model(%s, algorithm => 'ridge', options => '{\"deploy\": true}')",
                       [person.person_id])
        trial.check("trains", cursor.fetchone()[0])
        last = models.Meal.objects.order_by("eaten_at").last()
        cursor.execute("SELECT glucose.predict_glucose(%s, %s)", [last.meal_id, '{"lang": "de"}'])
        trial.check("asks", "predictions" in str(cursor.fetchone()[0]))
    log = models.Prediction.objects.get()
    trial.check("the log is an object", log.issued_to == "django" and log.meal_id == last.meal_id)
    for change in (lambda: models.Prediction.objects.all().delete(), lambda: models.Deployment.objects.update(reason="x"),
                   lambda: models.ModelVersion.objects.update(is_active=False)):
        try:
            change()
            trial.wrong.append("a write through a model was not refused")
        except django.db.utils.ProgrammingError as error:
            trial.check("42501", error.__cause__.pgcode == "42501", error)
            trial.done, trial.refused = trial.done - 1, trial.refused + 1
    return str(person.person_id), str(last.meal_id)


def typed(trial, person, meal):
    """Drivers that say a parameter's type: double precision, jsonb (json is cast), uuid as text, moments with any zone."""
    zone = datetime.timezone(datetime.timedelta(hours=5, minutes=30))
    now = datetime.datetime.now(zone)
    with connect("django") as session:
        session.execute("SET search_path = glucose, public")
        for sql, parameters in (
                ("SELECT glucose.extract_glucose_history(%s, %s, %s)", [uuid.UUID(person), now, 3.0]),
                ("SELECT glucose.extract_glucose_history(%s::uuid, %s, %s::double precision)", [person, now, 3]),
                ("SELECT glucose.validate_features(%s)", [[100.0] + [1.0] * 4 + [1.0, 0.0, 0.0, 0.0] + [0.5] * 4
                                                          + [120.0] * 12 + [120.0, 20.0, 40.0]]),
                ("SELECT glucose.predict_meal(%s, %s::jsonb)", [uuid.UUID(person), Json({"carbs_g": 40})]),
                ("SELECT glucose.predict_meal(%s, %s, %s)", [uuid.UUID(person), Jsonb({"carbs_g": 40}), Jsonb({})]),
                ("SELECT glucose.predict_glucose(%s, %s)", [uuid.UUID(meal), Jsonb({"lang": "de"})]),
                ("SELECT glucose.predict_glucose(%s)", [meal]),
                ("SELECT glucose.train_model(%s, %s, %s, %s)", [person, "glucose", "mean", Jsonb({"seed": 2})]),
                ("SELECT * FROM glucose.cgm_forecast(%s, %s)", [person, now - datetime.timedelta(days=2)]),
                ("SELECT glucose.to_mg_dl(%s, %s)", [7.8, "mmol/L"]),
                ("SELECT glucose.calculate_user_baseline(%s, %s, %s)", [person, now, 14]),
                ("INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl) VALUES (%s, %s, %s)",
                 [person, now, 123.5]),
                ("SELECT glucose.ab_bucket(%s, %s)", [person, "salt"]),
                ("SELECT glucose.welch_t(%s, %s, %s)", [[1.0, 2.0, 3.0], [2.0, 3.0, 5.0], 0.95])):
            try:
                session.execute(sql, parameters)
                trial.done += 1
            except psycopg.errors.lookup("42883") as error:
                trial.wrong.append(f"types are not resolved: {sql}: {error}")
            except psycopg.Error as error:
                # What the day's data do not allow is an answer, too: the call was understood.
                trial.check(sql, error.sqlstate[:2] == "MG", f"{error.sqlstate} {error}")


with Trial("django_app") as trial:
    person, meal = day(trial, inspected(trial))
    typed(trial, person, meal)
    with connect("django") as session:
        refusals.nobody_elses(trial, session)
        refusals.no_power_over_tables(trial, session, writes=refusals.RECORDED)
        refusals.no_power_over_the_database(trial, session)
