#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# ./dev bench outlook DIR: glucose_outlook() of all persons of a data folder (person.csv, meal.csv, glucose.csv or
# glucose.csv.gz; of its folder cgm, where there is one, those of two sets more) at moments of the last fifth of their time,
# against what came and against the persons' own recent days; as Markdown.
set -euo pipefail
root=$(readlink -f "${BASH_SOURCE[0]%/*}/../..")
# shellcheck source=scripts/cluster.sh
source "$root/scripts/cluster.sh"
data=$(readlink -e "${1:?bench outlook DIR}") || { echo "no such folder" >&2; exit 2; }
[[ -f $root/build/dev/src/pg/pg_glucose.so ]] || "$root/dev" build >&2
cluster_start
createdb_with_glucose glucose
cgm=()
if [[ -f $data/cgm/hall.csv.gz ]]; then cgm=(-v "cgm=$data/cgm"); fi
in_db glucose -qAt -v data="$data" "${cgm[@]}" -f "$root/bench/outlook/prepare.sql" -f "$root/bench/outlook/run.sql" \
  -f "$root/bench/outlook/report.sql"
