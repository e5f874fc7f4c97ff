# SPDX-License-Identifier: PostgreSQL
"""What clients do: each deed is one transaction of one role, made from a random generator; and what may come of it."""
import random

from services import SERVICES, Services

OWNERS = ("alice", "bob")
# Short algorithms: the load is on rows, locks and versions, not on arithmetic.
ALGORITHMS = ("mean", "ridge", "persistence", "lad")

# Every SQLSTATE that may come, and why, and where not everywhere, of which deeds. Anything else is a fault.
ROWS = ("record", "upsert", "extreme", "share", "born_again", "days", "prefer", "bring", "feedback", "travel")
ON_PURPOSE = ("extreme",)
EXPECTED = {
    "40001": "SERIALIZABLE and REPEATABLE READ: another transaction was first",
    "57014": "a statement that took longer than the client waits",
    "P0002": "the person, meal or version has just been erased, withdrawn or deleted",
    "42501": "the level of sharing does not allow it, or was lowered a moment ago",
    "MG001": "no model: everything that served has been deleted, or the person is new",
    "MG002": "too little history, as after an erasure or between extreme rows",
    "55000": "nothing to roll back to, a version that is archived, an experiment that has ended, a population whose persons "
             "differ by too few",
    "55006": "the version serves or an experiment tries it; another experiment is running",
    "42710": "an experiment of that name is there already",
    "53400": "more trainings are asked for than one identity may have in the queue",
    "22023": "no meal or version was found to name (NULL), or garbage on purpose",
    "23503": "a row is entered for a person who has just been erased",
    "23505": "two clients enter the same row in plain INSERTs, or make the same person",
    "MG003": "imported bytes that are no model, on purpose",
    "22003": "an extreme row is out of range, or a meal has been corrected to nutrients that do not fit its calories",
    "23514": "an extreme row is refused by a CHECK, on purpose",
    "40P01": "a person is erased while its rows are changed, both by plain statements: PostgreSQL ends one of them",
}
ERASURE = ("erase", "forget", "upsert", "correct", "remove", "record", "bring", "days")
ONLY_OF = {"40P01": ERASURE, "23503": ROWS, "23505": ROWS, "MG003": ON_PURPOSE, "23514": ON_PURPOSE}
# A batch over many goes on past each one's failure; only the isolation level may end it, and the erasure of whom it is
# about.
BATCHES = ("nightly", "sets", "update_all")


def expected(name, state):
    if name in BATCHES:
        return state in ("40001", "57014") or name == "sets" and state == "P0002"
    return state in EXPECTED and name in ONLY_OF.get(state, (name,))


