#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# How right the forecasts are, through SQL alone: run.sh DIR, a folder with person.csv, meal.csv and glucose.csv(.gz).
# Prints markdown tables and leaves them in build/bench/accuracy.md.
set -euo pipefail
self=$(readlink -f "${BASH_SOURCE[0]}")
here=${self%/*}
root=${here%/bench/*}
# shellcheck source=scripts/cluster.sh
source "$root/scripts/cluster.sh"
data=$(readlink -e "${1:?a folder with person.csv, meal.csv and glucose.csv or glucose.csv.gz}")
out=$root/build/bench/accuracy.md
mkdir -p "${out%/*}"

"$root/dev" build >&2
cluster_start
createdb_with_glucose bench
quiet=(-qAt -v VERBOSITY=terse)
PGOPTIONS='-c client_min_messages=warning' in_db bench "${quiet[@]}" -v data="$data" -f "$here/prepare.sql" >&2
# Two connections, the persons shared out by their number of meals.
in_db bench "${quiet[@]}" -v part=0 -f "$here/train.sql" &
first=$!
in_db bench "${quiet[@]}" -v part=1 -f "$here/train.sql"
wait "$first"
in_db bench "${quiet[@]}" -f "$here/score.sql"
in_db bench "${quiet[@]}" -f "$here/report.sql" | tee "$out"
