#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# What the log costs: predict_glucose by pgbench with one client, not logged (a read-only transaction), logged, signed, and
# with the inputs, looked for in the log, and repeated (one meal, a pointer each), in turns; then sealing, verifying and purging what was logged. Environment: PERSONS 20, DAYS 60, ROUNDS 7,
# SECONDS_EACH 4. The private server does not wait for the disk (fsync off). Prints a markdown table.
set -euo pipefail
self=$(readlink -f "${BASH_SOURCE[0]}")
root=${self%/bench/*}
# shellcheck source=scripts/cluster.sh
source "$root/scripts/cluster.sh"
# shellcheck source=bench/audit/asked.sh
source "$root/bench/audit/asked.sh"
rounds=${ROUNDS:-7} seconds=${SECONDS_EACH:-4}

start_asked

median() { sort -n | awk '{ v[NR] = $1 } END { print (NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2) }'; }

# turn NAME KEY INPUTS READ_ONLY TTL MEALS: one run; appends the median latency in microseconds to $work/NAME.
turn() {
  rm -f "$work"/log.*
  in_db bench -qc "LOAD 'pg_glucose'" -c "ALTER ROLE app SET glucose.audit_key_file = '$2'" \
    -c "ALTER ROLE app SET glucose.audit_inputs = '$3'" -c "ALTER ROLE app SET default_transaction_read_only = $4" \
    -c "ALTER ROLE app SET glucose.cache_ttl = $5"
  (cd "$work" && "$bin/pgbench" -n -c 1 -T "$seconds" -M prepared -U app -D meals="$6" -f "$root/bench/sql/predict.sql" \
    -l --log-prefix="$work/log" bench >"$work/pgbench.out" 2>&1) || { cat "$work/pgbench.out" >&2; return 1; }
  # The first hundred fill caches and choose plans.
  cat "$work"/log.* | awk 'NR > 100 { print $3 }' | median >>"$work/$1"
}

for ((round = 0; round < rounds; round++)); do
  turn unlogged "" digest on 0 "$meals"
  turn logged "" digest off 0 "$meals"
  turn looked_for "" digest off 3600 "$meals"
  turn one_meal "" digest off 0 1
  turn repeated "" digest off 3600 1
  turn signed audit_key digest off 0 "$meals"
  turn full audit_key full off 0 "$meals"
done

micros() { median <"$work/$1" | awk '{ printf "%.0f", $1 }'; }
# ratio NAME [TO]
ratio() { paste "$work/$1" "$work/${2:-unlogged}" | awk '{ print $1 / $2 }' | median | awk '{ printf "%.2f", $1 }'; }
added() { paste "$work/$1" "$work/unlogged" | awk '{ print $1 - $2 }' | median | awk '{ printf "%.0f", $1 }'; }

# timed SQL: milliseconds of it, of the owner of the tables, with the key.
timed() {
  printf '%s\n' "LOAD 'pg_glucose';" "SET glucose.audit_key_file = 'audit_key';" "SET glucose.values_retention = 0;" \
    "SET glucose.rollback_window = 0;" '\timing on' "$1" | in_db bench -qAtX 2>/dev/null | sed -nE 's/^Time: ([0-9.]+) ms.*/\1/p'
}
{
  echo "$persons simulated persons, $days days, $meals meals; $rounds rounds of $seconds s each, medians; difference and ratio: medians of the rounds'"
  echo
  echo '| predict_glucose | µs | more, µs | ratio |'
  echo '|---|---|---|---|'
  echo "| not logged (read-only) | $(micros unlogged) | | |"
  echo "| logged | $(micros logged) | $(added logged) | $(ratio logged) |"
  echo "| logged and signed | $(micros signed) | $(added signed) | $(ratio signed) |"
  echo "| logged and signed, with the inputs | $(micros full) | $(added full) | $(ratio full) |"
  echo
  echo '| the log looked into for repetitions | µs | ratio to a log not looked into |'
  echo '|---|---|---|'
  echo "| any meal | $(micros looked_for) | $(ratio looked_for logged) |"
  echo "| one meal, again and again | $(micros repeated) | $(ratio repeated one_meal) |"
  echo
  n=$(in_db bench -qAtc 'SELECT count(*) FROM glucose.prediction WHERE mac IS NOT NULL')
  echo "| of $n signed rows | µs a row |"
  echo '|---|---|'
  for deed in "seal_log|SELECT glucose.seal_log();" "purge of the values|CALL glucose.purge();" \
    "verify_log|SELECT count(v) FROM glucose.person p, LATERAL glucose.verify_log(p.person_id) v;"; do
    timed "${deed#*|}" | awk -v n="$n" -v name="${deed%%|*}" '{ printf "| %s | %.1f |\n", name, 1000 * $1 / n }'
  done
}
