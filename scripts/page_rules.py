#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""What can be said of the pages without a server: links lead somewhere, named files exist, ./dev has the commands that are
called, markers are known, the design fits on its page. Prints what does not hold."""
import os
import re
import sys

import pages

DESIGN_LINES = 120
ROOMS = r"(?:docs|src|sql|tests|regress|bench|demo|scripts|cmake|extension|monitoring)/"


def files():
    """Every file that is part of the project, by path from the root."""
    found = set()
    for here, folders, names in os.walk(pages.ROOT):
        if os.path.samefile(here, pages.ROOT):  # what is built may hold a whole system (./dev matrix)
            folders[:] = [folder for folder in folders if folder not in ("build", ".git")]
        found.update(os.path.relpath(os.path.join(here, name), pages.ROOT) for name in names)
    return found


def commands():
    return set(re.findall(r"^cmd_([a-z]+)\(\)", "\n".join(pages.read("dev")), flags=re.M)) | {"help"}


def wrong_links(path, line):
    for target in re.findall(r"\]\(([^)\s]+)\)", line):
        if re.match(r"https?:|mailto:", target):
            continue
        name, _, anchor = target.partition("#")
        aim = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
        if not os.path.exists(os.path.join(pages.ROOT, aim)):
            yield f"no file {target}"
        elif anchor and aim.endswith(".md") and anchor not in {slug for _, slug in pages.headings(pages.read(aim))}:
            yield f"no heading {target}"


def wrong_names(line, known):
    """Files named between backticks: with their folder as they stand, else by their last name."""
    for word in re.findall(r"`([\w./+-]+)`", line):
        if re.search(r"\bNNN?-|\ba--b\b", word):
            continue
        if re.match(ROOMS, word):
            if word.rstrip("/") not in known and not any(name.startswith(word.rstrip("/") + "/") for name in known):
                yield f"no file {word}"
        elif re.fullmatch(r"[\w/-]+\.(cpp|hpp|sql|sh|py|pl)", word):
            if not any(name.endswith("/" + word) for name in known):
                yield f"no file {word}"


def wrong_commands(line, known, benches):
    for name, argument in re.findall(r"\./dev ([a-z]+)(?: ([a-z]+))?", line):
        if name not in known:
            yield f"no command ./dev {name}"
        elif name == "bench" and argument and argument not in benches:
            yield f"no bench/{argument}"


def main():
    known, dev = files(), commands()
    benches = {path.split("/")[1] for path in known if re.fullmatch(r"bench/\w+/run\.sh", path)}
    results, bad = sorted(path for path in known if path.startswith("bench/results/")), []
    for path in pages.pages() + ["CHANGELOG.md", "bench/RESULTS.md", *results]:
        pages.blocks(path)
        history = path == "CHANGELOG.md" or path in results
        for number, line in enumerate(pages.read(path), 1):
            wrong = list(wrong_links(path, line)) + list(wrong_commands(line, dev, benches))
            wrong += [] if history else list(wrong_names(line, known))
            bad += [f"{path}:{number}: {what}" for what in wrong]
    if len(pages.read("docs/design.md")) > DESIGN_LINES:
        bad.append(f"docs/design.md: over {DESIGN_LINES} lines; a decision has a page in docs/why/")
    print("\n".join(bad), end="\n" if bad else "")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
