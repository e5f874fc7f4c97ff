# SPDX-License-Identifier: PostgreSQL
# shellcheck shell=bash
# Forecasts after meals; sourced by run.sh.
: "${here:?}" "${out:?}" "${data?}"

run_meals() {
  local i
  if [[ -n $data ]]; then what=(-v data="$data"); else what=(-v persons="${PERSONS:-8}" -v days="${DAYS:-45}"); fi
  sql bench "${what[@]}" -f "$here/prepare.sql" -f "$here/replay.sql" >&2
  mapfile -t names < <(sql bench -c 'SELECT source FROM bench.person GROUP BY 1 ORDER BY sum(scored) DESC NULLS LAST, 1')
  copies bench
  for i in "${!names[@]}"; do at_most_jobs tell_sql "bench_$i" -v source="${names[i]}" -f "$here/source.sql"; done
  wait_for_all
  gather bench bench.training bench.score
}

report_meals() {
  sql bench -f "$here/report/results.sql" >&2
  sql bench -v data="${data:+measured}" -f "$here/report/intro.sql"
  for part in errors intervals clarke probabilities history; do
    echo
    sql bench -f "$here/report/$part.sql"
  done
}

plot_meals() {
  sql bench -f "$here/report/plots.sql" >"$out/accuracy-meals.json"
  python3 "$here/plots.py" "$out/accuracy-meals.json" "$out"
}