class Deeds(Services):
    """Random deeds. `who()` gives a role and a person; SQL finds versions and meals itself, so that they are current."""

    def __init__(self, seed, functions):
        self.random = random.Random(seed)
        self.weights = {name: n for name, n in DEEDS.items() if NEEDS.get(name, set()) <= functions}
        self.serial = seed * 1_000_000

    def pick(self):
        name, = self.random.choices(list(self.weights), list(self.weights.values()))
        role, statements = getattr(self, name)()
        return name, role, statements

    def one_of(self, values):
        return self.random.choice(values)

    def owned(self):
        """A role that may manage, and a person of its own or shared with it."""
        owner = self.one_of(OWNERS)
        person = f"glucose.key('{owner}{self.one_of('1112344')}')"
        return (owner if self.random.random() < 0.7 else "manager"), person

    def number(self):
        self.serial += 1
        return self.serial

    @staticmethod
    def version_of(person, model_type, where="true"):
        return (f"(SELECT version FROM glucose.model_version WHERE person_id = {person} AND model_type = '{model_type}' "
                f"AND {where} ORDER BY random() LIMIT 1)")

    @staticmethod
    def meal_of(person):
        return f"(SELECT meal_id FROM glucose.meal WHERE person_id = {person} ORDER BY random() LIMIT 1)"

    # --- models

    def train(self):
        role, person = self.owned()
        options = f'{{"deploy": {self.one_of(["true", "false"])}, "seed": {self.number()}}}'
        return role, [f"SELECT version FROM glucose.train_model({person}, 'glucose', '{self.one_of(ALGORITHMS)}', '{options}')"]

    def train_cgm(self):
        role, person = self.owned()
        return role, [f"SELECT version FROM glucose.train_model({person}, 'cgm', 'linear', '{{\"deploy\": true}}')"]

    def train_async(self):
        role, person = self.owned()
        return role, [f"SELECT glucose.train_model_async({person}, 'glucose', '{self.one_of(ALGORITHMS)}')"]

    def cancel(self):
        role, person = self.owned()
        return role, [f"SELECT glucose.cancel_training(job_id) FROM glucose.training_job WHERE person_id = {person} "
                      "AND state IN ('queued', 'running') ORDER BY random() LIMIT 1",
                      "SELECT glucose.start_training_workers()"]

    def deploy(self):
        role, person = self.owned()
        return role, [f"SELECT glucose.deploy_model({person}, 'glucose', {self.version_of(person, 'glucose')})"]

    def rollback(self):
        role, person = self.owned()
        return role, [f"SELECT glucose.rollback_model({person})"]

    def delete(self):
        role, person = self.owned()
        return role, [f"SELECT glucose.delete_model({person}, 'glucose', {self.version_of(person, 'glucose')})"]

    def delete_old(self):
        """Keeps the number of versions within bounds, as an application would."""
        role, person = self.owned()
        return role, [f"SELECT glucose.delete_model({person}, 'glucose', version) FROM (SELECT version FROM "
                      f"glucose.model_version WHERE person_id = {person} AND model_type = 'glucose' AND NOT is_active "
                      "ORDER BY trained_at DESC OFFSET 10) v"]

    def carry_over(self):
        role, person = self.owned()
        other = f"glucose.key('{self.one_of(OWNERS)}{self.one_of('123')}')"
        return role, [f"SELECT glucose.import_model({person}, glucose.export_model({other}, 'glucose'))"]

    def archive(self):
        role, person = self.owned()
        return role, [f"UPDATE glucose.model_version SET status = 'archived' WHERE person_id = {person} "
                      "AND status = 'ready' AND NOT is_active AND random() < 0.2"]

    # --- asking

    def ask(self):
        role, person = self.owned()
        role = self.one_of([role, "viewer", "recorder", "auditor"])
        return role, [f"SELECT glucose.predict_glucose({self.meal_of(person)})",
                      f"SELECT * FROM glucose.glucose_forecast({self.meal_of(person)})"]

    def ask_cgm(self):
        role, person = self.owned()
        at = f"date_trunc('day', now()) - interval '{self.random.randrange(1, 250)} hours'"
        return role, [f"SELECT * FROM glucose.cgm_forecast({person}, {at})", f"SELECT glucose.predict_cgm({person}, {at})"]

    def ask_what_if(self):
        role, person = self.owned()
        return role, [f"SELECT glucose.predict_meal({person}, '{{\"carbs_g\": {self.random.randrange(5, 120)}}}')",
                      f"SELECT * FROM glucose.explain_prediction({self.meal_of(person)}, 60)"]

    def look(self):
        role, person = self.owned()
        return role, [f"SELECT * FROM glucose.list_model_versions({person})", "SELECT * FROM glucose.model_live_accuracy",
                      f"SELECT * FROM glucose.check_retraining({person})",
                      f"SELECT * FROM glucose.live_accuracy({person})"]

    # --- recording

    def record(self):
        role, person = self.owned()
        role = self.one_of([role, "recorder"])
        minutes = self.random.randrange(1, 5000)
        at = f"date_trunc('minute', now()) - interval '{minutes} minutes'"
        return role, [f"INSERT INTO glucose.meal (person_id, eaten_at, meal_type, carbs_g) "
                      f"VALUES ({person}, {at}, 'snack', {self.random.randrange(100)})",
                      f"INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl) "
                      f"VALUES ({person}, {at}, {self.random.randrange(60, 250)})"]

    def upsert(self):
        role, person = self.owned()
        return role, [f"INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl) SELECT {person}, "
                      f"date_trunc('hour', now()) - i * interval '5 min', 100 + i % 50 FROM generate_series(1, 60) i "
                      "ORDER BY i DESC ON CONFLICT (person_id, measured_at) DO UPDATE SET mg_dl = EXCLUDED.mg_dl"]

    def correct(self):
        role, person = self.owned()
        return role, [f"UPDATE glucose.meal SET carbs_g = {self.random.randrange(100)} WHERE meal_id = {self.meal_of(person)}"]

    def remove(self):
        role, person = self.owned()
        return role, [f"DELETE FROM glucose.meal WHERE person_id = {person} AND meal_type = 'snack' AND random() < 0.1"]

    def extreme(self):
        """A person's own strange rows: far in time, at the ends of the ranges, stuck, alternating, of no sense."""
        owner = self.one_of(OWNERS)
        person, n = f"glucose.key('{owner}5')", self.random.randrange(1000)
        reading = "INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl) "
        return owner, [self.one_of((
            f"{reading} VALUES ({person}, '1900-01-01 00:00+00'::timestamptz + interval '{n} min', 20)",
            f"{reading} VALUES ({person}, '2199-12-31 00:00+00'::timestamptz + interval '{n} min', 600)",
            f"{reading} VALUES ({person}, '1000-01-01 00:00+00', 100)", f"{reading} VALUES ({person}, 'infinity', 100)",
            f"{reading} VALUES ({person}, now(), 'NaN')", f"{reading} VALUES ({person}, now(), '-Infinity')",
            f"{reading} SELECT {person}, now() - (i + {n}) * interval '1 min', CASE i % 2 WHEN 0 THEN 20 ELSE 600 END "
            "FROM generate_series(1, 300) i ON CONFLICT DO NOTHING",
            f"INSERT INTO glucose.meal (person_id, eaten_at, meal_type, calories, carbs_g) "
            f"VALUES ({person}, '2199-01-01'::timestamptz + interval '{n} h', 'snack', 5000, 500)",
            f"INSERT INTO glucose.meal (person_id, eaten_at, meal_type, carbs_g) VALUES ({person}, now(), 'snack', 'NaN')",
            f"SELECT glucose.import_model({person}, '\\x{self.random.randbytes(64).hex()}')",
            f"SELECT glucose.train_model({person}, 'glucose', 'ridge', '{{\"min_days\": 1, \"min_meals\": 1}}')",
            f"SELECT glucose.train_model({person}, 'cgm', 'linear')",
            f"SELECT glucose.cgm_forecast({person}, '2199-12-31 06:00+00')",
            f"SELECT glucose.predict_meal({person}, '{{\"carbs_g\": 500, \"eaten_at\": \"1900-01-02T00:00:00Z\"}}')",
            f"INSERT INTO glucose.retraining_override (person_id, model_type, algorithm, options) VALUES ({person}, "
            "'glucose', 'no such', '{\"no\": \"sense\"}') ON CONFLICT (person_id, model_type) DO NOTHING"))]

    # --- life and sharing

    def share(self):
        owner = self.one_of(OWNERS)
        person, who = f"glucose.key('{owner}{self.one_of('1234')}')", self.one_of(("manager", "recorder", "viewer"))
        if self.random.random() < 0.3:
            return owner, [f"DELETE FROM glucose.person_access WHERE person_id = {person} AND identity = '{who}'"]
        return owner, [f"INSERT INTO glucose.person_access (person_id, identity, level) VALUES ({person}, '{who}', "
                       f"'{self.one_of(('view', 'record', 'manage', 'manage'))}') ON CONFLICT (person_id, identity) "
                       "DO UPDATE SET level = EXCLUDED.level"]

    def erase(self):
        owner = self.one_of(OWNERS)
        return owner, [f"DELETE FROM glucose.person WHERE person_id = glucose.key('{owner}4')"]

    def born_again(self):
        owner = self.one_of(OWNERS)
        return owner, [f"SELECT world.person('{owner}', {OWNERS.index(owner) + 1}, 4)"]

    # --- stewards and the owner of the tables

    def nightly(self):
        return self.one_of(("steward", "second")), [self.one_of(("CALL glucose.retrain_due()",
                                                                 "SELECT glucose.batch_retrain()"))]

    def sets(self):
        return "steward", [self.one_of((
            "SELECT * FROM glucose.train_models('glucose', 'mean', '{\"deploy\": false}')",
            f"SELECT * FROM glucose.forecast_meals(glucose.key('{self.one_of(OWNERS)}{self.one_of('12')}'), "
            "now() - interval '9 days', now(), '{}')"))]

    def retrain(self):
        _, person = self.owned()
        return "steward", [f"SELECT * FROM glucose.retrain_model({person}, force => true)"]

    def experiment(self):
        name = f"trial {self.random.randrange(1000)}"
        kind = self.one_of(("canary", "shadow"))
        running = "(SELECT name FROM glucose.experiment WHERE state = 'running' LIMIT 1)"
        return self.one_of(("steward", "second")), [self.one_of((
            f"SELECT glucose.start_experiment('{name}', '{{\"algorithm\": \"mean\"}}', 50, '{kind}')",
            f"SELECT glucose.prepare_experiment({running})", f"SELECT glucose.stop_experiment({running})",
            f"SELECT glucose.stop_experiment({running}, promote => true)",
            f"SELECT * FROM glucose.experiment_results({running})", "SELECT * FROM glucose.check_experiments()"))]

    def population(self):
        version = "(SELECT version FROM glucose.population_model WHERE model_type = 'glucose' ORDER BY random() LIMIT 1)"
        return self.one_of(("steward", "second")), [self.one_of((
            f"SELECT version FROM glucose.train_population_model('glucose', 'ridge', '{{\"seed\": {self.number()}}}')",
            f"SELECT glucose.deploy_population_model('glucose', {version})", "SELECT glucose.rollback_population_model()"))]

    def policy(self):
        return "second", [f"UPDATE glucose.retraining_policy SET min_new_rows = {self.random.randrange(1, 9)} "
                          "WHERE model_type = 'glucose'"]

    def setting(self):
        return "postgres", ["LOAD 'pg_glucose'", self.one_of((
            f"ALTER ROLE alice SET glucose.cache_size = '{self.one_of((1, 8, 64))}MB'",
            f"ALTER ROLE bob SET glucose.audit_inputs = {self.one_of(('none', 'digest', 'full'))}",
            f"ALTER ROLE manager SET search_path = {self.one_of(('glucose, public', 'public', 'pg_temp, glucose'))}",
            f"ALTER ROLE viewer SET timezone = '{self.one_of(('UTC', 'Asia/Kolkata', 'America/St_Johns'))}'",
            f"ALTER ROLE recorder SET datestyle = '{self.one_of(('ISO', 'German', 'SQL, DMY'))}'"))]

    def maintenance(self):
        return "postgres", ["LOAD 'pg_glucose'", self.one_of((
            f"ALTER SYSTEM SET glucose.max_training_workers = {self.random.randrange(1, 5)}",
            "ALTER SYSTEM SET glucose.max_train_memory = DEFAULT", "SELECT pg_reload_conf()", "ANALYZE glucose.meal",
            "VACUUM glucose.model_version", "VACUUM glucose.glucose_reading"))]


# How often each is done.
DEEDS = {"train": 10, "train_cgm": 1, "train_async": 6, "cancel": 2, "deploy": 8, "rollback": 6, "delete": 5,
         "delete_old": 4, "carry_over": 5, "archive": 1, "ask": 14, "ask_cgm": 6, "ask_what_if": 5, "look": 4, "record": 8,
         "upsert": 4, "correct": 6, "remove": 3, "extreme": 5, "share": 5, "erase": 2, "born_again": 4, "nightly": 2, "sets": 1,
         "retrain": 3, "experiment": 4, "population": 2, "policy": 1, "setting": 1, "maintenance": 1, **SERVICES}
# Tried, and never allowed.
REFUSED = ("archive",)
# Functions that a deed calls and that not every version has.
NEEDS = {"sets": {"train_models", "forecast_meals"}}
# Not inside a transaction.
ALONE = ("nightly", "setting", "maintenance", "update_all")
