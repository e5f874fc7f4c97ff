#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# Every name in a statement of the library is one of pg_catalog or glucose: what is not would be looked up along the
# caller's search_path, and some statements run as the owner of the tables. Operators that the grammar hides (IN,
# BETWEEN, IS DISTINCT FROM, NULLIF, CASE x WHEN, JOIN USING) are looked up like others.
set -euo pipefail
python3 -B - "${LIBRARY:?}" <<'PYTHON'
import re
import sys

KEYWORDS = set("""all and any array as by cast coalesce conflict distinct else exists extract filter from greatest group
    in is join lateral least limit materialized not on operator or order over partition returning row select set then
    union using values when where with within""".split())
HIDDEN = (r"\bIN\s*\(", r"\bDISTINCT\s+FROM\b", r"\bBETWEEN\b", r"\bI?LIKE\b", r"\bSIMILAR\b", r"\bNULLIF\b", r"\bOVERLAPS\b",
          r"\bUSING\s*\(", r"\bNATURAL\b", r"\bCASE\s+(?!WHEN\b)")

# Texts of the library: runs of printable characters.
statements = [run.decode() for run in re.findall(rb"(?<![ -~\n])(?:SELECT|INSERT|UPDATE|DELETE|WITH|MERGE|LOCK|TABLE)\b[ -~\n]+",
                                                 open(sys.argv[1], "rb").read())]
bad = []
for statement in statements:
    text = re.sub(r"'(?:[^']|'')*'", "''", statement)
    text = re.sub(r"OPERATOR\(pg_catalog\.[^)]+\)", " ", text)
    found = [m.group() for pattern in HIDDEN for m in re.finditer(pattern, text, re.I)]
    found += [m.group() for m in re.finditer(r"::(?!pg_catalog\.|glucose\.)[\w.]*", text)]
    found += [m.group() for m in re.finditer(r"(?<![\w.$])(\w+)\s*\(", text)
              if m.group(1).lower() not in KEYWORDS and not re.search(r"\b(AS|INTO)\s+$", text[:m.start()], re.I)]
    assigned = re.sub(r"(\bSET|,)\s+\w+ = ", r"\1 ", text)  # of SET, no operator
    found += re.findall(r"[=<>!~|&#@?%^/+]+|(?<=\s)-(?=\s)|->|(?<=[\w)] )\*(?= [\w($])(?! FROM)", assigned.replace("SELECT * ", ""))
    if found:
        bad.append(f"{sorted(set(found))} in: {statement}")
print(*bad, sep="\n", end="\n" if bad else "")
sys.exit(1 if bad or len(statements) < 150 else 0)
PYTHON
