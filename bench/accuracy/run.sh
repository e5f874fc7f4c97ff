#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# How right the forecasts are, through SQL alone.
#   run.sh [DIR]      after meals: a folder with person.csv, meal.csv and glucose.csv(.gz), else simulated persons
#   run.sh --cgm DIR  sensor alone, by the published benchmark's protocol: a folder with splits.csv, colas.csv.gz, hall.csv.gz;
#                     then up to a day ahead, with the persons of the folder above it, too
#   run.sh --daily DIR  metrics of days one day ahead: a folder with person.csv, day.csv.gz
#   run.sh --unlike DIR  after meals, each source asked about by what was learnt from the other sources: folder as of the first
#   run.sh --unlike --cgm DIR  sensor alone, each source asked about by what was learnt from others: folder as of --cgm
#   --publish         also into docs/accuracy-*.svg and as a new section of its page in bench/results
# Prints Markdown and leaves it, the plotted figures (JSON) and the plots in build/bench. Progress is on stderr.
# Environment: PERSONS per profile (8) and DAYS (45) of the simulated, JOBS (number of cores), SEEDS (of --cgm; all).
set -euo pipefail
self=$(readlink -f "${BASH_SOURCE[0]}")
here=${self%/*}
root=${here%/bench/*}
# shellcheck source=scripts/cluster.sh
source "$root/scripts/cluster.sh"
usage() { sed -n 's/^#   //p' "$self" >&2; exit 2; }

kind=meals data="" publish=""
while (($#)); do
  case $1 in
    --unlike) kind=unlike; shift
      if [[ ${1:-} == --cgm ]]; then kind=strangers; shift; fi
      [[ ${1:-} && ${1:-} != --* ]] || usage; data=$1 ;;
    --cgm | --daily) kind=${1#--}; shift; [[ ${1:-} && ${1:-} != --* ]] || usage; data=$1 ;;
    --publish) publish=1 ;;
    -*) usage ;;
    *) [[ -z $data ]] || usage; data=$1 ;;
  esac
  shift
done
[[ -z $data ]] || data=$(readlink -e "$data") || { echo "no such folder" >&2; exit 2; }
[[ -n $data || -z $publish ]] || { echo "--publish is for real data: name a folder" >&2; exit 2; }
jobs=${JOBS:-$(nproc)} out=$root/build/bench started=$SECONDS
mkdir -p "$out"
rm -rf "$out/accuracy-$kind"[.-]*

sql() { in_db "$1" -qAt -v VERBOSITY=terse "${@:2}"; }
# tell_sql: the same, its RAISE INFO as plain lines on stderr.
tell_sql() { sql "$@" 2> >(sed -E 's/^psql:[^ ]* INFO: +//' >&2); }
# at_most_jobs COMMAND…: in the background, when fewer than `jobs` are running.
running=0
at_most_jobs() {
  if ((running >= jobs)); then wait -n; running=$((running - 1)); fi
  "$@" &
  running=$((running + 1))
}
wait_for_all() { for (( ; running > 0; running--)); do wait -n; done; }

# copies DATABASE: each source (or set) is worked on in a copy, so that they do not share population models.
copies() {
  local i
  for i in "${!names[@]}"; do in_db postgres -qc "CREATE DATABASE ${1}_$i TEMPLATE $1"; done
}
# gather DATABASE TABLE…: the rows of the copies' tables into those of the database they were copied from.
gather() {
  local i table
  for i in "${!names[@]}"; do
    for table in "${@:2}"; do
      sql "${1}_$i" -c "COPY $table TO STDOUT" | sql "$1" -c "COPY $table FROM STDIN"
    done
  done
}

# shellcheck source=bench/accuracy/meals.sh
source "$here/meals.sh"
# shellcheck source=bench/accuracy/cgm.sh
source "$here/cgm.sh"
# shellcheck source=bench/accuracy/daily.sh
source "$here/daily.sh"
# shellcheck source=bench/accuracy/unlike.sh
source "$here/unlike.sh"
# shellcheck source=bench/accuracy/strangers.sh
source "$here/strangers.sh"

"$root/dev" build >&2
cluster_start
createdb_with_glucose bench
"run_$kind"
{
  "report_$kind"
  echo
  echo "The whole run took $((SECONDS - started)) s with $jobs jobs."
} | tee "$out/accuracy-$kind.md"
"plot_$kind"
if [[ -n $publish ]]; then
  python3 "$here/publish.py" "$root/bench/results" "$out/accuracy-$kind.md" "$(git -C "$root" describe --always --dirty)"
  cp "$out"/accuracy-"$kind"-*.svg "$root/docs/"
fi
