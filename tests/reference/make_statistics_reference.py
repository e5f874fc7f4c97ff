#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""Reference numbers for the statistics of readings, independent of the C++ code: plain loops over the formulas of the
papers (Battelino 2019 and 2023, Bergenstal 2018, Danne 2017, Klonoff 2022, Kovatchev 1997 and 2006, McDonnell 2005,
Molnar 1972, Service 1970, Wojcicki 1995), with what docs/why/statistics.md adds to them. Standard library only.

    python3 make_statistics_reference.py                    # in this directory: writes statistics.txt
    python3 make_statistics_reference.py --compare < rows   # holds what the database says against it, see ./dev bench statistics

Rows of --compare are JSON, one a line: {"name", "zone", "readings": [[epoch_us, mg_dl], ...], "summary": {...}}.
"""
import bisect
import datetime
import json
import math
import struct
import sys
import zoneinfo

MINUTE = 60_000_000
DAY = 1440 * MINUTE
NAMES = ("readings", "days", "covered_pct", "mean", "sd", "cv_pct", "gmi_pct", "very_low_pct", "low_pct",
         "in_range_pct", "tight_range_pct", "high_pct", "very_high_pct", "very_low_episodes", "low_episodes",
         "high_episodes", "very_high_episodes", "lbgi", "hbgi", "gri", "adrr", "mage", "modd", "conga", "j_index")


def f32(x):
    return struct.unpack("f", struct.pack("f", x))[0]


def weights(times):
    """Microseconds that each reading covers, whether a gap follows it, and the usual step."""
    n = len(times)
    distances = [b - a for a, b in zip(times, times[1:])]
    step = min(sorted(distances)[(n - 2) // 2], 15 * MINUTE) if n > 1 else 15 * MINUTE
    longest = max(15 * MINUTE, step + step // 2)
    covers = [d if d <= longest else step for d in distances] + [step]
    return covers, [d > longest for d in distances] + [True], step


def episodes(levels, covers, gaps, step, beyond):
    """How many: the stretch is cut at gaps, each piece into runs beyond the limit or not, as runs are named in Danne
    2017; runs of less than a quarter of an hour belong to the state before them."""
    pieces, piece = [], []
    for level, cover, gap in zip(levels, covers, gaps):
        piece.append((beyond(level), cover))
        if gap:
            pieces.append(piece)
            piece = []
    count = 0
    for piece in pieces:
        runs = []
        for out, cover in piece:
            if runs and runs[-1][0] == out:
                runs[-1][1] += cover
            else:
                runs.append([out, cover])
        state = False
        for out, length in runs:
            if out != state and length >= 15 * MINUTE - step // 2:
                state = out
                count += out
    return count


def mage(levels, gaps, sd):
    """By recursion on the definition: from a place, the next excursion is to the first reading from which the level has
    come back by more than one SD."""
    heights, piece, pieces = [], [], []
    for level, gap in zip(levels, gaps):
        piece.append(level)
        if gap:
            pieces.append(piece)
            piece = []
    if not sd > 0:
        return None
    for g in pieces:
        # The first reading that is more than one SD from an earlier one says which way the first leg goes.
        for i in range(len(g)):
            high, low = max(g[:i + 1]), min(g[:i + 1])
            if high - g[i] > sd or g[i] - low > sd:
                break
        else:
            continue
        up = g[i] - low > sd
        start, at = (low if up else high), i
        while True:
            sign = 1 if up else -1
            top, k = g[at], at
            while k < len(g) and sign * (top - g[k]) <= sd:
                top = sign * max(sign * top, sign * g[k])
                k += 1
            if k == len(g):
                break
            heights.append((up, abs(top - start)))
            start, up, at = top, not up, k
    same = [h for d, h in heights if d == heights[0][0]]
    return math.fsum(same) / len(same) if same else None


def pairs(times, levels, covers, lag):
    for i, t in enumerate(times):
        k = bisect.bisect_left(times, t - lag)
        near = [j for j in (k - 1, k) if 0 <= j < len(times) and abs(times[j] - (t - lag)) <= 15 * MINUTE // 2]
        if near:
            j = min(near, key=lambda j: (abs(times[j] - (t - lag)), j))
            yield levels[i] - levels[j], covers[i]


def mean_and_sd(values, covers):
    if not values:
        return None, None
    total = sum(covers)
    mean = math.fsum(v * w for v, w in zip(values, covers)) / total
    if len(values) < 2:
        return mean, None
    square = math.fsum(w * (v - mean) ** 2 for v, w in zip(values, covers)) / total
    return mean, math.sqrt(square * len(values) / (len(values) - 1))


def risk(g):
    f = 1.509 * (math.log(g) ** 1.084 - 5.381)
    return (10 * f * f, 0.0) if f < 0 else (0.0, 10 * f * f)


def summary(readings, day_of):
    """readings: (time, level) in any order; day_of: time → any name of its day."""
    at_moment = {}
    for t, g in readings:
        at_moment.setdefault(t, set()).add(g)
    times = sorted(at_moment)
    levels = [math.fsum(at_moment[t]) / len(at_moment[t]) for t in times]
    n = len(times)
    covers, gaps, step = weights(times)
    total = sum(covers)

    def percent(holds):
        return 100 * sum(w for g, w in zip(levels, covers) if holds(g)) / total

    def count(beyond):
        return episodes(levels, covers, gaps, step, beyond)

    days = {}
    for t, g in zip(times, levels):
        days.setdefault(day_of(t), []).append(g)
    mean, sd = mean_and_sd(levels, covers)
    risks = [risk(g) for g in levels]
    of_days = [max(risk(g)[0] for g in d) + max(risk(g)[1] for g in d) for d in days.values() if len(d) >= 3]
    below_54, below_70 = percent(lambda g: g < 54), percent(lambda g: g < 70)
    above_180, above_250 = percent(lambda g: g >= 181), percent(lambda g: g >= 251)
    daily = list(pairs(times, levels, covers, DAY))
    hourly = list(pairs(times, levels, covers, 60 * MINUTE))
    return {
        "readings": n, "days": len(days), "covered_pct": 100 * total / (times[-1] + covers[-1] - times[0]),
        "mean": mean, "sd": sd, "cv_pct": sd and 100 * sd / mean if sd is not None else None,
        "gmi_pct": 3.31 + 0.02392 * mean,
        "very_low_pct": below_54, "low_pct": below_70, "in_range_pct": percent(lambda g: 70 <= g < 181),
        "tight_range_pct": percent(lambda g: 70 <= g < 141), "high_pct": above_180, "very_high_pct": above_250,
        "very_low_episodes": count(lambda g: g < 54), "low_episodes": count(lambda g: g < 70),
        "high_episodes": count(lambda g: g >= 181), "very_high_episodes": count(lambda g: g >= 251),
        "lbgi": math.fsum(r[0] * w for r, w in zip(risks, covers)) / total,
        "hbgi": math.fsum(r[1] * w for r, w in zip(risks, covers)) / total,
        "gri": min(100, 3 * below_54 + 2.4 * (below_70 - below_54) + 1.6 * above_250 + 0.8 * (above_180 - above_250)),
        "adrr": math.fsum(of_days) / len(of_days) if of_days else None,
        "mage": mage(levels, gaps, sd) if sd is not None else None,
        "modd": mean_and_sd([abs(d) for d, _ in daily], [w for _, w in daily])[0],
        "conga": mean_and_sd([d for d, _ in hourly], [w for _, w in hourly])[1],
        "j_index": 0.001 * (mean + sd) ** 2 if sd is not None else None,
    }


# --- the cases of statistics.txt ---------------------------------------------------------------------------------

def draw(state):
    """The minimal standard generator of Park and Miller 1988: the C++ test draws the same."""
    return state * 48271 % 2147483647


def simulated(seed, n, step_min, gap_of, jitter_s, swing):
    """A day's wave with steps at random, from midnight UTC on; of 1000 readings about gap_of begin a gap."""
    state, at, level, out = seed, 0, 140, []
    for _ in range(n):
        state = draw(state)
        level += state % 2001 / 100 - 10
        level += (140 - level) / 20
        state = draw(state)
        late = state % (2 * jitter_s + 1) - jitter_s
        # Quarters of a mg/dL, so that 32 bits hold them exactly whatever libm says of the wave.
        wave = swing * (abs(at // MINUTE % 1440 - 720) - 360) / 360
        g = min(max(round((level + wave) * 4), 160), 1600) / 4
        out.append((at + late * 1_000_000, g))
        state = draw(state)
        at += step_min * MINUTE + (state % 400 * MINUTE if state % 1000 < gap_of else 0)
    return out


CASES = [("five", 11, 4032, 5, 4, 0, 40), ("jitter", 12, 3000, 5, 12, 20, 60), ("fifteen", 13, 1344, 15, 8, 50, 50),
         ("sparse", 14, 400, 15, 300, 60, 70), ("calm", 15, 600, 5, 2, 1, 5), ("minutes", 16, 5000, 1, 2, 1, 90),
         ("two", 17, 2, 5, 0, 0, 10), ("one", 18, 1, 5, 0, 0, 10), ("wild", 19, 3000, 5, 5, 0, 150)]


def write_cases():
    with open("statistics.txt", "w", encoding="utf-8") as file:
        file.write("# make_statistics_reference.py wrote this: a case with its seed, readings, minutes, gaps of 1000, seconds "
                   "of jitter, swing;\n# a line of names, then a line of numbers a case; nan: there is none\n")
        file.write("names " + " ".join(NAMES) + "\n")
        for name, *how in CASES:
            s = summary(simulated(*how), lambda t: t // DAY)
            numbers = ("nan" if s[k] is None else format(s[k], ".15g") for k in NAMES)
            file.write(" ".join([name, *map(str, how), *numbers]) + "\n")


def compare():
    """1e-6 of a number's size, of 1 where it is smaller; counts are the same."""
    worst, persons, numbers, wrong = (0.0, ""), 0, 0, []
    for line in sys.stdin:
        row = json.loads(line)
        zone = zoneinfo.ZoneInfo(row["zone"])
        s = summary([(t, f32(g)) for t, g in row["readings"]],
                    lambda t: datetime.datetime.fromtimestamp(t // 1_000_000, zone).date())
        persons += 1
        for key in NAMES:
            expected, got = s[key], row["summary"][key]
            numbers += 1
            if expected is None or got is None:
                off = 0.0 if expected is None and got is None else math.inf
            else:
                off = abs(expected - got) / max(1.0, abs(expected))
            worst = max(worst, (off, f"{row['name']} {key}"))
            if off > 1e-6:
                wrong.append(f"{row['name']} {key}: {got}, by the reference {expected}")
    print(f"{numbers} numbers of {persons} persons, {len(wrong)} of them wrong; the largest difference is {worst[0]:.1e}"
          f" ({worst[1]})")
    for line in wrong[:40]:
        print(line)
    sys.exit(1 if wrong or not persons else 0)


compare() if "--compare" in sys.argv else write_cases()
