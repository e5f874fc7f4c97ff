#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# ./dev bench tamper [N]: N (1,000) random changes, deletions, reorderings and additions among sealed rows of the log and
# seals, as regress/sql/audit.sql does 250; fails unless verify_log() finds all of them.
set -euo pipefail
self=$(readlink -f "${BASH_SOURCE[0]}")
root=${self%/bench/*}
# shellcheck source=scripts/cluster.sh
source "$root/scripts/cluster.sh"
n=${1:-1000} log=$root/build/log/tamper.log

"$root/dev" build >&2
cluster_start
trap cluster_stop EXIT
PG_ABS_SRCDIR="$root/regress" in_db postgres -q -v tampers="$n" -f "$root/regress/sql/audit.sql" >"$log" 2>&1 ||
  { tail -n 20 "$log" >&2; exit 1; }
in_db test_audit -P footer=off -c "SELECT coalesce(kind, 'all') AS kind, count(*) AS done,
  count(*) FILTER (WHERE was_found) AS found FROM test.outcome GROUP BY ROLLUP (kind) ORDER BY outcome.kind"
if grep 'NOTICE:  not found:' "$log"; then
  echo "not all were found; all of it is in build/log/tamper.log" >&2
  exit 1
fi
