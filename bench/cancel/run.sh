#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# How long a call goes on after it has been told to stop: at random moments of every kind of call that computes for long.
# Counted is the time the server's process still works (which is what does not depend on who else uses the machine), and
# the time that passes. Environment: TRIES 20 of each call, PERSONS 8, DAYS 90, ONLY a pattern of calls. Prints a
# markdown table; fails when one call works on for more than 250 ms, or more than one in a hundred for 50 ms.
set -euo pipefail
self=$(readlink -f "${BASH_SOURCE[0]}")
root=${self%/bench/*}
# shellcheck source=scripts/cluster.sh
source "$root/scripts/cluster.sh"

"$root/dev" build >&2
cluster_start
createdb_with_glucose bench
in_db bench -qAt -v persons="${PERSONS:-8}" -v days="${DAYS:-90}" -f "$root/bench/cancel/prepare.sql" >/dev/null
python=python3
[[ ! -x /usr/bin/python3 ]] || python=/usr/bin/python3
"$python" -B "$root/bench/cancel/cancel.py" "${TRIES:-20}" "${ONLY:-.}"
