#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# ./dev bench experiments [PERSONS [REPETITIONS]]: how often an experiment calls equal models different, and how surely
# it finds a candidate that is 5 mg/dL worse; end to end, from simulated persons to experiment_results().
set -euo pipefail
root=$(readlink -f "${BASH_SOURCE[0]%/*}/../..")
# shellcheck source=scripts/cluster.sh
source "$root/scripts/cluster.sh"
[[ -f $root/build/dev/src/pg/pg_glucose.so ]] || "$root/dev" build
cluster_start
createdb_with_glucose glucose
in_db glucose -qAt -v persons="${1:-200}" -v repetitions="${2:-200}" -f "$root/bench/experiments/experiments.sql"
