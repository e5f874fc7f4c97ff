#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# How long trainings take in the server: the population's 'auto' of many persons, and how many persons a minute the
# background workers retrain. Environment: PERSONS 200 and DAYS 60 of the population (0 persons: without it),
# RETRAINED 60 persons, MEALS "120 240" that each of them has, WORKERS 2, MEMORY 4GB for a training.
# Prints markdown tables and leaves them in build/bench/training.md.
set -euo pipefail
self=$(readlink -f "${BASH_SOURCE[0]}")
here=${self%/*}
root=${here%/bench/*}
# shellcheck source=scripts/cluster.sh
source "$root/scripts/cluster.sh"
persons=${PERSONS:-200} days=${DAYS:-60} retrained=${RETRAINED:-60} workers=${WORKERS:-2}
read -ra meals <<<"${MEALS:-120 240}"
out=$root/build/bench/training.md
mkdir -p "${out%/*}"

"$root/dev" build release >&2
stage_preset=release
cluster_settings="glucose.max_train_memory = '${MEMORY:-4GB}'
glucose.max_training_workers = $workers"
cluster_start

# simulated DATABASE PERSONS DAYS: a database of so many persons, who share their data.
simulated() {
  createdb_with_glucose "$1"
  in_db "$1" -qAt -v persons="$2" -v days="$3" -f "$here/prepare.sql" >/dev/null
}

population() {
  simulated population "$persons" "$days"
  in_db population -qAt -F ' | ' -f "$here/population.sql"
}

# Everyone has a model that learnt from all but the newest meals, and is due; nothing else runs.
retraining() {
  local database=meals_$1
  simulated "$database" "$retrained" $(($1 / 4 + 2))
  in_db "$database" -qAt -v meals="$1" -f "$here/due.sql" >/dev/null
  in_db "$database" -qAt -F ' | ' -v meals="$1" -f "$here/retrained.sql"
}

{
  if ((persons > 0)); then
    echo '| population, auto: persons | meals | seconds | what serves | mean absolute error of persons left out, mg/dL |'
    echo '|---|---|---|---|---|'
    echo "| $(population) |"
    echo
  fi
  echo "| meals of each | persons retrained, auto, $workers workers | seconds | persons a minute |"
  echo '|---|---|---|---|'
  for n in "${meals[@]}"; do echo "| $(retraining "$n") |"; done
} | tee "$out"
