# SPDX-License-Identifier: PostgreSQL
"""Who is measured: what pgbench asks, as whom, about which meals. :i is one of the meals at random, :t counts on."""
from dataclasses import dataclass, field

BARE = """SELECT m.eaten_at, m.meal_type, m.calories, m.carbs_g, m.protein_g, m.fat_g, m.fiber_g, a.mean, a.sd,
       (SELECT array_agg(r.mg_dl ORDER BY r.measured_at) FROM glucose.glucose_reading r WHERE r.person_id = a.person_id
        AND r.measured_at > a.window_start AND r.measured_at <= a.eaten_at)
FROM bench.asked a JOIN glucose.meal m ON m.person_id = a.person_id AND m.meal_id = a.meal_id WHERE a.i = :i;
"""
FORECAST = "SELECT * FROM glucose.glucose_forecast(glucose.key(:i::bigint));\n"
PREDICT = "SELECT glucose.predict_glucose(glucose.key(:i::bigint));\n"
# What predict_glucose() logs, with a document of that size.
LOG = """INSERT INTO bench.log (person_id, meal_id, model_type, version, sha256, inputs_digest, predictions, latency_ms, issued_to)
SELECT person_id, meal_id, 'glucose', '1.0.0', '\\x%s', '\\x%s', '[%s, %s]', 1, 'app' FROM bench.asked WHERE i = :i;
""" % ("5a" * 32, "a5" * 32, *('{"at": "2026-03-05T18:25:00+00:00", "time": "+%dmin", "lower": 121, "upper": 172, "glucose": 145, '
                               '"confidence": "high", "minutes_ahead": %d, "confidenceScore": 0.85}' % (m, m) for m in (60, 120)))
CGM = "SELECT f.* FROM bench.asked a, glucose.cgm_forecast(a.person_id, a.reading_at) f WHERE a.i = :i;\n"
# Sensors take turns: statement t is the next minute, or the next 1,000, of the sensor after the one before.
NEXT = """\\set t :t + 1
\\set n 1 + :t % :last
\\set at :since + :t / :last * {seconds}
"""
ONE_ROW = NEXT + """INSERT INTO {table} (person_id, measured_at, mg_dl) SELECT person_id, to_timestamp(:at), 111 FROM bench.sensor WHERE n = :n;
"""
MANY_ROWS = NEXT + """INSERT INTO {table} (person_id, measured_at, mg_dl)
SELECT person_id, to_timestamp(:at) + k * interval '1 min', 111 FROM bench.sensor, generate_series(1, 1000) k WHERE n = :n;
"""
# The division fails unless all were new.
IMPORTED = NEXT + """SELECT 1000 / (f.new / 1000) FROM bench.sensor, LATERAL glucose.import_readings(person_id,
  ARRAY(SELECT to_timestamp(:at) + k * interval '1 min' FROM generate_series(1, 1000) k), array_fill(111::real, '{{1000}}')) f
WHERE n = :n;
"""


@dataclass
class Contender:
    name: str
    title: str
    sql: str
    meals: str = "own"  # a part of bench.asked; 'few': of as many persons as the growth's parts have
    role: str = "app"
    lead: float = 1.0  # seconds that are not counted: connections, libraries, caches
    options: str = ""  # PGOPTIONS
    database: str = "bench"
    rounds: list = field(default_factory=list)  # of each round: p50 in µs

    def script(self):
        return self.sql if self.sql.startswith("\\") else "\\set i random(:first, :last)\n" + self.sql


def python(name, title, role="app", lead=3.0):
    return Contender(name + ("" if role == "app" else f"_{role}"), f"PL/Python + {title}", f"SELECT bench.{name}(:i);\n", role=role, lead=lead)


HTTP = Contender("http", "FastAPI + PyTorch, one process", "", lead=1.0)
CALLS = [
    Contender("bare", "bare SELECT", BARE),
    Contender("auto", "glucose_forecast, own model (auto)", FORECAST),
    Contender("population", "glucose_forecast, served by the population", FORECAST, "population"),
    python("torch", "PyTorch"), python("numpy", "numpy"), python("xgboost", "XGBoost"), python("ridge", "ridge, plain Python"),
    HTTP,
    Contender("cgm", "cgm_forecast", CGM),
    Contender("predict", "predict_glucose, synchronous_commit on", PREDICT, options="-c synchronous_commit=on"),
    Contender("write", "bare SELECT + INSERT, synchronous_commit on", BARE + LOG, options="-c synchronous_commit=on"),
    Contender("predict_off", "predict_glucose, synchronous_commit off", PREDICT, options="-c synchronous_commit=off"),
    Contender("write_off", "bare SELECT + INSERT, synchronous_commit off", BARE + LOG, options="-c synchronous_commit=off"),
    Contender("bare_batch", "bare SELECT", BARE, role="batch"),
    Contender("auto_batch", "glucose_forecast, own model (auto)", FORECAST, role="batch"),
    Contender("population_batch", "glucose_forecast, served by the population", FORECAST, "population", role="batch"),
    python("torch", "PyTorch", "batch"), python("numpy", "numpy", "batch"),
]
GROWTH = [
    Contender("few", "as many persons, 5-minute sensor, newly trained", FORECAST, "few"),
    Contender("minute", "1-minute sensor", FORECAST, "minute"),
    Contender("long", "long history", FORECAST, "long"),
    Contender("since", "128 meals since the training", FORECAST, "since"),
    Contender("clinic", "2,000 persons visible", FORECAST, "few", role="clinic"),
    Contender("few_bare", "bare SELECT", BARE, "few"),
    Contender("clinic_bare", "bare SELECT, 2,000 persons visible", BARE, "few", role="clinic"),
]
# How often a statement is asked by many at once; for 100, sessions that each hold an interpreter and PyTorch do not fit.
CLIENTS = {8: ["bare", "auto", "population", "numpy", "torch", "http"], 100: ["bare", "auto", "population"]}


def inserts(has_import):
    """One row and 1,000 rows a statement, into tables that hold the simulated readings ('growing') and into empty ones. No
    commit waits for the disk, or one row would be measured by its flush."""
    result, options = [], "-c synchronous_commit=off"
    for database, state in (("bench", "growing"), ("fresh", "fresh")):
        for rows, sql in ((1, ONE_ROW), (1000, MANY_ROWS)):
            kinds = [("plain", "bench.plain", "app"), ("ours", "glucose.glucose_reading", "app"), ("key_only", "bench.key_only", "app"),
                     ("bypass", "glucose.glucose_reading", "postgres")]
            for kind, table, role in kinds:
                result.append(Contender(f"{state}_{rows}_{kind}", kind, sql.format(table=table, seconds=60 * rows), "sensor", role,
                                        options=options, database=database))
            if rows == 1000 and has_import:
                result.append(Contender(f"{state}_1000_import", "import", IMPORTED.format(seconds=60 * rows), "sensor",
                                        options=options, database=database))
    return result
