# SPDX-License-Identifier: PostgreSQL
"""What was found, as Markdown: the table of goals, then what it was made of. `python3 report.py FIGURES.json` prints it again."""
import json
import statistics
import sys

from measure import ratio

median = statistics.median


def figure(x):
    """Three digits that count."""
    if x is None:
        return "not measured"
    return f"{x:,.0f}" if abs(x) >= 100 else f"{x:.3g}"


def table(header, rows):
    return "\n".join(["| " + " | ".join(header) + " |", "|" + "---|" * len(header), *("| " + " | ".join(map(str, row)) + " |" for row in rows)])


class Report:
    def __init__(self, found):
        self.found = found

    def p50(self, name, part="calls"):
        return self.found[part][name]["p50"]

    def of(self, above, below, part="calls"):
        """The ratio of two contenders' p50, or None when that part was not run."""
        return ratio(self.p50(above, part), self.p50(below, part)) if part in self.found else None

    def throughput(self, above, below, clients="8"):
        if "clients" not in self.found:
            return None
        found = self.found["clients"]
        one, other = (found[c][n]["tps"] for n, c in ((above, clients), below if isinstance(below, tuple) else (below, clients)))
        return ratio(one, other)

    def rate(self, name):
        """Meals a second of a set, of each round."""
        found = self.found["sets"]["statements"][name]
        return [found["rows"] / (1 if name.startswith("torch") else 2) / s for s in found["seconds"]] if name != "torch_rows" else \
            [self.found["sets"]["meals"] / s for s in found["seconds"]]

    def goals(self):
        def values(*those):
            return "; ".join(map(figure, those))

        found = self.found
        growth = [self.of(name, "few", "growth") for name in ("minute", "long", "since", "clinic")]
        sets = [ratio(self.rate("one"), self.rate("torch_set")), ratio(self.rate("two"), self.rate("one"))] if "sets" in found else [None]
        first = ratio(found["first"]["auto"]["first"], found["first"]["plpgsql"]["first"]) if "first" in found else None
        first = median(found["first"]["auto"]["first"]) / median(found["first"]["plpgsql"]["first"]) if first else None
        lstm = ratio(found["lstm"]["torch"], found["lstm"]["ours"]) if "lstm" in found else None
        retrained = [60 * r["persons"] / r["seconds"] for r in found.get("retraining", {}).values()] or [None]
        inserts = [self.of(f"growing_{n}_ours", f"growing_{n}_plain", "inserts") for n in (1, 1000)]
        rows = [
            ("`glucose_forecast` auto : bare SELECT", "44", "1.5", "3", values(self.of("auto", "bare"))),
            ("… a person served by the population, any number of meals since", "331", "1.5", "3", values(self.of("population", "bare"))),
            ("PL/Python + PyTorch : auto; numpy : auto", "0.26; 0.18", "8; 5", "4; 2.5", values(self.of("torch", "auto"), self.of("numpy", "auto"))),
            ("8 clients, auto : PyTorch, transactions a second", "0.24", "8", "4", values(self.throughput("auto", "torch"))),
            ("`predict_glucose` : bare SELECT + INSERT, same commit mode (synchronous_commit off; on)", "12", "1.5", "2.5",
             values(self.of("predict_off", "write_off"), self.of("predict", "write"))),
            ("`cgm_forecast` : bare SELECT", "5.3", "1.5", "2", values(self.of("cgm", "bare"))),
            (f"growth: 1-minute sensor, {self.long_days()} days, 128 meals since the training, 2,000 persons visible, each : base",
             "2.8, 1, 9, 1.5", "1.1", "1.25", ", ".join(map(figure, growth))),
            ("sets, one core : set-based PyTorch; two cores parallel : one", "0.03; 2.0", "3; 1.9", "1.5; 1.8", values(*sets)),
            ("first call : PL/pgSQL's first call", "5", "2", "3", values(first)),
            ("LSTM training, PyTorch with OpenBLAS : ours", "3.9", "6", "5", values(lstm)),
            ("persons retrained a minute, 2 workers, auto, 120 and 240 meals", "240, 196", "500", "350", ", ".join(map(figure, retrained))),
            ("inserts of readings : plain table, one row; 1,000 rows a statement", "2.6–4.7; 3", "1.3; 1.3", "1.8; 1.6", values(*inserts)),
        ]
        return table(("", "before", "goal", "least", "measured"), rows)

    def long_days(self):
        return figure(self.found["settings"]["long_days"])

    def calls(self):
        rows = [(c["title"], {"app": "yes", "batch": "no"}[c["role"]], figure(median(c["p50"])), figure(ratio(c["p50"], self.p50("bare_batch" if c["role"] == "batch" else "bare"))))
                for c in self.found["calls"].values()]
        return "One client, warm.\n\n" + table(("", "row-level security", "p50, µs", ": bare SELECT"), rows)

    def growth(self):
        rows = [(c["title"], figure(median(c["p50"])), figure(self.of(n, "few_bare" if "bare" in n else "few", "growth"))) for n, c in self.found["growth"].items()]
        return f"Growth: {self.found['settings']['few']} persons of each kind.\n\n" + table(("`glucose_forecast`, own model (auto)", "p50, µs", ": base"), rows)

    def clients(self):
        rows = [(clients, c["title"], figure(median(c["tps"])), figure(median(c["p50"]) / 1000), figure(median(c["p99"]) / 1000))
                for clients, those in self.found["clients"].items() for c in those.values()]
        text = "Many clients with persistent connections, under row-level security; no error, or there would be no figure. " \
            "100 clients : 8 clients, auto, transactions a second: %s.\n\n" % figure(self.throughput("auto", ("auto", "8"), "100"))
        return text + table(("clients", "", "a second", "p50, ms", "p99, ms"), rows)

    def first(self):
        names = {"bare": "bare SELECT", "plpgsql": "the same in PL/pgSQL", "auto": "glucose_forecast", "predict": "predict_glucose",
                 "numpy": "PL/Python + numpy", "torch": "PL/Python + PyTorch"}
        rows = [(names[name], len(f["first"]), figure(median(f["first"])), figure(median(f["second"]))) for name, f in self.found["first"].items()]
        return "A new session's first call and its second, about another meal; simple protocol, timed at the client.\n\n" + \
            table(("", "sessions", "first, ms", "second, ms"), rows)

    def memory(self):
        names = {"bare": "session, bare SELECT", "plpgsql": "session, PL/pgSQL", "auto": "session, glucose_forecast", "numpy": "session, PL/Python + numpy",
                 "torch": "session, PL/Python + PyTorch", "http": "FastAPI's process"}
        rows = [(names[name], *(figure(m[key]) for m in found for key in ("Rss", "Pss", "Private"))) for name, found in self.found["memory"].items()]
        return "Memory in MB, one session at a time: after eight calls about one person, and about all persons with own models. RSS counts the shared " \
            "buffers that it has touched; private is what goes with it.\n\n" + \
            table(("", "RSS, one", "PSS", "private", "RSS, all", "PSS", "private"), rows)

    def sets(self):
        names = {"one": "`glucose_forecast`, joined, one process", "two": "the same, two processes", "shuffled": "the same, one process, meals shuffled",
                 "by_person": "`forecast_meals` of each person", "torch_set": "PL/Python + PyTorch, one batch", "torch_rows": "PL/Python + PyTorch, row by row"}
        found = self.found["sets"]
        rows = [(names[name], figure(median(self.rate(name)))) for name in found["statements"]]
        return f"Sets: {found['meals']:,} meals in one statement, under row-level security. The parallel plan was {found['parallel']}" + \
            {"chosen": " by PostgreSQL.", "forced": ", by setting its costs to 0.", "not possible": "."}[found["parallel"]] + "\n\n" + \
            table(("", "meals a second"), rows)

    def lstm(self):
        found = self.found["lstm"]
        return "LSTM training, 105 samples and 100 epochs, one thread (bench/peers/lstm_pytorch.py and `./dev bench core`): ours " \
            f"{median(found['ours']):.2f} s, PyTorch {median(found['torch']):.2f} s."

    def retraining(self):
        return "Retraining by two background workers: " + "; ".join(
            f"{r['persons']} persons, {r['meals']:.0f} meals each on average, in {r['seconds']:.1f} s, {r['failed']} failed" for r in self.found["retraining"].values()) + "."

    def inserts(self):
        names = {"ours": "`glucose_reading`, row-level security", "bypass": "`glucose_reading`, superuser", "key_only": "plain table, primary key only",
                 "import": "`import_readings`", "plain": "plain table with the same keys"}
        rows = []
        for name, c in self.found["inserts"].items():
            state, n, kind = name.split("_", 2)
            rows.append((state, n, names[kind], figure(median(c["p50"])), figure(ratio(c["p50"], self.p50(f"{state}_{n}_plain", "inserts")))))
        return "Inserts of readings, in time order for each sensor, sensors in turn, synchronous_commit off; growing: into tables that hold all readings, " \
            "fresh: into empty ones.\n\n" + table(("table", "rows a statement", "into", "p50, µs", ": plain"), rows)

    def machine(self):
        m, s = self.found["machine"], self.found["settings"]
        pinned = "; with one client it and its backend have a core each" if m["pinned"] else ""
        persons = ", ".join(f"{n} {part} (at most {most:,} readings)" for part, (n, most) in sorted(self.found["persons"].items()))
        return f"""{m['date']}, commit {m['commit']}, `./dev bench peers {m['arguments']}`. {m['cpu']} ({m['family']}; {m['simd']}), {m['cores']} cores, {m['memory_gb']:.0f} GB, Linux {m['kernel']}; load average {m['load_before']:.1f} before, {m['load_after']:.1f} after. {m['versions']}. OpenBLAS' kernel: {m['blas']}.

Server: shared_buffers 2 GB, fsync on, autovacuum off, the rest as regress/server.conf and the defaults have it. Simulated persons of {s['days']} days: {persons}. {m['rounds']} rounds of {m['seconds']:g} s each (many clients: {min(3, m['rounds'])} of {2 * m['seconds']:g} s) in which all take turns, by pgbench with prepared statements over a Unix socket; what comes before is not counted: connections, libraries, caches{pinned}. Each figure is the median over the rounds of a round's p50, each ratio the median of the rounds' ratios. The bare SELECT reads a meal, a stored baseline and the 37 readings of 185 minutes, under the same role; the contenders in Python read the same. The network is the same in numpy, PyTorch and FastAPI: an LSTM 64-64 over 12 steps; all were trained on {self.found['trained_on']:,} earlier meals of the same persons, and asked, like ours, only about meals whose window misses no reading."""

    def errors(self):
        e = self.found["errors"]
        return f"That nobody is a stub, RMSE at +60 minutes on {e['n']} of the meals asked about: auto {e['auto']:.1f}, PyTorch and numpy {e['torch']:.1f}, " \
            f"XGBoost {e['xgboost']:.1f}, ridge {e['ridge']:.1f} mg/dL."

    def text(self):
        parts = [name for name in ("calls", "growth", "clients", "first", "memory", "sets", "lstm", "retraining", "inserts") if name in self.found]
        return "\n\n".join([self.machine(), self.goals(), self.errors(), *(getattr(self, name)() for name in parts)]) + "\n"


def report(found):
    return Report(found).text()


def publish(results, text):
    """As the first section of the measurements, in place of the one before it."""
    title = "## Beside PL/Python, PyTorch and FastAPI"
    with open(results) as file:
        old = file.read()
    if title in old:
        start = old.index(title)
        end = old.find("\n## ", start) + 1 or len(old)
        old = old[:start] + old[end:]
    at = old.index("\n## ") + 1
    with open(results, "w") as file:
        file.write(f"{old[:at]}{title}\n\n{text}\n{old[at:]}")


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        print(report(json.load(file)), end="")
