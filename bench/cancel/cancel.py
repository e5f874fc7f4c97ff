# SPDX-License-Identifier: PostgreSQL
"""cancel.py TRIES PATTERN: each call whose name fits is stopped so often at a random moment; a markdown table."""
import random
import re
import sys

import psycopg

from stopping import run

MOST_MS, MOST_P99_MS, SHORTEST_S = 250, 50, 0.02
TYPES = {"glucose": "auto", "cgm": "auto", "daily:STEPS": "auto", "event:low_steps": "auto", "event:high_meal": "auto"}
BIG, FIRST = "(SELECT person_id FROM bench.person WHERE is_big)", "(SELECT person_id FROM bench.person WHERE i = 1)"
ANSWERS = {
    "tuning of ridge": f"SELECT * FROM glucose.tune_model({BIG}, 'ridge')",
    "tuning of lad": f"SELECT * FROM glucose.tune_model({FIRST}, 'lad')",
    "tuning of lstm": f"SELECT * FROM glucose.tune_model({FIRST}, 'lstm', '{{\"hidden\": [32, 64]}}')",
    "tuning of trees": f"SELECT * FROM glucose.tune_model({BIG}, 'trees')",
    "tuning of cgm": f"SELECT * FROM glucose.tune_model({FIRST}, 'linear', model_type => 'cgm')",
    "forecast_meals": f"SELECT * FROM glucose.forecast_meals({BIG}, now() - interval '60 days', now())",
    "forecasts of a set": f"SELECT count(*) FROM glucose.meal m, glucose.glucose_forecast(m.meal_id) WHERE m.person_id = {BIG}",
    "train_models": "SELECT * FROM glucose.train_models('glucose', 'ridge')",
    "predict_metrics": f"SELECT glucose.predict_metrics({BIG}, '{{STEPS}}')",
    "evaluate_model": f"SELECT * FROM glucose.evaluate_model({BIG})",
    "evaluate_model cgm": f"SELECT * FROM glucose.evaluate_model({BIG}, 'cgm')",
    "feature_importance": f"SELECT * FROM glucose.feature_importance({BIG})",
    "feature_importance cgm": f"SELECT * FROM glucose.feature_importance({BIG}, 'cgm')",
    "feature_importance daily": f"SELECT * FROM glucose.feature_importance({BIG}, 'daily:STEPS')",
    "update_model": f"SELECT glucose.update_model({BIG})",
    "update_model cgm": f"SELECT glucose.update_model({BIG}, 'cgm')",
    "similar_meals": "SELECT count(*) FROM (SELECT meal_id FROM glucose.meal LIMIT 50) m, glucose.similar_meals(m.meal_id)",
    "detect_drift": f"SELECT * FROM glucose.detect_drift({BIG})",
    "glucose_patterns": f"SELECT * FROM glucose.glucose_patterns({BIG}, 365)",
    "glucose_outlook": f"SELECT * FROM glucose.glucose_outlook({BIG}, 3)",
    "glucose_events": f"SELECT * FROM glucose.glucose_events({BIG}, now() - interval '1 year', now())",
    "glucose_report": f"SELECT glucose.glucose_report({BIG}, 90)",
    "meal_clusters": f"SELECT * FROM glucose.meal_clusters({BIG}, '{{\"days\": 3650}}')",
    "steady_meals": f"SELECT * FROM glucose.steady_meals({BIG}, options => '{{\"days\": 3650}}')",
    "correlations": f"SELECT * FROM glucose.correlations({BIG}, 'STEPS', 365)",
    "training_dataset": f"SELECT * FROM glucose.training_dataset({BIG})",
    "simulate_person": "SELECT glucose.simulate_person(7, 365)",
    "import_readings": f"SELECT glucose.import_readings({FIRST}, array_agg(now() - i * interval '5 minutes'), array_agg(100::real)) "
                       "FROM generate_series(1, 300000) i",
    "import_meals": f"SELECT glucose.import_meals({FIRST}, (SELECT jsonb_agg(jsonb_build_object('eaten_at', "
                    "now() - i * interval '1 hour', 'meal_type', 'snack', 'carbs_g', 20)) FROM generate_series(1, 20000) i))",
    "import_daily": f"SELECT glucose.import_daily({FIRST}, (SELECT jsonb_agg(jsonb_build_object('day', (now() - i * interval '1 day')::date, "
                    "'metric', m, 'value', 50)) FROM generate_series(1, 3000) i, unnest('{STEPS,STRAIN,SLEEP_DURATION}'::text[]) m))",
    "import_meals of many": f"SELECT glucose.import_meals({FIRST}, meals) FROM bench.given",
    "import_daily of many": f"SELECT glucose.import_daily({FIRST}, day_values) FROM bench.given",
    "health_check": "SELECT * FROM glucose.health_check()",
    "forget_person": f"SELECT glucose.forget_person({BIG}, {BIG}::text)",
}


def calls(session):
    """By name: role and statement."""
    found = {}
    for model_type in TYPES:
        task = model_type.split(":", maxsplit=1)[0]
        for algorithm, in session.execute("SELECT algorithm FROM glucose.algorithms(%s)", [task]):
            found[f"training {model_type} {algorithm}"] = (
                "app", f"SELECT glucose.train_model({BIG if algorithm != 'lstm' else FIRST}, '{model_type}', '{algorithm}')")
            found[f"training of all {model_type} {algorithm}"] = (
                "postgres", f"SELECT glucose.train_population_model('{model_type}', '{algorithm}')")
    return found | {name: ("postgres" if name == "health_check" else "app", statement) for name, statement in ANSWERS.items()}


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def measure(session, statement, tries):
    _, seconds, _, _ = run(session, statement)
    if seconds < SHORTEST_S:
        return seconds, []
    found = []
    for _ in range(tries):
        state, _, worked, passed = run(session, statement, random.uniform(0, seconds))
        if state == "57014":
            found.append((worked, passed))
    return seconds, found


def main(tries, pattern):
    random.seed(1)
    sessions = {role: psycopg.connect(dbname="bench", user=role, autocommit=True, prepare_threshold=None)
                for role in ("app", "postgres")}
    everything, slow = [], []
    print("| call | takes, s | stopped | works on, ms: median | longest | passes, ms: longest |\n|---|---|---|---|---|---|")
    for name, (role, statement) in calls(sessions["postgres"]).items():
        if not re.search(pattern, name):
            continue
        try:
            seconds, found = measure(sessions[role], statement, tries)
        except SystemExit as failed:
            if "unrecognized algorithm" in str(failed):  # of one person's alone
                continue
            print(f"| {name} | {failed} |", flush=True)
            continue
        if not found:
            print(f"| {name} | {seconds:.3f} | 0 | | | |", flush=True)
            continue
        worked, passed = zip(*found)
        everything += worked
        slow += [name] if max(worked) > MOST_MS else []
        print(f"| {name} | {seconds:.2f} | {len(found)} | {percentile(worked, 0.5):.1f} | {max(worked):.1f} | {max(passed):.0f} |",
              flush=True)
    if not everything:
        return
    p99 = percentile(everything, 0.99)
    print(f"\n{len(everything)} calls stopped: p99 {p99:.1f} ms, longest {max(everything):.1f} ms of work.")
    if slow or p99 > MOST_P99_MS:
        raise SystemExit(f"too long: {', '.join(slow) or 'p99'}")


main(int(sys.argv[1]), sys.argv[2])
