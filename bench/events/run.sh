#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# ./dev bench events [DIR [FIRST_SEED PERSONS DAYS]]: how much of what simulated persons' labels name glucose_events() finds
# (seeds 101 to 110 of each kind of person, 30 days, unless said); then, of a data folder (person.csv, meal.csv, glucose.csv or
# glucose.csv.gz), how often which event comes per person and day, and how long a year of a reading a minute takes.
set -euo pipefail
root=$(readlink -f "${BASH_SOURCE[0]%/*}/../..")
# shellcheck source=scripts/cluster.sh
source "$root/scripts/cluster.sh"
# shellcheck source=scripts/bench_core.sh
source "$root/scripts/bench_core.sh"
data=${1:-}
(($#)) && shift
build_bench_core score_events
"$bench_core/bench/events/score_events" "$@"
[[ -f $root/build/dev/src/pg/pg_glucose.so ]] || "$root/dev" build
cluster_start
createdb_with_glucose glucose
if [[ -n $data && -f $data/person.csv && -f $data/meal.csv && (-f $data/glucose.csv.gz || -f $data/glucose.csv) ]]; then
  in_db glucose -qAt -v data="$(readlink -f "$data")" -f "$root/bench/events/count.sql"
else
  echo "skipped: no person.csv, meal.csv and glucose.csv (or .csv.gz) in ${data:-a folder, none is named}"
fi
in_db glucose -qAt -f "$root/bench/events/time.sql"
