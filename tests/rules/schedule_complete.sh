#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# No test is forgotten: every file is in its schedule, every schedule entry has its file, every expected its test.
set -euo pipefail
cd "${SOURCE_DIR:?}/regress"
names() { find "$1" -name "*.$2" -printf '%f\n' | sed "s/\.$2\$//" | sort; }
scheduled() { sed -n 's/^test://p' "$1" | tr -s ' ' '\n' | sed '/^$/d' | sort; }
diff <(names sql sql) <(scheduled schedule) || { echo "regress/sql and regress/schedule differ"; exit 1; }
diff <(names specs spec) <(scheduled isolation_schedule) || { echo "regress/specs and regress/isolation_schedule differ"; exit 1; }
# One expected file each: numbers are compared by tolerance in SQL, not by a second answer (name_1.out).
diff <({ names sql sql; names specs spec; } | sort) <(names expected out) || { echo "regress/expected differs"; exit 1; }
# prove runs every t/*.pl; nothing else there is run.
[[ -z $(find t -type f ! -name '[0-9][0-9][0-9]_*.pl' ! -name '*.pm') ]] || { echo "regress/t: NNN_name.pl only"; exit 1; }
