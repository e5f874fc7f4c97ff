#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# ./dev bench scale [PARTS]: what trainings and forecasts take with ten years of a person, and of five thousand persons: PARTS of
# years,persons,limits,forecasts,interruptions,stored (all). Beside the seconds those of the processor, and the most memory that the
# server's process had of its own; a fresh session for each. Environment: YEARS "1,2,5,10", POPULATIONS "100,500,1000,2500,5000"
# persons with four weeks each, GLUCOSE ridge and CGM linear (algorithms), MEMORY 256MB allowed to a training, ENOUGH 1GB where
# that is refused and for interruptions, LIMITS "16MB,64MB,128MB" of the part that says what happens with less,
# TRIES 10 times that a call of "stored" is told to stop. Prints markdown tables.
set -euo pipefail
self=$(readlink -f "${BASH_SOURCE[0]}")
root=${self%/bench/*}
# shellcheck source=scripts/cluster.sh
source "$root/scripts/cluster.sh"
export POPULATIONS=${POPULATIONS:-100,500,1000,2500,5000} MEMORY=${MEMORY:-256MB} ENOUGH=${ENOUGH:-1GB} LIMITS=${LIMITS:-16MB,64MB,128MB}
export TRIES=${TRIES:-10}

"$root/dev" build >&2
cluster_settings=$'shared_buffers = 512MB\nmax_wal_size = 8GB\nautovacuum = off'
cluster_start
createdb_with_glucose scale
in_db scale -qAt -v years="${YEARS:-1,2,5,10}" -v members="${POPULATIONS##*,}" -f "$root/bench/scale/prepare.sql" >/dev/null
python=python3
[[ ! -x /usr/bin/python3 ]] || python=/usr/bin/python3
"$python" -B "$root/bench/scale/scale.py" "$cluster_log" "${1:-years,persons,limits,forecasts,interruptions,stored}"
