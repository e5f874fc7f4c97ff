#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# What it costs to record, by pgbench with one client: rounds in which all variants take turns, so that what else the
# machine does hits all of them; medians of the single latencies, ratios as medians of the rounds. Environment:
# PERSONS 1000 that role app sees, ROUNDS 7, SECONDS_EACH 2. Prints markdown tables and leaves them in
# build/bench/ingest.md.
set -euo pipefail
self=$(readlink -f "${BASH_SOURCE[0]}")
here=${self%/*}
root=${here%/bench/*}
# shellcheck source=scripts/cluster.sh
source "$root/scripts/cluster.sh"
persons=${PERSONS:-1000} rounds=${ROUNDS:-7} seconds=${SECONDS_EACH:-2}
out=$root/build/bench/ingest.md
mkdir -p "${out%/*}"
work=$(mktemp -d)

"$root/dev" build >&2
cluster_start
trap 'rm -rf "$work"; cluster_stop' EXIT
createdb_with_glucose bench
in_db bench -qAt -v persons="$persons" -f "$here/prepare.sql" >/dev/null

median() { sort -n | awk '{ v[NR] = $1 } END { print (NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2) }'; }

# :n counts the transactions of a run and :round the runs, so that no row is there already; :low and :high are the
# numbers of persons.
person='glucose.key(:i::bigint)'
at="timestamptz '2001-01-01' + (:round * 100000 + :n) * interval '1 s'"
times="ARRAY(SELECT timestamptz '2001-01-01' + ((:round * 10000 + :n) * 1000 + s) * interval '10 ms' FROM generate_series(1, 1000) s)"
values='ARRAY(SELECT (100 + s % 50)::real FROM generate_series(1, 1000) s)'
meals="(SELECT jsonb_agg(jsonb_build_object('eaten_at', to_jsonb(timestamptz '2001-01-01' + ((:round * 10000 + :n) * 1000 + s) * interval '10 ms'), 'meal_type', 'lunch', 'carbs_g', s % 90)) FROM generate_series(1, 1000) s)"
one_row() { echo "INSERT INTO $1 (person_id, measured_at, mg_dl) VALUES ($person, $at, 100);"; }
many_rows() { echo "INSERT INTO $1 (person_id, measured_at, mg_dl) SELECT $person, v.* FROM unnest($times, $values) v;"; }
many_meals() { echo "INSERT INTO $1 (person_id, eaten_at, meal_type, carbs_g) SELECT $person, m.eaten_at, m.meal_type, m.carbs_g FROM jsonb_to_recordset($meals) AS m (eaten_at timestamptz, meal_type text, carbs_g real);"; }
declare -A statement=(
  [one_bare]=$(one_row bench.bare) [one_alike]=$(one_row bench.alike)
  [one_policy]=$(one_row glucose.glucose_reading) [one_policy_1]=$(one_row glucose.glucose_reading)
  [many_bare]=$(many_rows bench.bare) [many_alike]=$(many_rows bench.alike)
  [many_policy]=$(many_rows glucose.glucose_reading) [many_policy_1]=$(many_rows glucose.glucose_reading)
  [import]="SELECT new FROM glucose.import_readings($person, $times, $values);"
  [import_1]="SELECT new FROM glucose.import_readings($person, $times, $values);"
  # The same rows for one person, again and again.
  [import_again]="SELECT same FROM glucose.import_readings(glucose.key(1), ${times//:n/0}, $values);"
  [meals_bare]=$(many_meals bench.bare_meal) [meals_alike]=$(many_meals bench.alike_meal)
  [meals_policy]=$(many_meals glucose.meal)
  [meals_import]="SELECT new FROM glucose.import_meals($person, $meals);"
)
order=(one_bare one_alike one_policy one_policy_1 many_bare many_alike many_policy many_policy_1 import import_1 import_again
  meals_bare meals_alike meals_policy meals_import)
declare -A offset  # so that variants of one table do not meet
for k in "${!order[@]}"; do offset[${order[k]}]=$k; done

# turn NAME ROUND: one run; appends the median latency in microseconds to $work/NAME.
turn() {
  local log=$work/log.$1 role=app low=1 high=$persons
  if [[ $1 == *_1 ]]; then role=one low=0 high=0; fi
  printf '%s\n' '\set i random(:low, :high)' '\set n :n + 1' "${statement[$1]}" >"$work/script"
  rm -f "$log".*
  (cd "$work" && "$bin/pgbench" -n -c 1 -T "$seconds" -M prepared -U "$role" -D n=0 -D low="$low" -D high="$high" \
    -D round="$(($2 * 20 + offset[$1]))" -f "$work/script" -l --log-prefix="$log" bench >"$work/pgbench.out" 2>&1) ||
    { cat "$work/pgbench.out" >&2; return 1; }
  cat "$log".* | awk 'NR > 10 { print $3 }' | median >>"$work/$1"
}
# ratio A B: median over the rounds of A's median by B's in the same round.
ratio() { paste "$work/$1" "$work/$2" | awk '{ print $1 / $2 }' | median | awk '{ printf "%.2f", $1 }'; }
micros() { median <"$work/$1" | awk '{ printf "%.0f", $1 }'; }

for ((round = 0; round < rounds; round++)); do
  for name in "${order[@]}"; do turn "$name" "$round"; done
done

row() { echo "| $1 | $(micros "$2") | $(ratio "$2" "$3") | $(ratio "$2" "$4") |"; }
{
  echo "$persons persons visible; $rounds rounds of $seconds s each"
  echo
  echo '| statement | median, µs | : bare table | : table alike |'
  echo '|---|---|---|---|'
  row 'one reading, bare table (its key alone)' one_bare one_bare one_alike
  row 'one reading, table alike (two indexes, checks, foreign key)' one_alike one_bare one_alike
  row 'one reading, under policies' one_policy one_bare one_alike
  row 'one reading, under policies, 1 person visible' one_policy_1 one_bare one_alike
  row '1,000 readings, bare table' many_bare many_bare many_alike
  row '1,000 readings, table alike' many_alike many_bare many_alike
  row '1,000 readings, under policies' many_policy many_bare many_alike
  row '1,000 readings, under policies, 1 person visible' many_policy_1 many_bare many_alike
  row 'import_readings, 1,000 new' import many_bare many_alike
  row 'import_readings, 1,000 new, 1 person visible' import_1 many_bare many_alike
  row 'import_readings, 1,000 the same again' import_again many_bare many_alike
  row '1,000 meals of JSON, bare table' meals_bare meals_bare meals_alike
  row '1,000 meals of JSON, table alike' meals_alike meals_bare meals_alike
  row '1,000 meals of JSON, under policies' meals_policy meals_bare meals_alike
  row 'import_meals, 1,000 new' meals_import meals_bare meals_alike
  echo
  echo '200 persons, 10 days, readings in the order of time; leaves of the key and of the window (fill factor, readings of a person in turn):'
  echo
  echo '| fill factor | batch | key, as arrived | window, as arrived | key, reindexed | window, reindexed |'
  echo '|---|---|---|---|---|---|'
  for batch in 1 12 288; do
    for fillfactor in 90 70; do
      in_db bench -qAt -v fillfactor="$fillfactor" -v persons=200 -v days=10 -v batch="$batch" -f "$here/density.sql"
    done
  done
} | tee "$out"
