# SPDX-License-Identifier: PostgreSQL
"""What was found, as Markdown: the table of goals, then what it was made of. `report.py FIGURES.json` prints it again."""
import json
import statistics
import sys

from measure import ratio

median = statistics.median
PARTS = ("calls", "growth", "clients", "first", "memory", "sets", "lstm", "retraining", "inserts")

MACHINE = """\
{date}, commit {commit}, `./dev bench peers {arguments}`. {cpu} ({family}; {simd}), {cores} cores, {memory_gb:.0f} GB, \
Linux {kernel}; load average {load_before:.1f} before, {load_after:.1f} after. {versions}. OpenBLAS' kernel: {blas}."""

PROTOCOL = """\
Server: shared_buffers 2 GB, fsync on, autovacuum off, the rest as regress/server.conf and the defaults have it. Simulated \
persons of {days} days: {persons}. {rounds} rounds of {seconds:g} s each (many clients: {few_rounds} of {twice:g} s) in which \
all take turns, by pgbench with prepared statements over a Unix socket; what comes first is not counted: connections, \
libraries, caches{cores_each}. A figure is the median over the rounds of a round's p50, a ratio the median of the rounds' \
ratios.

The bare SELECT reads a meal, a stored baseline and the 37 readings of 185 minutes, under the same role; the contenders in \
Python read the same, with a kept plan. The network is the same in numpy, PyTorch and FastAPI: an LSTM 64-64 over 12 steps. \
All were trained on {trained_on:,} earlier meals of the same persons, and are asked, like ours, about meals that no model \
has seen and whose window misses no reading."""

ERRORS = """\
That nobody is a stub, RMSE at +60 minutes on {n} of the meals asked about: auto {auto:.1f}, PyTorch and numpy {torch:.1f}, \
XGBoost {xgboost:.1f}, ridge {ridge:.1f} mg/dL."""


def figure(x):
    """Three digits that count."""
    if x is None:
        return "not measured"
    return f"{x:,.0f}" if abs(x) >= 100 else f"{x:.3g}"


def figures(*those, by="; "):
    return by.join(map(figure, those))


def table(header, rows):
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


