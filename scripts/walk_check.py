#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""Whether CONTRIBUTING.md's walk names all files of a call, and no others: walk_check.py NAME FILE, FILE being what ./dev walk
printed. A header counts as its .cpp. The section "### NAME" and the one called "everywhere" count."""
import re
import sys

import pages


def section(lines, name):
    """The files named between backticks under a heading, up to the next one."""
    text = "\n".join(lines).split(f"\n### {name}\n", 1)[1].split("\n#", 1)[0]
    return {word for word in re.findall(r"`([\w./]+\.(?:cpp|hpp|inc))`", text)}


def main(name, file):
    lines = pages.read("CONTRIBUTING.md")
    with open(file, encoding="utf-8") as walk:
        entered = {line.split(":")[0] for line in walk if re.match(r"[a-z]+/", line)}
    stems = {re.sub(r"\.\w+$", "", path) for path in entered}
    named, everywhere = section(lines, name), section(lines, "everywhere")
    of_named = {re.sub(r"\.\w+$", "", word) for word in named | everywhere}
    missing = sorted(stem for stem in stems if not any(("/" + stem).endswith("/" + word) for word in of_named))
    idle = sorted(word for word in named if not any(("/" + stem).endswith("/" + re.sub(r"\.\w+$", "", word)) for stem in stems))
    print("\n".join([f"{name}: enters {stem}, which CONTRIBUTING.md does not name" for stem in missing]
                    + [f"{name}: CONTRIBUTING.md names {word}, which it does not enter" for word in idle]) or f"{name}: as written")
    return bool(missing or idle)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
