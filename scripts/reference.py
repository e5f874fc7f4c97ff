#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""Writes docs/reference.md to standard output; reads what scripts/reference.sql says of the catalogs from standard input.

A chapter is a theme file sql/NN-theme.sql, in whose order things come, and the prose of sql/NN-theme.md: its introduction,
and a section "### name" for each function with its options, errors and an example. Functions whose COMMENT begins with
"Internal:" have no section and stand in the appendix. sql/preface.md stands before all, with the table of functions in it."""
import glob
import json
import os
import re
import sys

import pages

INTERNAL = "Internal: "
WIDE = 100


def read(path):
    with open(os.path.join(pages.ROOT, path), encoding="utf-8") as file:
        return file.read()


def sections(path):
    """The prose of a chapter by name; what stands before the first section is under ''."""
    if not os.path.exists(os.path.join(pages.ROOT, path)):
        return {"": ""}
    text = re.sub(r"\A<!-- SPDX.*-->\n", "", read(path))
    parts = re.split(r"^### (\w+)\n", text, flags=re.M)
    return {"": parts[0].strip(), **{name: body.strip() for name, body in zip(parts[1::2], parts[2::2])}}


def chapters():
    """(title, file of prose, names in their order) of each theme; then the steps of setup(), which have no chapter."""
    for path in sorted(glob.glob("sql/[0-9][0-9]-*.sql", root_dir=pages.ROOT)):
        theme = re.fullmatch(r"sql/\d+-(.*)\.sql", path)[1]
        yield theme.replace("_", "-").capitalize(), path.replace(".sql", ".md"), created(path)


def created(path):
    found = re.findall(r"^CREATE (?:FUNCTION|PROCEDURE|AGGREGATE|TYPE|DOMAIN) glucose\.(\w+)", read(path), flags=re.M)
    return list(dict.fromkeys(found))


def signature(entry):
    arguments = [a.replace("timestamp with time zone", "timestamptz") for a in entry["arguments"] or []]
    arguments = [re.sub(r"'([^']*)'::[\w \"]+", r"'\1'", re.sub(r"NULL::[\w \"]+", "NULL", a)) for a in arguments]
    result = entry["result"] and entry["result"].replace("timestamp with time zone", "timestamptz")
    line = f"glucose.{entry['name']}({', '.join(arguments)})"
    if len(line) > WIDE or entry["label"] == "type":
        line = f"glucose.{entry['name']}(\n  " + ",\n  ".join(arguments) + ")"
    return f"```\n{line}" + (f"\n  RETURNS {result}" if result else "") + "\n```"


def cell(text):
    return text.replace("|", "\\|")


def first_sentence(comment):
    return re.match(r".*?[.](?=\s|$)|.*", comment, flags=re.S)[0]


def entry_text(entries, prose):
    """One name: its signatures, comments, labels, and the prose."""
    parts = [f"### {entries[0]['name']}"]
    for entry in entries:
        parts += [signature(entry), f"{entry['comment']} *{entry['label'].capitalize()}.*"]
    return "\n\n".join(parts + ([prose] if prose else []))


def table(header, rows):
    return "\n".join([f"| {' | '.join(header)} |", "|" + "---|" * len(header), *(f"| {' | '.join(r)} |" for r in rows)])


def heading(relation):
    return ("Table " if relation["key"] else "View ") + relation["name"]


def relation_text(relation):
    rows = [(f"`{c['name']}`", c["type"].replace("timestamp with time zone", "timestamptz") + ", not null" * c["required"],
             cell(c["comment"])) for c in relation["columns"]]
    key = f" Primary key ({relation['key']})." if relation["key"] else ""
    return f"### {heading(relation)}\n\n{relation['comment']}{key}\n\n" + table(("column", "type", ""), rows)


def settings_text(settings):
    rows = [(f"`{s['name']}`", s["default"], s["who"], cell(s["comment"])) for s in settings]
    return "## Settings\n\n" + table(("setting", "default", "who may set it", ""), rows)


def appendix(entries):
    rows = sorted((f"`{e['name']}({', '.join(e['arguments'] or [])})`", cell(e["comment"].removeprefix(INTERNAL)))
                  for e in entries)
    return ("## Appendix: internal functions\n\nParts of the functions above. They may change in any version; do not call "
            "them.\n\n" + table(("function", "what it does"), rows))


def main():
    catalog = json.load(sys.stdin)
    by_name, wrong, index, body, internal = {}, [], [], [], []
    for entry in catalog["routines"]:
        by_name.setdefault(entry["name"], []).append(entry)
    for title, path, names in chapters():
        prose, shown = sections(path), []
        for name in names:
            entries = by_name.get(name) or wrong.append(f"glucose.{name} is not in the database") or []
            if entries and entries[0]["comment"].startswith(INTERNAL):
                internal += entries
            elif entries:
                shown.append(entry_text(entries, prose.pop(name, None) or wrong.append(f"{path}: no section {name}") or ""))
                index.append((name, first_sentence(entries[0]["comment"]), title))
        wrong += [f"{path}: a section of nothing to show, {name}" for name in prose if name]
        body += [f"## {title}", prose[""], *shown] if shown else []
    for path in sorted(glob.glob("sql/tables/*.sql", root_dir=pages.ROOT)):
        internal += [entry for name in created(path) for entry in by_name[name]]
    if wrong:
        raise SystemExit("\n".join(wrong))
    body += ["## Tables\n\nMade by `setup()`, ordinary tables of whoever called it; row-level security is enabled and forced.",
             *map(relation_text, catalog["relations"]), settings_text(catalog["settings"]), appendix(internal)]
    body = "\n\n".join(part for part in body if part)
    where = dict(pages.headings(body.splitlines()))
    functions = table(("function", "what it does", "chapter"), [
        (f"[`{name}`](#{where[name]})", cell(what), f"[{title}](#{where[title]})") for name, what, title in sorted(index)])
    functions += ("\n\nTables: " + ", ".join(f"[`{r['name']}`](#{where[heading(r)]})" for r in catalog["relations"])
                  + ". [Settings](#settings). [Internal functions](#appendix-internal-functions).")
    print("<!-- SPDX-License-Identifier: PostgreSQL; made by ./dev docs from sql/, its comments and pages: do not edit -->\n")
    print(sections("sql/preface.md")[""].replace("{functions}", functions) + "\n")
    print(body)


if __name__ == "__main__":
    main()