class Report:
    def __init__(self, found):
        self.found, self.settings = found, found["settings"]

    def p50(self, name, part="calls"):
        return self.found[part][name]["p50"]

    def of(self, above, below, part="calls"):
        """The ratio of two contenders' p50, or None when that part was not run."""
        return ratio(self.p50(above, part), self.p50(below, part)) if part in self.found else None

    def throughput(self, above, below):
        """The ratio of transactions a second; each (clients, name)."""
        if "clients" not in self.found:
            return None
        return ratio(*(self.found["clients"][clients][name]["tps"] for clients, name in (above, below)))

    def rate(self, name):
        """Meals a second of a set, in each round; of ours a meal has two rows."""
        found = self.found["sets"]["statements"][name]
        meals = found["rows"] / (1 if name.startswith("torch") else 2)
        return [meals / seconds for seconds in found["seconds"]]

    def first_call(self):
        if "first" not in self.found:
            return None
        return median(self.found["first"]["auto"]["first"]) / median(self.found["first"]["plpgsql"]["first"])

    def goals(self):
        found, of = self.found, self.of
        growth = [of(name, "few", "growth") for name in ("minute", "long", "since", "clinic")]
        sets = [None, None]
        if "sets" in found:
            sets = [ratio(self.rate("one"), self.rate("torch_set")), ratio(self.rate("new_two"), self.rate("new_one"))]
        lstm = ratio(found["lstm"]["torch"], found["lstm"]["ours"]) if "lstm" in found else None
        retrained = [60 * r["persons"] / r["seconds"] for r in found.get("retraining", {}).values()] or [None]
        inserts = [of(f"growing_{n}_ours", f"growing_{n}_plain", "inserts") for n in (1, 1000)]
        long_days = figure(self.settings["long_days"])
        return table(("", "now", "goal", "least", "measured"), [
            ("`glucose_forecast` auto : bare SELECT", "44", "1.5", "3", figure(of("auto", "bare"))),
            ("… a person served by the population, any number of meals since", "331", "1.5", "3",
             figure(of("population", "bare"))),
            ("PL/Python + PyTorch : auto; numpy : auto", "0.26; 0.18", "8; 5", "4; 2.5",
             figures(of("torch", "auto"), of("numpy", "auto"))),
            ("8 clients, auto : PyTorch, transactions a second", "0.24", "8", "4",
             figure(self.throughput(("8", "auto"), ("8", "torch")))),
            ("`predict_glucose` : bare SELECT + INSERT, same commit mode (synchronous_commit off; on)", "12", "1.5", "2.5",
             figures(of("predict_off", "write_off"), of("predict", "write"))),
            ("`cgm_forecast` : bare SELECT", "5.3", "1.5", "2", figure(of("cgm", "bare"))),
            (f"growth: 1-minute sensor, {long_days} days, 128 meals since the training, 2,000 persons visible, each : base",
             "2.8, 1, 9, 1.5", "1.1", "1.25", figures(*growth, by=", ")),
            ("sets, one core : set-based PyTorch; two cores parallel : one", "0.03; 2.0", "3; 1.9", "1.5; 1.8", figures(*sets)),
            ("first call : PL/pgSQL's first call", "5", "2", "3", figure(self.first_call())),
            ("LSTM training, PyTorch with OpenBLAS : ours", "3.9", "6", "5", figure(lstm)),
            ("persons retrained a minute, 2 workers, auto, 120 and 240 meals", "240, 196", "500", "350",
             figures(*retrained, by=", ")),
            ("inserts of readings : plain table, one row; 1,000 rows a statement", "2.6–4.7; 3", "1.3; 1.3", "1.8; 1.6",
             figures(*inserts)),
        ])

    def calls(self):
        rows = []
        for c in self.found["calls"].values():
            bare, policies = {"app": ("bare", "yes"), "batch": ("bare_batch", "no")}[c["role"]]
            rows.append((c["title"], policies, figure(median(c["p50"])), figure(ratio(c["p50"], self.p50(bare)))))
        return "### One client, warm\n\n" + table(("", "row-level security", "p50, µs", ": bare SELECT"), rows)

    def growth(self):
        rows = []
        for name, c in self.found["growth"].items():
            base = "few_bare" if name.endswith("bare") else "few"
            rows.append((c["title"], figure(median(c["p50"])), figure(self.of(name, base, "growth"))))
        return f"### Growth\n\n{self.settings['few']} persons of each kind, one client.\n\n" + \
            table(("`glucose_forecast`, own model (auto)", "p50, µs", ": base"), rows)

    def clients(self):
        rows = [(clients, c["title"], figure(median(c["tps"])), figure(median(c["p50"]) / 1000), figure(median(c["p99"]) / 1000))
                for clients, those in self.found["clients"].items() for c in those.values()]
        return "### Many clients\n\nPersistent connections, under row-level security. No transaction failed, or there would be " \
            "no figure. Sessions that hold an interpreter and PyTorch are not asked by 100. Transactions a second of 100 clients " \
            f": of 8, auto: {figure(self.throughput(('100', 'auto'), ('8', 'auto')))}.\n\n" + \
            table(("clients", "", "a second", "p50, ms", "p99, ms"), rows)

    def first(self):
        names = {"bare": "bare SELECT", "plpgsql": "the same in PL/pgSQL", "auto": "`glucose_forecast`",
                 "predict": "`predict_glucose`", "numpy": "PL/Python + numpy", "torch": "PL/Python + PyTorch"}
        rows = [(names[name], len(f["first"]), figure(median(f["first"])), figure(median(f["second"])))
                for name, f in self.found["first"].items()]
        return "### First calls\n\nA new session's first call and its second, about another meal; simple protocol, timed at the " \
            "client.\n\n" + table(("", "sessions", "first, ms", "second, ms"), rows)

    def memory(self):
        names = {"bare": "session, bare SELECT", "plpgsql": "session, PL/pgSQL", "auto": "session, `glucose_forecast`",
                 "numpy": "session, PL/Python + numpy", "torch": "session, PL/Python + PyTorch", "http": "FastAPI's process"}
        rows = [(names[name], *(figure(m[key]) for m in found for key in ("Rss", "Pss", "Private")))
                for name, found in self.found["memory"].items()]
        return "### Memory\n\nMB, one session at a time, after eight calls about one person, and about all persons with own " \
            "models. RSS counts the shared buffers that it has touched, PSS its part of what is shared; private is what goes " \
            "with it.\n\n" + table(("", "RSS, one", "PSS, one", "private, one", "RSS, all", "PSS, all", "private, all"), rows)

    def sets(self):
        names = {"one": "`glucose_forecast`, joined, one process", "new_one": "the same in a new session, one process",
                 "new_two": "the same in a new session, two processes",
                 "shuffled": "the same, one process, meals shuffled", "by_person": "`forecast_meals` of each person",
                 "torch_set": "PL/Python + PyTorch, one batch", "torch_rows": "PL/Python + PyTorch, row by row"}
        found = self.found["sets"]
        plan = {"chosen": "was chosen by PostgreSQL", "forced": "was had by setting its costs to 0",
                "not possible": "was not to be had"}[found["parallel"]]
        rows = [(names[name], figure(median(self.rate(name)))) for name in found["statements"]]
        return f"### Sets\n\n{found['meals']:,} meals in one statement, under row-level security. The parallel plan {plan}.\n\n" + \
            table(("", "meals a second"), rows)

    def lstm(self):
        found = self.found["lstm"]
        return "### Training\n\nAn LSTM, 105 samples and 100 epochs, one thread (bench/peers/lstm_pytorch.py and `./dev bench " \
            f"core`): ours {median(found['ours']):.2f} s, PyTorch {median(found['torch']):.2f} s."

    def retraining(self):
        return "Retraining, `auto`, by two background workers: " + "; ".join(
            f"{r['persons']} persons of {r['meals']:.0f} meals on average in {r['seconds']:.1f} s, {r['failed']} failed"
            for r in self.found["retraining"].values()) + "."

    def inserts(self):
        names = {"ours": "`glucose_reading`, row-level security", "bypass": "`glucose_reading`, superuser",
                 "plain": "plain table with the same keys", "key": "plain table, primary key only",
                 "import": "`import_readings`", "clinic": "`glucose_reading`, 2,000 persons visible",
                 "plain_on": "plain table, synchronous_commit on", "ours_on": "`glucose_reading`, synchronous_commit on"}
        rows = []
        for name, c in self.found["inserts"].items():
            state, n, kind = name.split("_", 2)
            below = self.p50(f"{state}_{n}_plain" + ("_on" if kind.endswith("_on") else ""), "inserts")
            rows.append((state, n, names[kind], figure(median(c["p50"])), figure(ratio(c["p50"], below))))
        return "### Inserts of readings\n\nIn time order for each sensor, sensors in turn. synchronous_commit is off unless said. " \
            "Growing: into tables that hold all readings, fresh: into empty ones.\n\n" + \
            table(("table", "rows a statement", "into", "p50, µs", ": plain"), rows)

    def text(self):
        machine = self.found["machine"]
        persons = ", ".join(f"{n} {part} (at most {most:,} readings)" for part, (n, most) in sorted(self.found["persons"].items()))
        protocol = PROTOCOL.format(
            **machine, days=self.settings["days"], persons=persons, trained_on=self.found["trained_on"],
            few_rounds=min(3, machine["rounds"]), twice=2 * machine["seconds"],
            cores_each="; with one client it and its backend have a core each" if machine["pinned"] else "")
        parts = [getattr(self, name)() for name in PARTS if name in self.found]
        return "\n\n".join([MACHINE.format(**machine), protocol, self.goals(), ERRORS.format(**self.found["errors"]), *parts]) + "\n"


def report(found):
    return Report(found).text()


def publish(results, text):
    """In place of the section that is there."""
    title = "## Beside PL/Python, PyTorch and FastAPI"
    with open(results) as file:
        old = file.read()
    start = old.index(title)
    end = old.find("\n## ", start) + 1 or len(old)
    with open(results, "w") as file:
        file.write(f"{old[:start]}{title}\n\n{text}{old[end:]}")


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        print(report(json.load(file)), end="")
