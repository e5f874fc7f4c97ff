# SPDX-License-Identifier: PostgreSQL
# shellcheck shell=bash
# Forecasts from the sensor alone for persons of a source that nobody learnt from; sourced by run.sh. The sets of the benchmark's
# folder and, where the folder above it has a person.csv, the persons of that one.
: "${here:?}" "${out:?}" "${data?}"

run_strangers() {
  local i parent=${data%/*}
  [[ -n $data ]] || usage
  if [[ -f $parent/person.csv ]]; then sql bench -v data="$parent" -f "$here/../load/load.sql" -f "$here/day/keep.sql" >&2; fi
  sql bench -v folder="$data" -f "$here/day/prepare.sql" -f "$here/strangers/prepare.sql" >&2
  mapfile -t names < <(sql bench -c 'SELECT source FROM bench.person GROUP BY 1 ORDER BY sum(readings) DESC')
  copies bench
  for i in "${!names[@]}"; do at_most_jobs tell_sql "bench_$i" -v source="${names[i]}" -f "$here/strangers/run.sql"; done
  wait_for_all
  gather bench bench.heard
}

report_strangers() { sql bench -f "$here/strangers/report.sql"; }

plot_strangers() {
  sql bench -f "$here/strangers/plots.sql" >"$out/accuracy-strangers.json"
  python3 "$here/plots.py" "$out/accuracy-strangers.json" "$out"
}
