#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""The plots of the accuracy report: plots.py FIGURES.json OUT writes OUT/accuracy-*.svg."""
import json
import sys

from svg import Drawing, Panel, nice_ticks

COLOURS = dict(persistence="grey", mean="sky", ridge="blue", lad="green", trees="purple", lstm="pink", population="amber", auto="red")
HORIZONS = {60: "blue", 120: "red"}


def of(rows, **wanted):
    return [row for row in rows or [] if all(row[key] == value for key, value in wanted.items())]


def short(source):
    return source.replace("simulated", "sim.")


def names(rows, key):
    return list(dict.fromkeys(row[key] for row in rows))


def dots_of_sources(rows, key, title, note, path):
    """Dots with bars over persons; a column per source, a row of panels per horizon, a line per value of the key."""
    sources, asked = names(rows, "source"), names(rows, key)
    each, tall = 200, 20 * len(asked) + 8
    left = max(84, 12 + 7 * max(map(len, asked)))
    d = Drawing(left + 6 + (each + 26) * len(sources), 2 * (tall + 62) + 36, title)
    for r, minutes in enumerate(HORIZONS):
        for c, source in enumerate(sources):
            own = of(rows, source=source, minutes_ahead=minutes)
            low, high = min(e["lower"] for e in own), max(e["upper"] for e in own)
            pad = 0.06 * (high - low)
            p = Panel(d, left + c * (each + 26), 34 + r * (tall + 62), each, tall, (low - pad, high + pad), (len(asked) - 0.4, -0.6),
                      f"{short(source)}, +{minutes} min")
            p.x_axis(nice_ticks(*p.across), "RMSE, mg/dL" if r else "")
            for i, name in enumerate(asked):
                if c == 0:
                    d.text(p.x - 10, p.py(i) + 4, name, "end")
                for e in of(own, **{key: name}):
                    d.segment(*p.at(e["lower"], i), *p.at(e["upper"], i), COLOURS.get(name, "purple"), "bar")
                    d.dot(*p.at(e["rmse"], i), COLOURS.get(name, "purple"))
    d.text(left, d.height - 10, f"Bars: 95 % interval over persons (bootstrap). {note}", kind="small")
    d.save(path)


def errors(rows, out):
    dots_of_sources(rows, "asked", "RMSE by algorithm and source", "Persons with a model of their own.", f"{out}/accuracy-meals-errors.svg")


def unlike(rows, out):
    dots_of_sources(rows, "variant", "RMSE of persons of a source left out", "own: how many of their own kind the population learnt from.",
                    f"{out}/accuracy-unlike-errors.svg")


def strangers(rows, out):
    dots_of_sources(rows, "variant", "RMSE from the sensor alone for persons of other sources",
                    "Whom the population learnt from; benchmark sets: Colas and Hall, without their own.", f"{out}/accuracy-strangers-errors.svg")


def calibration(rows, out):
    sources, each = names(rows, "source"), 230
    d = Drawing(66 + (each + 30) * len(sources), each + 112, "Coverage of the intervals")
    low = 40
    for c, source in enumerate(sources):
        p = Panel(d, 60 + c * (each + 30), 56, each, each, (low, 100), (low, 100), short(source))
        p.x_axis([50, 80, 90, 95], "stated, %")
        p.y_axis([40, 60, 80, 100], "" if c else "inside, %")
        d.segment(*p.at(low, low), *p.at(100, 100), "grey", "hair dash")
        for minutes, colour in HORIZONS.items():
            own = of(rows, source=source, minutes_ahead=minutes)
            for key, hollow in (("constant", True), ("coverage", False)):
                spots = [p.at(100 * e["level"], max(low, 100 * e[key])) for e in own]
                if not hollow:
                    d.path(spots, colour)
                for spot in spots:
                    d.dot(*spot, colour, 3.5, hollow)
    d.legend(60, 24, [("+60 min", "blue", False), ("+120 min", "red", False), ("hollow: constant width, from other persons", "grey", True)])
    d.save(f"{out}/accuracy-meals-calibration.svg")


def barred(h):
    return h["lower"] is not None and h["persons"] > 4


