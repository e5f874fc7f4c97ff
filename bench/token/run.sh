#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# ./dev bench token [N]: N (100,000) tokens spoilt at random, and the forged ones and the ways to say who one is of
# regress/sql/token.sql, against login(); fails unless none is let in and the rest is as expected there.
set -euo pipefail
self=$(readlink -f "${BASH_SOURCE[0]}")
root=${self%/bench/*}
# shellcheck source=scripts/cluster.sh
source "$root/scripts/cluster.sh"
n=${1:-100000} log=$root/build/log/token.log

"$root/dev" build >&2
cluster_start
trap cluster_stop EXIT
# As pg_regress does: what is expected holds no N, but for the row of this count.
PG_ABS_SRCDIR="$root/regress" PGTZ=UTC "$bin/psql" -X -a -q -v HIDE_TABLEAM=on -v more_tokens="$n" -d postgres \
  -f "$root/regress/sql/token.sql" >"$log" 2>&1 || { tail -n 20 "$log" >&2; exit 1; }
grep -A 2 '^ tried' "$log"
grep -qE "^ *$n \| +0 \| +0$" "$log" || { echo "not all were refused by 28000; all of it is in build/log/token.log" >&2; exit 1; }
