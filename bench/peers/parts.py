# SPDX-License-Identifier: PostgreSQL
"""The parts of the bench, in the order in which they are run. Each leaves what it found in self.found[part]."""
import json
import os
import statistics
import subprocess
import sys
import time

import psycopg2

import contenders
import measure

SET_MEALS = "bench.asked a WHERE a.part = 'own'"
FIRST_CALLS = {
    "bare": contenders.BARE.replace(":i", "%s").rstrip(";\n"), "plpgsql": "SELECT * FROM bench.plpgsql(%s)",
    "auto": "SELECT * FROM glucose.glucose_forecast(glucose.key(%s::bigint))",
    "predict": "SELECT glucose.predict_glucose(glucose.key(%s::bigint))",
    "numpy": "SELECT bench.numpy(%s)", "torch": "SELECT bench.torch(%s)"}


def connect(database="bench", role="app"):
    connection = psycopg2.connect(dbname=database, user=role)
    connection.autocommit = True
    return connection


def say(text):
    print(f"== {text}", file=sys.stderr, flush=True)


class Parts:
    def __init__(self, bench, rounds, root):
        self.bench, self.rounds, self.root, self.found = bench, rounds, root, {}
        self.super = connect(role="postgres").cursor()
        self.meals = {}
        for part in ("own", "population", "since", "minute", "long"):
            self.meals[part] = self.rows("SELECT min(i), max(i) FROM bench.asked WHERE is_asked AND part = %s", part)[0]
        first = self.meals["own"][0]
        persons = self.rows("SELECT count(DISTINCT n) FROM bench.asked WHERE part = 'minute'")[0][0]
        self.meals["few"] = (first, self.rows(
            "SELECT max(i) FROM bench.asked WHERE is_asked AND part = 'own' AND n < (SELECT min(n) + %s FROM bench.asked "
            "WHERE part = 'own')", persons)[0][0])

    def rows(self, statement, *values):
        self.super.execute(statement, values)
        return self.super.fetchall()

    def in_turns(self, those, ran=lambda contender, turn: None, before=lambda contender: {}):
        """The median of each round of each; {name: {title, p50: […]}}"""
        found = {c.name: {"title": c.title, "role": c.role, "p50": []} for c in those}
        for number in range(self.rounds):
            say(f"round {number + 1} of {self.rounds}")
            for contender in those:
                turn = self.bench.turn(contender, self.meals[contender.meals], **before(contender))
                found[contender.name]["p50"].append(statistics.median(turn[0]))
                ran(contender, turn)
        return found

    def calls(self):
        self.found["calls"] = self.in_turns(contenders.CALLS)

    def growth(self):
        self.found["growth"] = self.in_turns(contenders.GROWTH)

    def clients(self):
        by_name = {c.name: c for c in contenders.CALLS}
        self.found["clients"] = {}
        for clients, names in contenders.CLIENTS.items():
            found = {name: {"title": by_name[name].title, "tps": [], "p50": [], "p99": []} for name in names}
            for number in range(min(self.rounds, 3)):
                say(f"{clients} clients, round {number + 1}")
                for name in names:
                    # Sessions begin at once, and each has its libraries to load and its persons to get to know.
                    lead = by_name[name].lead * (4 if clients == 8 else 20)
                    latencies, tps, _ = self.bench.turn(by_name[name], self.meals[by_name[name].meals], clients, lead,
                                                        2 * self.bench.seconds)
                    found[name]["tps"].append(tps)
                    found[name]["p50"].append(statistics.median(latencies))
                    found[name]["p99"].append(measure.percentile(latencies, 0.99))
            self.found["clients"][str(clients)] = found

    def first(self):
        """ms of the first and the second call of a new session, one after the other, each time another meal."""
        low, high = self.meals["own"]
        times = {name: ([], []) for name in FIRST_CALLS}
        for k in range(5 * self.rounds):
            for name, statement in FIRST_CALLS.items():
                if name in ("numpy", "torch") and k >= 5:
                    continue
                connection = connect()
                cursor = connection.cursor()
                for call in (0, 1):
                    began = time.perf_counter()
                    cursor.execute(statement, [low + (13 * k + call) % (high - low + 1)])
                    times[name][call].append((time.perf_counter() - began) * 1000)
                connection.close()
        self.found["first"] = {name: {"first": first, "second": second} for name, (first, second) in times.items()}

    def memory(self):
        """MB of a session by itself, after the calls about one person, and about all of them."""
        self.found["memory"] = {}
        low, high = self.meals["own"]
        for name in ("bare", "plpgsql", "auto", "numpy", "torch"):
            say(f"memory of {name}")
            connection = connect()
            cursor = connection.cursor()
            pid = connection.get_backend_pid()
            found = []
            for meals in (range(low, low + 8), range(low, high + 1)):
                for i in meals:
                    cursor.execute(FIRST_CALLS[name], [i])
                found.append(measure.memory(pid))
            self.found["memory"][name] = found
            connection.close()
        with open(os.path.join(self.bench.work, "uvicorn")) as file:
            self.found["memory"]["http"] = [measure.memory(int(file.read()))] * 2

    def sets(self):
        """Seconds of one statement about all meals of the set; ours with one process, and with two in a parallel plan."""
        asked = "SELECT count(*), avg(f.mg_dl) FROM {}, glucose.glucose_forecast(a.meal_id, '{{}}', a.person_id) f"
        forecast = asked.format("bench.asked a") + " WHERE a.part = 'own'"
        statements = {
            "one": (0, forecast), "new_one": (0, forecast), "new_two": (1, forecast),
            "shuffled": (0, asked.format(f"(SELECT * FROM {SET_MEALS} ORDER BY md5(i::text) OFFSET 0) a")),
            "by_person": (0, "SELECT count(*), avg(f.mg_dl) FROM (SELECT person_id, min(eaten_at) AS since, max(eaten_at) AS until "
                          f"FROM {SET_MEALS} GROUP BY 1) a, "
                          "glucose.forecast_meals(a.person_id, a.since, a.until + interval '1 s') f"),
            "torch_set": (0, f"SELECT count(*), avg(at_60) FROM bench.torch_set(ARRAY(SELECT i FROM {SET_MEALS}))"),
            "torch_rows": (0, f"SELECT count(*), avg((bench.torch(i))[1]) FROM {SET_MEALS}")}
        count = self.rows(f"SELECT count(*) FROM {SET_MEALS}")[0][0]

        def session(name):
            cursor = connect().cursor()
            cursor.execute(f"SET max_parallel_workers_per_gather = {statements[name][0]}")
            return cursor

        # Processes that help are new ones: beside them, so is the session that works alone.
        sessions = {name: session(name) for name in statements if not name.startswith("new_")}
        chosen = forced = self.is_parallel(session("new_two"), forecast)
        if not chosen:
            tried = session("new_two")
            tried.execute("SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0")
            forced = self.is_parallel(tried, forecast)
        found = {name: {"seconds": []} for name in statements}
        for number in range(min(self.rounds, 3) + 1):
            say(f"sets, round {number}")
            for name, (_, statement) in statements.items():
                cursor = sessions[name] if name in sessions else session(name)
                if name == "new_two" and not chosen:
                    cursor.execute("SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0")
                began = time.perf_counter()
                cursor.execute(statement)
                if number:  # the one before the first loads libraries
                    found[name]["seconds"].append(time.perf_counter() - began)
                found[name]["rows"] = cursor.fetchone()[0]
        plan = "chosen" if chosen else "forced" if forced else "not possible"
        self.found["sets"] = {"meals": count, "parallel": plan, "statements": found}

    @staticmethod
    def is_parallel(cursor, statement):
        cursor.execute("EXPLAIN " + statement)
        return "Gather" in str(cursor.fetchall())

    def lstm(self):
        """Seconds of the same training by ours and by PyTorch, one after the other."""
        found = {"ours": [], "torch": []}
        core = os.path.join(self.root, "build/bench-core/bench/core/core_bench")
        for _ in range(min(self.rounds, 5)):
            out = self.output(core, "--benchmark_filter=lstm_training/level:[0-2]/dropout_percent:0$", "--benchmark_format=json")
            levels = [b for b in json.loads(out)["benchmarks"] if not b.get("error_occurred")]
            found["ours"].append(min(level["real_time"] / 1000 for level in levels))
            out = self.output(sys.executable, "-B", os.path.join(self.root, "bench/peers/lstm_pytorch.py"))
            found["torch"].append(statistics.median(
                float(line.split()[1]) for line in out.splitlines() if line.startswith("training")))
        self.found["lstm"] = found

    @staticmethod
    def output(*command):
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout

    def retraining(self):
        """Persons a minute, trained anew by two background workers from about 120 and 240 meals, not deployed."""
        self.found["retraining"] = {}
        persons = self.rows("SELECT person_id, array_agg(eaten_at ORDER BY eaten_at DESC) FROM bench.window "
                            "WHERE part = 'own' GROUP BY 1")
        for meals in (120, 240):
            say(f"retraining, {meals} meals")
            those = [(person, times[:meals]) for person, times in persons]
            began = time.perf_counter()
            connection = connect()
            connection.autocommit = False
            cursor = connection.cursor()
            for person, times in those:
                cursor.execute("SELECT glucose.train_model_async(%s, 'glucose', 'auto', jsonb_build_object("
                               "'deploy', false, 'start_at', %s::timestamptz))", [person, times[-1]])
            connection.commit()
            connection.close()
            while self.rows("SELECT count(*) FROM glucose.training_job WHERE state IN ('queued', 'running')")[0][0]:
                time.sleep(0.1)
            seconds = time.perf_counter() - began
            failed = self.rows("SELECT count(*) FROM glucose.training_job WHERE state <> 'done'")[0][0]
            self.found["retraining"][str(meals)] = {
                "persons": len(those), "meals": sum(len(times) for _, times in those) / len(those),
                "seconds": seconds, "failed": failed}

    def inserts(self):
        """Readings later than all there are, of all sensors in turn; each table has a time up to which it is full."""
        those = contenders.inserts(self.rows("SELECT to_regproc('glucose.import_readings') IS NOT NULL")[0][0])
        sensors, until = self.rows("SELECT count(*), ceil(extract(epoch FROM max(until)))::bigint + 60 FROM bench.sensor")[0]
        self.meals["sensor"] = (1, sensors)
        full, fresh = {}, connect("fresh", "postgres").cursor()

        def table(contender):
            return contender.sql.split("INTO ")[1].split()[0] if "INTO" in contender.sql else "glucose.glucose_reading"

        def before(contender):
            if contender.database == "fresh":
                fresh.execute("TRUNCATE glucose.glucose_reading, bench.plain, bench.key_only")
                return {"since": until}
            return {"since": full.setdefault(table(contender), until)}

        def ran(contender, turn):
            if contender.database == "bench":
                full[table(contender)] += (turn[2] // sensors + 2) * 60 * (1000 if "_1000_" in contender.name else 1)

        self.found["inserts"] = self.in_turns(those, ran, before)
