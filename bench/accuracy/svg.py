# SPDX-License-Identifier: PostgreSQL
"""A little SVG: panels with axes, in colours for light and for dark pages."""
from html import escape

FONT = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif"
LIGHT = dict(ink="#24292f", faint="#d0d7de", grey="#8b949e", blue="#0072b2", sky="#3d9bd6", green="#00855f", pink="#b55a8f",
             amber="#c98500", red="#cc4b00", purple="#6f4fb0", page="#ffffff")
DARK = dict(ink="#e6edf3", faint="#373e47", grey="#8b949e", blue="#58a6e0", sky="#8cc8f0", green="#3fc79a", pink="#e39cc6",
            amber="#e8b04a", red="#ff8a4c", purple="#b39ae8", page="#0d1117")


def style():
    def rules(colours):
        return "".join(f".f-{name}{{fill:{c}}}.s-{name}{{stroke:{c}}}" for name, c in colours.items())
    return (f"<style>text{{{FONT};font-size:12px}}.small{{font-size:10.5px}}.title{{font-size:13px;font-weight:600}}"
            f".line{{fill:none;stroke-width:2}}.hair{{stroke-width:1}}.bar{{stroke-width:1.5}}.dash{{stroke-dasharray:4 3}}"
            f"{rules(LIGHT)}@media (prefers-color-scheme:dark){{{rules(DARK)}}}</style>")


class Drawing:
    def __init__(self, width, height, title):
        self.width, self.height, self.title, self.parts = width, height, title, []

    def add(self, part):
        self.parts.append(part)

    def text(self, x, y, what, anchor="start", kind="", colour="ink", turn=False):
        turned = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if turn else ""
        self.add(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{kind} f-{colour}"{turned}>{escape(str(what))}</text>')

    def segment(self, x1, y1, x2, y2, colour="faint", kind="hair"):
        self.add(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind} s-{colour}"/>')

    def path(self, points, colour, kind="line"):
        if len(points) > 1:
            self.add(f'<polyline points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}" class="{kind} s-{colour}" fill="none"/>')

    def dot(self, x, y, colour, radius=4.0, hollow=False, opacity=1.0):
        fill = "f-page" if hollow else f"f-{colour}"
        faded = f' opacity="{opacity}"' if opacity < 1 else ""
        self.add(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" class="{fill} s-{colour}" stroke-width="1.5"{faded}/>')

    def legend(self, x, y, entries):
        """entries: (text, colour, hollow); in a row from (x, y) on."""
        for text, colour, hollow in entries:
            self.dot(x + 5, y - 4, colour, 4.5, hollow)
            self.text(x + 15, y, text)
            x += 34 + 6.6 * len(text)

    def save(self, path):
        with open(path, "w") as file:
            file.write(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" width="{self.width}" '
                       f'height="{self.height}" role="img"><title>{escape(self.title)}</title>{style()}'
                       f'<rect width="100%" height="100%" class="f-page"/>' + "\n".join(self.parts) + "</svg>\n")


def nice_ticks(low, high, about=4):
    """At most about + 1 round numbers from low to high."""
    step = next(s for s in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000) if (high - low) / s <= about)
    first = int(low // step)
    return [round(i * step, 1) for i in range(first, int(high // step) + 1) if i * step >= low]


class Panel:
    """A plot area at (x, y) of the given size, with linear scales over the ranges `across` and `up`."""

    def __init__(self, drawing, x, y, width, height, across, up, title=""):
        self.d, self.x, self.y, self.w, self.h, self.across, self.up = drawing, x, y, width, height, across, up
        if title:
            drawing.text(x, y - 8, title, kind="title")

    def px(self, value):
        return self.x + self.w * (value - self.across[0]) / (self.across[1] - self.across[0])

    def py(self, value):
        return self.y + self.h * (1 - (value - self.up[0]) / (self.up[1] - self.up[0]))

    def at(self, x, y):
        return self.px(x), self.py(y)

    def x_axis(self, ticks, label="", labels=None):
        for i, t in enumerate(ticks):
            self.d.segment(self.px(t), self.y, self.px(t), self.y + self.h)
            self.d.text(self.px(t), self.y + self.h + 15, labels[i] if labels else f"{t:g}", "middle", "small")
        if label:
            self.d.text(self.x + self.w / 2, self.y + self.h + 32, label, "middle")

    def y_axis(self, ticks, label="", labels=None):
        for i, t in enumerate(ticks):
            self.d.segment(self.x, self.py(t), self.x + self.w, self.py(t))
            self.d.text(self.x - 6, self.py(t) + 4, labels[i] if labels else f"{t:g}", "end", "small")
        if label:
            self.d.text(self.x - 38, self.y + self.h / 2, label, "middle", turn=True)
