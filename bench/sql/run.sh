#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# How long a forecast takes, by pgbench with one client: rounds in which all variants take turns, so that what else the
# machine does hits all of them; medians of the single latencies. Environment:
# PERSONS 20, DAYS 120, ROUNDS 7, SECONDS_EACH 5, and MORE_PERSONS 0 that role app also sees, without rows of their own.
# Prints markdown tables and leaves them in build/bench/sql.md.
set -euo pipefail
self=$(readlink -f "${BASH_SOURCE[0]}")
here=${self%/*}
root=${here%/bench/*}
# shellcheck source=scripts/cluster.sh
source "$root/scripts/cluster.sh"
persons=${PERSONS:-20} days=${DAYS:-120} rounds=${ROUNDS:-7} seconds=${SECONDS_EACH:-5} more=${MORE_PERSONS:-0}
out=$root/build/bench/sql.md
mkdir -p "${out%/*}"
work=$(mktemp -d)

"$root/dev" build >&2
cluster_start
trap 'rm -rf "$work"; cluster_stop' EXIT
createdb_with_glucose bench
in_db bench -qAt -v persons="$persons" -v days="$days" -v more="$more" -f "$here/prepare.sql" >/dev/null
meals=$(in_db bench -qAtc 'SELECT count(*) FROM bench.late_meal')

median() { sort -n | awk '{ v[NR] = $1 } END { print (NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2) }'; }

# name: role, protocol, script
declare -A variant=(
  [forecast_rls]="app prepared forecast" [plain_rls]="app prepared plain"
  [forecast_bypass]="batch prepared forecast" [plain_bypass]="batch prepared plain"
  [predict_rls]="app prepared predict" [predict_simple]="app simple predict" [forecast_simple]="app simple forecast"
)
order=(forecast_rls plain_rls forecast_bypass plain_bypass predict_rls predict_simple forecast_simple)

# turn NAME: one run; appends the median latency in microseconds to $work/NAME.
turn() {
  local role protocol script log
  read -r role protocol script <<<"${variant[$1]}"
  log=$work/log.$1
  rm -f "$log".*
  (cd "$work" && "$bin/pgbench" -n -c 1 -T "$seconds" -M "$protocol" -U "$role" -D meals="$meals" -f "$here/$script.sql" \
    -l --log-prefix="$log" bench >"$work/pgbench.out" 2>&1) || { cat "$work/pgbench.out" >&2; return 1; }
  # The first hundred fill caches and choose plans.
  cat "$log".* | awk 'NR > 100 { print $3 }' | median >>"$work/$1"
}

# ratio A B: median over the rounds of A's median by B's in the same round.
ratio() { paste "$work/$1" "$work/$2" | awk '{ print $1 / $2 }' | median | awk '{ printf "%.2f", $1 }'; }
micros() { median <"$work/$1" | awk '{ printf "%.0f", $1 }'; }

for ((round = 0; round < rounds; round++)); do
  for name in "${order[@]}"; do turn "$name"; done
done

# The first call of a new session, timed by psql on an open connection; then the same call again.
for ((i = 1; i <= 15; i++)); do
  for script in forecast predict plain; do
    { printf '%s\n' '\timing on'; sed -e '/^\\set/d' -e "s/:i::bigint/$((i * meals / 16))/" "$here/$script.sql"; \
      sed -e '/^\\set/d' -e "s/:i::bigint/$((i * meals / 16))/" "$here/$script.sql"; } |
      "$bin/psql" -XqAt -U app -d bench | sed -nE 's/^Time: ([0-9.]+) ms.*/\1/p' >"$work/times"
    sed -n 1p "$work/times" >>"$work/cold_$script"
    sed -n 2p "$work/times" >>"$work/again_$script"
  done
done

{
  echo "$persons simulated persons (and $more seen without rows), $days days, $meals meals with a full 30-day window; $rounds rounds of $seconds s each"
  echo
  echo '| call | role | protocol | median, µs |'
  echo '|---|---|---|---|'
  for name in "${order[@]}"; do
    read -r role protocol script <<<"${variant[$name]}"
    echo "| $script | $role | $protocol | $(micros "$name") |"
  done
  echo
  echo '| ratio, median of the rounds | |'
  echo '|---|---|'
  echo "| glucose_forecast : plain SQL, under row-level security | $(ratio forecast_rls plain_rls) |"
  echo "| glucose_forecast : plain SQL, BYPASSRLS | $(ratio forecast_bypass plain_bypass) |"
  echo "| glucose_forecast under row-level security : BYPASSRLS | $(ratio forecast_rls forecast_bypass) |"
  echo "| plain SQL under row-level security : BYPASSRLS | $(ratio plain_rls plain_bypass) |"
  echo "| predict_glucose with its log row : glucose_forecast | $(ratio predict_rls forecast_rls) |"
  echo
  echo '| new session, role app, simple protocol | first call, ms | second call, ms |'
  echo '|---|---|---|'
  for script in forecast predict plain; do
    echo "| $script | $(median <"$work/cold_$script") | $(median <"$work/again_$script") |"
  done
} | tee "$out"
