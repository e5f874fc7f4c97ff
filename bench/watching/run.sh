#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# ./dev bench watching [PERSONS [BAD]]: how often a look every night takes a good model from service in a month, and after
# how many outcomes it finds bad ones; and what the looks cost. From simulated persons to judge_live().
set -euo pipefail
root=$(readlink -f "${BASH_SOURCE[0]%/*}/../..")
# shellcheck source=scripts/cluster.sh
source "$root/scripts/cluster.sh"
[[ -f $root/build/dev/src/pg/pg_glucose.so ]] || "$root/dev" build
cluster_start
createdb_with_glucose glucose
in_db glucose -qAt -v persons="${1:-60}" -v bad="${2:-15}" -f "$root/bench/watching/watching.sql"