def history(rows, out):
    """RMSE in % of persistence on the same meals, so that rows with other persons can stand side by side."""
    sources, budgets, each, tall = names(rows, "source"), sorted(set(names(rows, "known"))), 200, 170
    d = Drawing(70 + (each + 28) * len(sources), 2 * (tall + 74) + 40, "Error against days of history")
    rows = [h for h in rows if h["persons"] > 2]
    share = [100 * h[k] / h["persistence"] for h in rows for k in ("served", "population") if h[k]]
    bars = [100 * (1 + h[k] / h["persistence"]) for h in rows for k in ("lower", "upper") if barred(h)]
    up = (min(share + bars) - 2, max(share + bars + [100]) + 2)
    for r, minutes in enumerate(HORIZONS):
        for c, source in enumerate(sources):
            p = Panel(d, 60 + c * (each + 28), 62 + r * (tall + 74), each, tall, (-0.5, len(budgets) - 0.5), up, f"{short(source)}, +{minutes} min")
            p.y_axis(nice_ticks(*up, 5), "" if c else "RMSE, % of persistence")
            p.x_axis(range(len(budgets)), "days of history known" if r else "", budgets)
            d.segment(*p.at(-0.5, 100), *p.at(len(budgets) - 0.5, 100), "grey", "bar")
            for key, colour, shift in (("population", "amber", -0.08), ("served", "red", 0.08)):
                spots = []
                for h in of(rows, source=source, minutes_ahead=minutes):
                    x = budgets.index(h["known"]) + shift
                    if h[key] is None:
                        continue
                    if key == "served" and barred(h):
                        d.segment(*p.at(x, 100 * (1 + h["lower"] / h["persistence"])),
                                  *p.at(x, 100 * (1 + h["upper"] / h["persistence"])), colour, "bar")
                    spots.append(p.at(x, 100 * h[key] / h["persistence"]))
                d.path(spots, colour)
                for spot in spots:
                    d.dot(*spot, colour, 3.5)
            for h in of(rows, source=source, minutes_ahead=minutes):
                d.text(p.px(budgets.index(h["known"])), p.y + p.h - 5, h["persons"], "middle", "small", "grey")
    d.legend(60, 24, [("persistence", "grey", False), ("population", "amber", False),
                      ("as served (bars: 95 % over five and more persons; grey numbers: persons)", "red", False)])
    d.save(f"{out}/accuracy-meals-history.svg")


def reliability(rows, out):
    each = 260
    d = Drawing(66 + (each + 60) * 2, each + 112, "Reliability of the probabilities")
    for c, name in enumerate(("below 70", "above 180")):
        p = Panel(d, 60 + c * (each + 60), 56, each, each, (0, 100), (0, 100), f"glucose {name} mg/dL")
        p.x_axis(range(0, 101, 20), "forecast, %")
        p.y_axis(range(0, 101, 20), "" if c else "happened, %")
        d.segment(*p.at(0, 0), *p.at(100, 100), "grey", "hair dash")
        for minutes, colour in HORIZONS.items():
            own = [b for b in of(rows, name=name, minutes_ahead=minutes) if b["n"] >= 10]
            d.path([p.at(100 * b["p"], 100 * b["happened"]) for b in own], colour)
            for b in own:
                d.dot(*p.at(100 * b["p"], 100 * b["happened"]), colour, 2 + min(6, (b["n"] / 30) ** 0.5))
    d.legend(60, 24, [("+60 min", "blue", False), ("+120 min (larger dots: more forecasts; bins of ten and more)", "red", False)])
    d.save(f"{out}/accuracy-meals-reliability.svg")


# The borders of Clarke's zones, and where their letters stand; (happened, forecast) in mg/dL.
BORDERS = [[(0, 70), (175 / 3, 70), (1000 / 3, 400)], [(70, 0), (70, 56), (400, 320)], [(70, 84), (70, 400)], [(0, 180), (70, 180)],
           [(70, 180), (290, 400)], [(180, 0), (180, 70), (400, 70)], [(240, 70), (240, 180), (400, 180)], [(130, 0), (180, 70)]]
LETTERS = dict(A=[(20, 45)], B=[(375, 300), (275, 345)], C=[(95, 365), (163, 20)], D=[(35, 125), (375, 125)], E=[(35, 350), (375, 25)])
ZONES = dict(A="green", B="blue", C="amber", D="pink", E="red")


def clarke(points, out):
    each = 330
    d = Drawing(66 + (each + 50) * 2, each + 96, "Clarke error grid")
    for c, minutes in enumerate(HORIZONS):
        own = [q for q in points if q[0] == minutes]
        p = Panel(d, 60 + c * (each + 50), 34, each, each, (0, 400), (0, 400), f"+{minutes} min, {len(own)} forecasts")
        p.x_axis(range(0, 401, 100), "happened, mg/dL")
        p.y_axis(range(0, 401, 100), "" if c else "forecast, mg/dL")
        for _, happened, forecast, zone in own:
            d.dot(*p.at(min(happened, 400), min(forecast, 400)), ZONES[zone], 1.8, opacity=0.55)
        d.segment(*p.at(0, 0), *p.at(400, 400), "grey", "hair dash")
        for border in BORDERS:
            d.path([p.at(*q) for q in border], "ink", "hair")
        for letter, spots in LETTERS.items():
            for spot in spots:
                x, y = p.at(*spot)
                d.text(x, y + 5, letter, "middle", "title")
        share = ", ".join(f"{z} {100 * sum(q[3] == z for q in own) / len(own):.1f} %" for z in ZONES)
        d.text(p.x, p.y + p.h + 52, share, kind="small")
    d.save(f"{out}/accuracy-meals-clarke.svg")


