# SPDX-License-Identifier: PostgreSQL
"""Deeds of days, events, imports, learning between trainings, batches, what comes back from users, and of who watches."""

# What of the functions that change something no deed calls, and why not.
LEFT_OUT = {
    "bind_identity": "roles are not renamed while they work", "login": "needs the identity of tokens, as ./dev bench pooler has it",
    "new_person_id": "a default, which world.person() leaves out", "setup": "takes all tables for itself: ./dev isolation",
    "simulate_person": "makes persons without end", "remove_steward": "ends other deeds: ./dev regress",
    "schedule_retraining": "needs pg_cron", "unschedule_retraining": "needs pg_cron",
    "schedule_purge": "needs pg_cron", "unschedule_purge": "needs pg_cron",
}


class Services:
    """Of class Deeds, whose random persons and roles these use."""

    @staticmethod
    def forecast_of(person, where="true"):
        return (f"(SELECT prediction_id FROM glucose.prediction WHERE person_id = {person} AND {where} AND issued_at > now() - "
                "interval '10 minutes' LIMIT 1)")

    # --- days and events

    def days(self):
        role, person = self.owned()
        day, steps = self.random.randrange(120), self.random.randrange(20000)
        return self.one_of([role, "recorder"]), [self.one_of((
            f"INSERT INTO glucose.daily_metric (person_id, day, metric, value, source) VALUES ({person}, current_date - {day}, "
            f"'STEPS', {steps}, 'watch') ON CONFLICT (person_id, day, metric, source) DO UPDATE SET value = EXCLUDED.value",
            f"SELECT glucose.import_daily({person}, '[{{\"day\": \"2026-01-{1 + day % 28:02}\", \"values\": {{\"STEPS\": {steps}, "
            f"\"RESTING_HEART_RATE\": {40 + day % 60}}}}}]', '{{\"source\": \"phone\"}}')",
            f"DELETE FROM glucose.daily_metric WHERE person_id = {person} AND source = 'phone' AND random() < 0.3"))]

    def prefer(self):
        _, person = self.owned()
        return self.one_of(("alice", "bob", "manager")), [
            f"INSERT INTO glucose.source_preference (person_id, metric, sources) VALUES ({person}, 'STEPS', "
            f"'{self.one_of(('{watch,phone}', '{phone}'))}') ON CONFLICT (person_id, metric) DO UPDATE SET sources = EXCLUDED.sources"]

    def train_days(self):
        role, person = self.owned()
        return role, [self.one_of((
            f"SELECT version FROM glucose.train_metric({person}, 'STEPS', '{self.one_of(('mean', 'persistence', 'auto'))}')",
            f"SELECT version FROM glucose.train_event({person}, 'few_steps', '{self.one_of(('mean', 'logistic'))}')",
            f"SELECT version FROM glucose.train_event({person}, 'high_after_meal', 'mean')",
            f"SELECT glucose.tune_model({person}, 'ridge', '{{\"l2\": [1, 10]}}')"))]

    def ask_days(self):
        role, person = self.owned()
        role = self.one_of([role, "viewer", "recorder", "auditor"])
        return role, [self.one_of((
            f"SELECT glucose.predict_metric({person}, 'STEPS')",
            f"SELECT glucose.predict_metrics({person}, '{{STEPS,RESTING_HEART_RATE}}')",
            f"SELECT glucose.predict_event({person}, '{self.one_of(('few_steps', 'low_time_in_range'))}')",
            f"SELECT glucose.predict_event({person}, 'high_after_meal', (SELECT max(eaten_at) FROM glucose.meal "
            f"WHERE person_id = {person}))",
            f"SELECT * FROM glucose.correlations({person}, 'STEPS')",
            f"SELECT * FROM glucose.explain_metric({person}, 'STEPS')"))]

    def define(self):
        """The words of an event and the range of a metric change while they are asked about."""
        return self.one_of(("steward", "second")), [self.one_of((
            "SELECT glucose.define_event('few_steps', '1 day', '7 days', '{\"at\": \"evening\", \"yes_if\": {\"metric\": "
            f"\"STEPS\", \"below\": 8000}}}}', '{{\"en\": \"Few steps {self.number()}\"}}')",
            f"SELECT glucose.define_event('rare_{self.random.randrange(40)}', '1 day', '7 days', '{{\"at\": \"evening\", "
            "\"yes_if\": {\"metric\": \"STEPS\", \"below\": 100}}')",
            f"SELECT glucose.define_metric('MOOD', 'points', 1, {self.random.randrange(5, 11)}, 'higher')",
            "DELETE FROM glucose.event WHERE name LIKE 'rare%' AND random() < 0.5"))]

    # --- whole histories

    def bring(self):
        """Readings and meals of a device or a diary, much of which is there already."""
        role, person = self.owned()
        hours = self.random.randrange(1, 200)
        return self.one_of([role, "recorder"]), [self.one_of((
            f"SELECT glucose.import_readings({person}, array_agg(at), array_agg(100 + n % 37)) FROM generate_series(1, 200) n, "
            f"LATERAL (SELECT date_trunc('hour', now()) - interval '{hours} hours' - n * interval '5 min') t (at)",
            f"SELECT glucose.import_meals({person}, jsonb_agg(jsonb_build_object('eaten_at', now() - (n + {hours}) * interval "
            "'1 hour', 'carbs_g', 20 + n, 'meal_type', 'snack'))) FROM generate_series(1, 5) n"))]

    def forget(self):
        owner = self.one_of(("alice", "bob"))
        person = f"glucose.key('{owner}4')"
        return owner, [f"SELECT glucose.forget_person({person}, confirm => {person}::text)"]

    def travel(self):
        owner = self.one_of(("alice", "bob"))
        return owner, [f"INSERT INTO glucose.person_time_zone (person_id, since, time_zone) VALUES (glucose.key('{owner}"
                       f"{self.one_of('123')}'), date_trunc('day', now()) - interval '{self.random.randrange(40)} days', "
                       f"'{self.one_of(('UTC', 'Asia/Tokyo', 'America/Lima'))}') ON CONFLICT (person_id, since) DO UPDATE "
                       "SET time_zone = EXCLUDED.time_zone"]

    # --- learning between trainings, batches, what users say

    def update(self):
        role, person = self.owned()
        kind = self.one_of(("glucose", "cgm"))
        return role, [f"SELECT status FROM glucose.update_model({person}, '{kind}', '{{\"force\": true}}')",
                      f"SELECT glucose.check_model({person}, '{kind}')"]

    def update_all(self):
        return self.one_of(("steward", "second")), [self.one_of(("CALL glucose.update_due()", "CALL glucose.check_models()",
                                                                 "CALL glucose.purge()"))]

    def batch(self):
        role, person = self.owned()
        meals = f"(SELECT array_agg(meal_id) FROM (SELECT meal_id FROM glucose.meal WHERE person_id = {person} LIMIT 20) m)"
        return role, [self.one_of((
            f"SELECT glucose.predict_async('glucose', {meals})",
            f"SELECT glucose.predict_async('cgm', ARRAY[{person}, glucose.key('nobody')])",
            f"SELECT glucose.predict_async('daily:STEPS', ARRAY[{person}])",
            f"SELECT glucose.predict_async('event:few_steps', ARRAY[{person}])",
            "SELECT count(r) FROM (SELECT job_id FROM glucose.batch_job ORDER BY random() LIMIT 1) j, "
            "glucose.job_results(j.job_id) r",
            "SELECT glucose.cancel_job(job_id) FROM glucose.batch_job WHERE state IN ('queued', 'running') "
            "ORDER BY random() LIMIT 1"))]

    def feedback(self):
        role, person = self.owned()
        forecast, past = self.forecast_of(person), self.forecast_of(person, "model_type = 'cgm'")
        return self.one_of([role, "viewer"]), [self.one_of((
            f"SELECT glucose.record_feedback({person}, {forecast}, 'useful')",
            f"SELECT glucose.record_feedback({person}, {forecast}, 'rating', {self.random.randrange(1, 6)}, 'a note')",
            f"INSERT INTO glucose.prediction_feedback (person_id, prediction_id, kind) SELECT {person}, {forecast}, 'wrong' "
            f"WHERE {forecast} IS NOT NULL ON CONFLICT DO NOTHING",
            f"SELECT glucose.record_outcome({past}, '{{\"60\": {self.random.randrange(60, 250)}}}', "
            f"person_id => {person})"))]

    # --- who watches, and what pages show

    def watch(self):
        return self.one_of(("steward", "second")), [self.one_of((
            "SELECT * FROM glucose.health_check()", "SELECT glucose.note_performance()",
            "SELECT * FROM glucose.check_and_handle_drift()",
            "SELECT count(glucose.acknowledge_alert(alert_id)) FROM glucose.active_alerts WHERE random() < 0.3",
            "SELECT glucose.openmetrics()", "SELECT glucose.dashboard()", "SELECT * FROM glucose.gauges()"))]

    def keep(self):
        """The owner of the tables: seals, grants again, a steward again."""
        return "keeper", [self.one_of((
            "SELECT glucose.seal_log('1 second')", "SELECT glucose.grant_access('viewer')", "SELECT glucose.add_steward('second')",
            "SELECT * FROM glucose.purge_remains()", "SELECT * FROM glucose.verify_seals()"))]

    def pages(self):
        role, person = self.owned()
        role = self.one_of([role, "viewer"])
        return role, [self.one_of((
            f"SELECT glucose.glucose_report({person})", f"SELECT glucose.glucose_plot({person})",
            f"SELECT * FROM glucose.glucose_patterns({person})", f"SELECT * FROM glucose.glucose_outlook({person})",
            f"SELECT * FROM glucose.glucose_events({person})", f"SELECT * FROM glucose.steady_meals({person})",
            f"SELECT * FROM glucose.verify_log({person})", "SELECT glucose.invalidate_cache()",
            "SELECT * FROM glucose.rate_limits()", "SELECT * FROM glucose.serving_stats(), glucose.cache_stats()"))]

    def percent(self):
        running = "(SELECT name FROM glucose.experiment WHERE state = 'running' LIMIT 1)"
        return "steward", [f"SELECT glucose.set_experiment_percent({running}, {self.random.randrange(1, 99)})"]


# How often each is done, beside those of deeds.py.
SERVICES = {"days": 6, "prefer": 1, "train_days": 3, "ask_days": 5, "define": 2, "bring": 4, "forget": 1, "travel": 1,
            "update": 3, "update_all": 1, "batch": 4, "feedback": 5, "watch": 2, "keep": 2, "pages": 3, "percent": 1}


def never_called(session, sources):
    """Functions and procedures that change something and that neither a deed calls nor LEFT_OUT names."""
    changing = session.execute("SELECT proname FROM pg_proc p WHERE pronamespace = 'glucose'::regnamespace AND provolatile = 'v' "
                               "AND prorettype <> 'trigger'::regtype AND coalesce(obj_description(oid), '') NOT LIKE 'Internal:%' "
                               "ORDER BY 1").fetchall()
    return [name for name, in changing if f"glucose.{name}(" not in sources and name not in LEFT_OUT]
