#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# ./dev bench prior DIR: makes src/core/tasks/meal/models/open_prior.cpp anew from a folder of open data (person.csv, meal.csv,
# glucose.csv or glucose.csv.gz): a linear population model of all its persons, trained through SQL.
set -euo pipefail
root=$(readlink -f "${BASH_SOURCE[0]%/*}/../..")
# shellcheck source=scripts/cluster.sh
source "$root/scripts/cluster.sh"
data=$(readlink -e "${1:?bench prior DIR}") || { echo "no such folder" >&2; exit 2; }
"$root/dev" build >&2
cmake -G Ninja -S "$root" -B "$root/build/bench-core" -DCMAKE_BUILD_TYPE=Release -DPGG_BENCH=ON -DPGG_SERVER=OFF -DPGG_TESTS=OFF >&2
cmake --build "$root/build/bench-core" --target print_prior >&2
cluster_start
createdb_with_glucose prior
in_db prior -qAt -v data="$data" -f "$root/bench/prior/train.sql" |
  perl -ne 'chomp; print pack "H*", $_' | "$root/build/bench-core/bench/prior/print_prior" >"$root/build/bench-core/open_prior.cpp"
mv "$root/build/bench-core/open_prior.cpp" "$root/src/core/tasks/meal/models/open_prior.cpp"
