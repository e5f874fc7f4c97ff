#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# ./dev bench health [PERSONS [ROUNDS]]: what a look at everybody takes: health_check(), dashboard(), openmetrics() with PERSONS (10000)
# persons who have a model, a hundred readings each up to now and sums of three weeks of forecasts; medians of ROUNDS (9).
set -euo pipefail
root=$(readlink -f "${BASH_SOURCE[0]%/*}/../..")
# shellcheck source=scripts/cluster.sh
source "$root/scripts/cluster.sh"
"$root/dev" build >&2
cluster_start
createdb_with_glucose glucose
in_db glucose -qAt -v persons="${1:-10000}" -v rounds="${2:-9}" -f "$root/bench/health/health.sql"
