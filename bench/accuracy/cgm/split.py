#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""The published benchmark's segments and splits (GlucoBench, ICLR 2024): split.py DIR OUT.

DIR holds splits.csv and SET.csv.gz (id, time, gl). Writes OUT/reading.csv (the resampled rows), OUT/slice.csv (which of
them train, validate and test) and OUT/seed.csv (who is held out), and stops with status 1 when a row or window count of
splits.csv is not reproduced.

Gaps are judged on the times as they are, the grid begins at the segment's first time floored to the minute. A person's
slices do not depend on the seed: as one of the others its last segment is cut ('train', 'validation', 'test', the last
two with M points of context before them); held out, all its segments are scored ('whole').
"""
import csv
import datetime
import gzip
import sys

STEP, HORIZON, STRIDE = 5, 12, 6  # minutes, steps, steps
SETS = {  # gap in minutes, fewest rows of a segment, L and M in steps
    "colas": dict(gap=45, fewest=192, block=72, context=144),
    "hall": dict(gap=30, fewest=192, block=192, context=144),
}


def interpolate(times, values, at):
    """Values at the moments `at`, linear between the rows that have one; minutes, ascending. Beyond the ends: the end's."""
    times, values = zip(*((t, value) for t, value in zip(times, values) if value is not None))
    out, i = [], 0
    for t in at:
        while i + 1 < len(times) and times[i + 1] <= t:
            i += 1
        if i + 1 == len(times) or times[i] >= t:
            out.append(values[i])
        else:
            part = (t - times[i]) / (times[i + 1] - times[i])
            out.append(values[i] + part * (values[i + 1] - values[i]))
    return out


def read_persons(path):
    """{id: [(seconds, mg/dL or None), …] by time}, in the order of the file."""
    persons, epoch = {}, datetime.datetime(1970, 1, 1)
    with gzip.open(path, "rt", newline="") as file:
        for row in csv.DictReader(file):
            at = int((datetime.datetime.fromisoformat(row["time"]) - epoch).total_seconds())
            persons.setdefault(row["id"], []).append((at, float(row["gl"]) if row["gl"] else None))
    return {person: sorted(rows, key=lambda r: r[0]) for person, rows in persons.items()}


def segments(rows, gap, fewest):
    """[(minutes of the grid, mg/dL), …] of one person."""
    parts = [[rows[0]]]
    for before, row in zip(rows, rows[1:]):
        if row[0] - before[0] > gap * 60:
            parts.append([])
        parts[-1].append(row)
    out = []
    for part in parts:
        if len(part) < fewest:
            continue
        times, values = [at // 60 for at, _ in part], [mg_dl for _, mg_dl in part]
        grid = list(range(times[0], times[-1] + 1, STEP))
        out.append((grid, interpolate(times, values, grid)))
    return out


def slices(lengths, block, context):
    """[(part, segment, first, past the last)] of one person by the lengths of its segments."""
    last, n = len(lengths) - 1, lengths[-1]
    out = [("whole", k, 0, length) for k, length in enumerate(lengths)]
    out += [("train", k, 0, length) for k, length in enumerate(lengths[:-2])]
    before = lengths[-2] if last else 0
    if n >= context + 3 * block:
        if last:
            out.append(("train", last - 1, 0, before))
        out.append(("train", last, 0, n - 2 * block))
        out.append(("validation", last, n - 2 * block - context, n - block))
        out.append(("test", last, n - block - context, n))
    elif n >= context + 2 * block:
        if last:
            out.append(("train", last - 1, 0, before))
            out.append(("validation", last, 0, n - block))
        else:
            out.append(("train", last, 0, n - block))
        out.append(("test", last, n - block - context, n))
    elif last:
        out.append(("test", last, 0, n))
        if before >= context + 2 * block:
            out.append(("validation", last - 1, before - block - context, before))
            out.append(("train", last - 1, 0, before - block))
        else:
            out.append(("train", last - 1, 0, before))
    else:
        out.append(("train", last, 0, n))
    return out


def windows(parts, context):
    return sum(max(0, (to - since - context - HORIZON) // STRIDE + 1) for _, _, since, to in parts)


def counts(persons, held_out, context):
    """As in splits.csv: rows to train on, validate, test ID and OOD; windows ID and OOD."""
    parts = {name: [] for name in ("train", "validation", "test", "whole")}
    for person, own in persons.items():
        for part in own:
            if (part[0] == "whole") == (person in held_out):
                parts[part[0]].append(part)
    rows = [sum(to - since for _, _, since, to in parts[name]) for name in ("train", "validation", "test", "whole")]
    return rows + [windows(parts["test"], context), windows(parts["whole"], context)]


def main(folder, out):
    columns = ["n_train", "n_val", "n_test_id", "n_test_ood", "n_windows_id", "n_windows_ood"]
    with open(f"{folder}/splits.csv", newline="") as file:
        seeds = list(csv.DictReader(file))
    wrong = 0
    with open(f"{out}/reading.csv", "w", newline="") as a, open(f"{out}/slice.csv", "w", newline="") as b, \
            open(f"{out}/seed.csv", "w", newline="") as c:
        reading, part_of, seed_of = csv.writer(a), csv.writer(b), csv.writer(c)
        for name, how in SETS.items():
            cut = {}
            for person, rows in read_persons(f"{folder}/{name}.csv.gz").items():
                own = segments(rows, how["gap"], how["fewest"])
                if not own:
                    continue
                cut[person] = slices([len(grid) for grid, _ in own], how["block"], how["context"])
                for k, (grid, values) in enumerate(own):
                    for i, (minute, mg_dl) in enumerate(zip(grid, values)):
                        reading.writerow([name, person, k, i, minute * 60, repr(round(mg_dl, 6))])
                part_of.writerows([name, person, *part, how["context"]] for part in cut[person])
            for row in (row for row in seeds if row["dataset"] == name):
                held_out = set(row["ood_person_ids"].split())
                got, wanted = counts(cut, held_out, how["context"]), [int(row[column]) for column in columns]
                if got != wanted:
                    wrong += 1
                    print(f"{name}, seed {row['split_seed']}: {columns} are {got}, not {wanted}", file=sys.stderr)
                seed_of.writerows([name, row["split_seed"], person, person in held_out] for person in cut)
    print(f"{len(seeds) - wrong} of {len(seeds)} splits have the published counts", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
