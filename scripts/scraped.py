#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""scraped.py URL OPENMETRICS GRAFANA: whether the prometheus at URL has every sample of the text of openmetrics() with its
value, and nothing else of pg_glucose; and whether it answers every expression of the Grafana dashboard."""
import json
import re
import sys
import time
import urllib.parse
import urllib.request

# What grows while it is looked: by how much at most. All else is as SQL had it.
MOVES = {"pg_glucose_readings_age_seconds": 120, "pg_glucose_health_age_seconds": 120, "pg_glucose_tables_bytes": 1e7}
PATIENCE_S = 30


def said(path):
    """{(name, labels): value} of the text of openmetrics()."""
    found = {}
    for line in open(path, encoding="utf-8"):
        sample = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)\n", line)
        if sample and not line.startswith("#"):
            labels = {key: json.loads(value) for key, value in re.findall(r'(\w+)=("(?:[^"\\]|\\.)*")', sample[2] or "")}
            found[sample[1], frozenset(labels.items())] = float(sample[3])
    return found


def asked(url, expression):
    """The same of what prometheus answers; without the labels that say whence it was scraped."""
    with urllib.request.urlopen(f"{url}/api/v1/query?{urllib.parse.urlencode({'query': expression})}", timeout=5) as answer:
        result = json.load(answer)["data"]["result"]
    return {(r["metric"]["__name__"], frozenset((k, v) for k, v in r["metric"].items()
                                                if k not in ("__name__", "instance", "job", "server"))):
            float(r["value"][1]) for r in result}


def wrong(url, samples, expressions):
    """What prometheus has not as SQL said it."""
    have = asked(url, '{__name__=~"pg_glucose_.+"}')
    bad = [f"not scraped: {name} {dict(labels)}" for name, labels in samples.keys() - have.keys()]
    bad += [f"nobody said it: {name} {dict(labels)}" for name, labels in have.keys() - samples.keys()]
    for key in samples.keys() & have.keys():
        if abs(samples[key] - have[key]) > MOVES.get(key[0], 1e-6):
            bad.append(f"{key[0]} {dict(key[1])}: SQL says {samples[key]}, prometheus {have[key]}")
    return bad + [f"Grafana's {expression} is empty" for expression in expressions if not asked(url, expression)]


def waited(*what):
    """The same once nothing is wrong any more, or patience ends: on a busy machine a scrape may come late."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            bad = wrong(*what)
        except OSError as error:
            bad = [f"prometheus does not answer: {error}"]  # it starts
        if not bad or time.monotonic() > deadline:
            return bad
        time.sleep(0.5)


def main(url, openmetrics, grafana):
    samples = said(openmetrics)
    names = {name for name, _ in samples}
    with open(grafana, encoding="utf-8") as file:
        panels = json.load(file)["panels"]
    expressions = [target["expr"] for panel in panels for target in panel["targets"]]
    bad = waited(url, samples, expressions) + [f"Grafana does not show {name}" for name in names - set(expressions)]
    print("\n".join(sorted(bad)), end="\n" if bad else "")
    print(f"{len(samples)} samples of {len(names)} gauges, {len(expressions)} panels: "
          + (f"{len(bad)} wrong" if bad else "prometheus has what SQL says"))
    return bool(bad) or not samples


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