def sensor(rows, out):
    """Median errors per set and subset; a dashed line at the best published."""
    asked, each = names(rows, "asked"), 190
    panels = list(dict.fromkeys((e["set"], e["subset"]) for e in rows))
    tall = 24 * len(asked) + 8
    d = Drawing(170 + (each + 26) * len(panels), tall + 108, "RMSE from the sensor alone")
    for c, (name, subset) in enumerate(panels):
        own = [e for e in rows if (e["set"], e["subset"]) == (name, subset)]
        low = min([e["lower"] for e in own] + [own[0]["published"]])
        high = max([e["upper"] for e in own] + [own[0]["published"]])
        p = Panel(d, 160 + c * (each + 26), 36, each, tall, (low - 0.1 * (high - low), high + 0.1 * (high - low)), (len(asked) - 0.4, -0.6),
                  f"{name}, {subset}")
        p.x_axis(nice_ticks(*p.across, 5), "RMSE, mg/dL")
        d.segment(*p.at(own[0]["published"], len(asked) - 0.4), *p.at(own[0]["published"], -0.6), "ink", "bar dash")
        for i, way in enumerate(asked):
            colour = COLOURS.get(way.split(",")[0], "red")
            if c == 0:
                d.text(p.x - 10, p.py(i) + 4, way, "end")
            for e in own:
                if e["asked"] == way:
                    d.segment(*p.at(e["lower"], i), *p.at(e["upper"], i), colour, "bar")
                    d.dot(*p.at(e["rmse"], i), colour, hollow="mean" in way)
    d.text(160, d.height - 10, "Median over the windows of the error over one hour; bars: range over the split seeds; dashed: best published.", kind="small")
    d.save(f"{out}/accuracy-cgm-errors.svg")


def days(rows, out):
    """How much the mean absolute error is below or above that of the best naive forecast, in %."""
    low, high = min(e["lower"] for e in rows), max(e["upper"] for e in rows)
    d = Drawing(720, 24 * len(rows) + 110, "Metrics of days beside the best naive forecast")
    p = Panel(d, 320, 36, 370, 24 * len(rows), (low - 2, high + 2), (len(rows) - 0.4, -0.6), "mean absolute error, one day ahead")
    p.x_axis(nice_ticks(*p.across), "% of the best naive forecast's, below it to the left")
    d.segment(*p.at(0, len(rows) - 0.4), *p.at(0, -0.6), "ink", "bar dash")
    for i, e in enumerate(rows):
        d.text(p.x - 10, p.py(i) + 4, f"{e['metric'].replace('HEART_RATE_VARIABILITY_', '').replace('_', ' ').lower()}, {e['source']}", "end")
        d.segment(*p.at(e["lower"], i), *p.at(e["upper"], i), "red", "bar")
        d.dot(*p.at(e["gain"], i), "red")
    d.text(20, d.height - 10, "Bars: 90 % of draws of persons.", kind="small")
    d.save(f"{out}/accuracy-daily-errors.svg")


def strain(rows, out):
    top = max([100 * b["p"] for b in rows] + [100 * b["happened"] for b in rows]) + 5
    d = Drawing(380, 390, "Reliability of the strain event")
    p = Panel(d, 60, 36, 290, 280, (0, top), (0, top), "strain within three days")
    p.x_axis(nice_ticks(0, top), "forecast, %")
    p.y_axis(nice_ticks(0, top), "happened, %")
    d.segment(*p.at(0, 0), *p.at(top, top), "grey", "hair dash")
    d.path([p.at(100 * b["p"], 100 * b["happened"]) for b in rows], "blue")
    for b in rows:
        d.dot(*p.at(100 * b["p"], 100 * b["happened"]), "blue")
    d.text(60, d.height - 10, f"Ten bins of {rows[0]['n']} evenings each.", kind="small")
    d.save(f"{out}/accuracy-daily-strain.svg")


def main(figures, out):
    with open(figures) as file:
        found = json.load(file)
    for name, draw in dict(errors=errors, coverage=calibration, history=history, events=reliability, points=clarke, sensor=sensor,
                            days=days, strain=strain, unlike=unlike, strangers=strangers).items():
        if found.get(name):
            draw(found[name], out)


if __name__ == "__main__":
    main(*sys.argv[1:])
