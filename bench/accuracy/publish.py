#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""Puts a report into its page of measurements as the first section: publish.py bench/results REPORT.md COMMIT. Older ones stay, without the
pictures, which are those of the newest."""
import datetime
import os
import re
import sys

TITLES = {"meals": "Accuracy after meals", "cgm": "Accuracy from the sensor alone", "daily": "Metrics of days and yes-or-no questions",
          "unlike": "Accuracy for persons of a source left out", "strangers": "Accuracy from the sensor alone for persons of other sources"}
PLOTS = {"meals": ["errors", "calibration", "history", "reliability", "clarke"], "cgm": ["errors"], "daily": ["errors", "strain"], "unlike": ["errors"],
         "strangers": ["errors"]}
PAGES = {"meals": "after-meals", "cgm": "readings-alone", "daily": "days", "unlike": "strangers-after-meals", "strangers": "strangers-from-readings"}
ARGUMENTS = {"meals": "DIR", "strangers": "--unlike --cgm DIR"}


def main(folder, report, commit):
    kind = re.search(r"accuracy-(\w+)\.md$", report)[1]
    page = os.path.join(folder, PAGES[kind] + ".md")
    with open(page) as file:
        old = re.sub(rf"(!\[\w+\]\(\.\./\.\./docs/accuracy-{kind}-\w+\.svg\)\n)+\n", "", file.read())
    with open(report) as file:
        body = file.read().rstrip()
    pictures = "\n".join(f"![{name}](../../docs/accuracy-{kind}-{name}.svg)" 
                         for name in PLOTS[kind] if os.path.exists(report.replace(".md", f"-{name}.svg")))
    command = "./dev accuracy " + ARGUMENTS.get(kind, f"--{kind} DIR")
    section = f"## {TITLES[kind]}, {datetime.date.today()}\n\n`{command}`, commit {commit}.\n\n{pictures}\n\n{body}\n\n"
    at = old.index("\n## ") + 1
    with open(page, "w") as file:
        file.write(old[:at] + section + old[at:])


if __name__ == "__main__":
    main(*sys.argv[1:])
