#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""Draws a forecast after a meal: draw.py POINTS.json OUT.svg; the points are those of demo/points.sql."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "bench", "accuracy"))
from svg import Drawing, nice_ticks  # pylint: disable=wrong-import-position

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 300, 48, 16, 40, 36


def main(points, out):
    with open(points, encoding="utf-8") as file:
        data = json.load(file)
    values = [mg_dl for _, mg_dl in data["readings"]] + [v for row in data["wide"] for v in (row[1], row[3])]
    low, high = min(values + [70]) - 5, max(values + [180]) + 5

    def x(minutes):
        return LEFT + (minutes + 180) / 360 * (WIDTH - LEFT - RIGHT)

    def y(mg_dl):
        return HEIGHT - BOTTOM - (mg_dl - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    def band(rows, opacity):
        edge = [(x(m), y(upper)) for m, _, _, upper in rows] + [(x(m), y(lower)) for m, lower, _, _ in reversed(rows)]
        drawing.add(f'<polygon points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in edge)}" class="f-blue" opacity="{opacity}"/>')

    drawing = Drawing(WIDTH, HEIGHT, "A forecast after a meal, with its intervals, and what happened")
    for tick in nice_ticks(low, high, 6):
        drawing.segment(LEFT, y(tick), WIDTH - RIGHT, y(tick))
        drawing.text(LEFT - 6, y(tick) + 4, tick, "end")
    for hour in range(-3, 4):
        drawing.text(x(60 * hour), HEIGHT - BOTTOM + 18, f"{hour:+d} h" if hour else "meal", "middle")
    drawing.segment(x(0), TOP, x(0), HEIGHT - BOTTOM, "grey", "hair dash")
    drawing.text(LEFT - 38, TOP - 22, "mg/dL")
    band(data["wide"], 0.16)
    band(data["narrow"], 0.28)
    drawing.path([(x(m), y(middle)) for m, _, middle, _ in data["wide"]], "blue")
    for minutes, mg_dl in data["readings"]:
        drawing.dot(x(minutes), y(mg_dl), "grey" if minutes <= 0 else "red", 2.6, hollow=minutes > 0)
    for minutes, mg_dl in data["forecast"]:
        drawing.dot(x(minutes), y(mg_dl), "blue", 4.5)
    drawing.legend(LEFT + 60, TOP - 22, [("readings before the meal", "grey", False), ("forecast, intervals of 50 and 90 %", "blue", False),
                                         ("what happened", "red", True)])
    drawing.text(x(0) + 6, TOP + 10, data["title"], kind="small", colour="grey")
    drawing.save(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
