# SPDX-License-Identifier: PostgreSQL
# shellcheck shell=bash
# Forecasts from the sensor alone, two hours to a day ahead, after gaps and at jumps; sourced by cgm.sh. The sets of the benchmark's folder and,
# where the folder above it has a person.csv, the persons of that one.
: "${here:?}" "${out:?}" "${data?}"

run_day() {
  local i parent=${data%/*}
  createdb_with_glucose day
  if [[ -f $parent/person.csv ]]; then sql day -v data="$parent" -f "$here/../load/load.sql" -f "$here/day/keep.sql" >&2; fi
  sql day -v folder="$data" -f "$here/day/prepare.sql" >&2
  [[ $(sql day -c 'TABLE bench.can') == t ]] ||
    { echo "this version has no forecasts of more than two hours" >&2; return; }
  mapfile -t names < <(sql day -c 'SELECT source FROM bench.person GROUP BY 1 ORDER BY sum(readings) DESC')
  copies day
  for i in "${!names[@]}"; do at_most_jobs tell_sql "day_$i" -v source="${names[i]}" -f "$here/day/run.sql"; done
  wait_for_all
  gather day bench.answer bench.troubled
}

report_day() { sql day -f "$here/day/report.sql"; }
