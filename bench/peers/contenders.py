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
ANSWER = '{"at": "2026-03-05T18:25:00+00:00", "time": "+%dmin", "lower": 121, "upper": 172, "glucose": 145, ' \
    '"confidence": "high", "minutes_ahead": %d, "confidenceScore": 0.85}'
LOG = f"""INSERT INTO bench.log
  (person_id, meal_id, model_type, version, sha256, inputs_digest, predictions, latency_ms, issued_to)
SELECT person_id, meal_id, 'glucose', '1.0.0', '\\x{"5a" * 32}', '\\x{"a5" * 32}',
       '[{ANSWER % (60, 60)}, {ANSWER % (120, 120)}]', 1, 'app' FROM bench.asked WHERE i = :i;
"""
CGM = "SELECT f.* FROM bench.asked a, glucose.cgm_forecast(a.person_id, a.reading_at) f WHERE a.i = :i;\n"
# Sensors take turns: statement t is the next minute, or the next 1,000, of the sensor after the one before.
OURS = "glucose.glucose_reading"
NEXT = """\\set t :t + 1
\\set n 1 + :t % :last
\\set at :since + :t / :last * {seconds}
"""
ONE_ROW = NEXT + """INSERT INTO {table} (person_id, measured_at, mg_dl)
SELECT person_id, to_timestamp(:at), 111 FROM {sensors} WHERE n = :n;
"""
MANY_ROWS = NEXT + """INSERT INTO {table} (person_id, measured_at, mg_dl)
SELECT person_id, to_timestamp(:at) + k * interval '1 min', 111 FROM {sensors}, generate_series(1, 1000) k WHERE n = :n;
"""
# The division fails unless all were new.
IMPORTED = NEXT + """SELECT 1000 / (f.new / 1000) FROM {sensors}, LATERAL glucose.import_readings(person_id,
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
    return Contender(name if role == "app" else f"{name}_{role}", f"PL/Python + {title}", f"SELECT bench.{name}(:i);\n",
                     role=role, lead=lead)


HTTP = Contender("http", "FastAPI + PyTorch, one process", "", lead=1.0)
CALLS = [
    Contender("bare", "bare SELECT", BARE),
    Contender("auto", "glucose_forecast, own model (auto)", FORECAST),
    Contender("population", "glucose_forecast, served by the population", FORECAST, "population"),
    python("torch", "PyTorch"), python("numpy", "numpy"), python("xgboost", "XGBoost"),
    python("ridge", "ridge, plain Python"),
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
    commit waits for the disk but those of '_on', which are measured by its flush."""
    result = []

    def add(name, sql, table, role="app", commit="off", sensors="bench.sensor"):
        state, rows, _ = name.split("_", 2)
        result.append(Contender(name, name, sql.format(table=table, sensors=sensors, seconds=60 * int(rows)), "sensor", role,
                                options=f"-c synchronous_commit={commit}", database={"growing": "bench"}.get(state, state)))

    for state in ("growing", "fresh"):
        for rows, sql in ((1, ONE_ROW), (1000, MANY_ROWS)):
            add(f"{state}_{rows}_plain", sql, "bench.plain")
            add(f"{state}_{rows}_ours", sql, OURS)
            add(f"{state}_{rows}_key", sql, "bench.key_only")
            add(f"{state}_{rows}_bypass", sql, OURS, role="postgres")
        if has_import:
            add(f"{state}_1000_import", IMPORTED, OURS)
    for rows, sql in ((1, ONE_ROW), (1000, MANY_ROWS)):
        add(f"growing_{rows}_clinic", sql, OURS, role="clinic", sensors="bench.clinic_sensor")
        add(f"growing_{rows}_plain_on", sql, "bench.plain", commit="on")
        add(f"growing_{rows}_ours_on", sql, OURS, commit="on")
    return result
