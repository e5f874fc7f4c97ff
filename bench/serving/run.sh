#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# How long a forecast takes beside the bare SELECT of what a simple model needs, by pgbench with one client, in turns; each
# figure is the median over the rounds of a round's median, and a ratio the median of the rounds' ratios. Inserts beside a
# plain table with the same keys and checks. Environment: PERSONS 20, DAYS 60, ROUNDS 7, SECONDS_EACH 3, MORE_PERSONS 0
# that the role also sees. Prints markdown and leaves it in build/bench/serving.md.
set -euo pipefail
self=$(readlink -f "${BASH_SOURCE[0]}")
here=${self%/*}
root=${here%/bench/*}
# shellcheck source=scripts/cluster.sh
source "$root/scripts/cluster.sh"
persons=${PERSONS:-20} days=${DAYS:-60} rounds=${ROUNDS:-7} seconds=${SECONDS_EACH:-3} more=${MORE_PERSONS:-0}
out=$root/build/bench/serving.md
mkdir -p "${out%/*}"
work=$(mktemp -d)

"$root/dev" build >&2
cluster_start
trap 'rm -rf "$work"; cluster_stop' EXIT
createdb_with_glucose bench
in_db bench -qAt -v persons="$persons" -v days="$days" -v more="$more" -f "$here/prepare.sql" >/dev/null
meals=$(in_db bench -qAtc 'SELECT count(*) FROM bench.asked')
own=$(in_db bench -qAtc 'SELECT max(i) FROM bench.asked WHERE is_own')

median() { sort -n | awk '{ v[NR] = $1 } END { print (NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2) }'; }

# name: script, first and last meal
declare -A variant=(
  [bare]="bare 1 $meals" [auto]="forecast 1 $own" [population]="forecast $((own + 1)) $meals"
  [predict]="predict 1 $own" [predict_population]="predict $((own + 1)) $meals" [cgm]="cgm 1 $meals"
  [insert_plain]="insert_plain 1 $meals" [insert]="insert 1 $meals"
  [insert_1000_plain]="insert_1000_plain 1 $meals" [insert_1000]="insert_1000 1 $meals"
)
order=(bare auto population predict predict_population cgm insert_plain insert insert_1000_plain insert_1000)

# turn NAME: one run; appends the median latency in microseconds to $work/NAME.
turn() {
  local script first last user=app log=$work/log.$1
  read -r script first last <<<"${variant[$1]}"
  [[ $1 != insert* ]] || user=postgres
  rm -f "$log".*
  (cd "$work" && "$bin/pgbench" -n -c 1 -T "$seconds" -M prepared -U "$user" -D first="$first" -D last="$last" \
    -f "$here/$script.sql" -l --log-prefix="$log" bench >"$work/pgbench.out" 2>&1) || { cat "$work/pgbench.out" >&2; return 1; }
  # What comes first fills caches and chooses plans.
  cat "$log".* | awk '{ v[NR] = $3 } END { for (i = int(NR / 4) + 1; i <= NR; i++) print v[i] }' | median >>"$work/$1"
}

ratio() { paste "$work/$1" "$work/$2" | awk '{ print $1 / $2 }' | median | awk '{ printf "%.2f", $1 }'; }
micros() { median <"$work/$1" | awk '{ printf "%.0f", $1 }'; }

for ((round = 0; round < rounds; round++)); do
  for name in "${order[@]}"; do turn "$name"; done
done

{
  echo "$persons simulated persons (and $more seen without rows), $days days; $rounds rounds of $seconds s each; $(in_db bench -qAtc 'SHOW server_version')"
  echo
  echo '| call | median, µs | : bare SELECT |'
  echo '|---|---|---|'
  for name in bare auto population predict predict_population cgm; do
    echo "| $name | $(micros "$name") | $(ratio "$name" bare) |"
  done
  echo
  echo '| inserts of readings | median, µs | : plain table |'
  echo '|---|---|---|'
  echo "| one row | $(micros insert) | $(ratio insert insert_plain) |"
  echo "| 1,000 rows a statement | $(micros insert_1000) | $(ratio insert_1000 insert_1000_plain) |"
} | tee "$out"
