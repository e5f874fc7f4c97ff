#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# ./dev bench statistics [DIR [PERSONS]]: statistics of all persons of a data folder (person.csv, meal.csv, glucose.csv or
# glucose.csv.gz) against tests/reference/make_statistics_reference.py, which must agree within 1e-6; skipped when there is
# no such folder. Then what they cost: 90 days of one person, and 14 days of so many (1000) in one statement.
set -euo pipefail
root=$(readlink -f "${BASH_SOURCE[0]%/*}/../..")
# shellcheck source=scripts/cluster.sh
source "$root/scripts/cluster.sh"
[[ -f $root/build/dev/src/pg/pg_glucose.so ]] || "$root/dev" build
data=${1:-}
cluster_start
createdb_with_glucose glucose
if [[ -n $data && -f $data/person.csv && -f $data/meal.csv && (-f $data/glucose.csv.gz || -f $data/glucose.csv) ]]; then
  in_db glucose -qAt -v data="$(readlink -f "$data")" -f "$root/bench/statistics/compare.sql" |
    python3 -B "$root/tests/reference/make_statistics_reference.py" --compare
else
  echo "skipped: no person.csv, meal.csv and glucose.csv (or .csv.gz) in ${data:-a folder, none is named}"
fi
in_db glucose -qAt -v persons="${2:-1000}" -f "$root/bench/statistics/time.sql"
