#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""Wraps lines of SQL that are longer than 120 columns, and touches no other: wrap_sql.py [--check] FILE…

A line is broken where it is least nested: before a clause, after a comma, before AND or OR, last of all before an
operator; a comment between words. A string stays whole. What cannot be broken so, and with --check every line that is too
long, is printed, and then the status is 1."""
import re
import sys

LIMIT = 120
CLAUSE = re.compile(r"(FROM|WHERE|ORDER BY|GROUP BY|HAVING|LIMIT|(LEFT |FULL |CROSS )?JOIN|UNION( ALL)?|VALUES|SELECT|RETURNING)\b")
# What goes on after these words is not broken: LEFT JOIN, IS DISTINCT FROM, BETWEEN … AND.
JOINED = re.compile(r"(LEFT|FULL|CROSS|DISTINCT|DELETE|BETWEEN [^,()]*)$")
LESSER = re.compile(r"(LATERAL|WHEN|ELSE|FILTER|CASE|THEN|ON|USING)\b")
OPERATOR = re.compile(r"(\|\||=|<>|->>?|\+|-|<|>|BETWEEN|IS|IN|AS) ")
# How much a place to break is worse than one before a clause; a level of nesting counts three.
COST = {"end": 0, "clause": 1, "comma": 2, "and": 2, "lesser": 3, "operator": 6}
NESTING = 3


def kind_of(line, i):
    """What kind of place to break comes after line[i], if any."""
    if line[i] in ",;" and line[i + 1:i + 2] == " ":
        return "comma" if line[i] == "," else "end"
    if line[i] != " ":
        return None
    rest = line[i + 1:]
    if JOINED.search(line[:i]) and not rest.startswith("BETWEEN"):
        return None
    if CLAUSE.match(rest):
        return "clause"
    if re.match(r"(AND|OR)\b", rest):
        return "and"
    return "lesser" if LESSER.match(rest) else "operator" if OPERATOR.match(rest) else None


def places(line):
    """(where the next line would begin, nesting, kind) of each place to break, and whether a string is open at the end."""
    found, depth, quoted, i = [], 0, False, 0
    while i < len(line):
        if quoted:
            quoted = line[i] != "'"
        elif line[i] == "'":
            quoted = True
        elif line.startswith("--", i):
            break
        elif tag := re.match(r"\$\w*\$", line[i:]):
            i += len(tag[0]) - 1
        elif line[i] in "([{":
            depth += 1
        elif line[i] in ")]}":
            depth -= 1
        elif kind := kind_of(line, i):
            found.append((i + 1 + (line[i] != " "), depth, kind))
        i += 1
    return found, quoted


def wrapped(line, indent):
    """The lines that a line becomes, those after the first indented; None when it cannot be broken."""
    if len(line) <= LIMIT:
        return [line]
    start = len(line) - len(line.lstrip()) + 8
    possible = [place for place in places(line)[0] if start < place[0] <= LIMIT + 1]
    if not possible:
        return None

    def cost(place):
        at, depth, kind = place
        return depth * NESTING + COST[kind] + max(0.0, LIMIT * 0.45 - at) / 10 - at / 60
    at = min(possible, key=cost)[0]
    rest = wrapped(" " * indent + line[at:].lstrip(), indent)
    return None if rest is None else [line[:at].rstrip(), *rest]


def indent_after(line, previous):
    """How far what goes on after a line is indented: more than it where it begins a statement, else as it is."""
    lead = len(line) - len(line.lstrip())
    begins = lead == 0 or re.search(r"(;|\b(BEGIN|LOOP|THEN|ELSE|DECLARE)|\$\w*\$)\s*(--.*)?$", previous)
    return lead + 2 if begins else lead


def wrapped_comment(line):
    indent, words, lines = re.match(r" *", line)[0], line.split()[1:], []
    for word in words:
        if lines and len(lines[-1]) + 1 + len(word) <= LIMIT:
            lines[-1] += " " + word
        else:
            lines.append(f"{indent}-- {word}")
    return lines


def fold(path, check):
    """Wraps a file; returns the lines that are still too long, as messages."""
    with open(path, encoding="utf-8") as file:
        lines, out, stubborn = file.read().split("\n"), [], []
    for number, line in enumerate(lines, 1):
        pieces = [line]
        if len(line) > LIMIT:
            if check or line.startswith("\\"):
                pieces = None
            elif line.lstrip().startswith("-- "):
                pieces = wrapped_comment(line)
            else:
                pieces = wrapped(line, indent_after(line, out[-1] if out else ""))
        if pieces is None:
            stubborn.append(f"{path}:{number}: {len(line)} columns: {line[:80]}…")
        out += pieces or [line]
    if out != lines:
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(out))
    return stubborn


def main(*arguments):
    stubborn = [line for path in arguments if path != "--check" for line in fold(path, "--check" in arguments)]
    print("\n".join(stubborn), end="\n" if stubborn else "")
    return bool(stubborn)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
