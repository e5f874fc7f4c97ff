#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# ./dev bench prior DIR: makes src/core/tasks/meal/models/open_prior.cpp anew from a folder of open data (person.csv, meal.csv,
# glucose.csv or glucose.csv.gz): a linear population model of all its persons, trained through SQL.
set -euo pipefail
root=$(readlink -f "${BASH_SOURCE[0]%/*}/../..")
# shellcheck source=scripts/cluster.sh
source "$root/scripts/cluster.sh"
# shellcheck source=scripts/bench_core.sh
source "$root/scripts/bench_core.sh"
data=$(readlink -e "${1:?bench prior DIR}") || { echo "no such folder" >&2; exit 2; }
"$root/dev" build >&2
build_bench_core print_prior
cluster_start
createdb_with_glucose prior
in_db prior -qAt -v data="$data" -f "$root/bench/prior/train.sql" |
  print_prior >"$bench_core/open_prior.cpp"
mv "$bench_core/open_prior.cpp" "$root/src/core/tasks/meal/models/open_prior.cpp"
