# SPDX-License-Identifier: PostgreSQL
# shellcheck shell=bash
# Forecasts from the sensor alone, by the protocol of GlucoBench (ICLR 2024); sourced by run.sh.
: "${here:?}" "${out:?}" "${data?}"
seeds="{${SEEDS:-1,2,10,11,12,13,14,15,16,17,18,19}}"
# shellcheck source=bench/accuracy/day.sh
source "$here/day.sh"
own="{1,2}"  # the seeds for which persons are trained, too, and all levels are asked

run_cgm() {
  local i split=$out/cgm
  mkdir -p "$split"
  python3 "$here/cgm/split.py" "$data" "$split"
  sql bench -v folder="$split" -f "$here/cgm/prepare.sql" >&2
  [[ $(sql bench -c 'TABLE bench.can') == t ]] ||
    { echo "this version has no train_population_model or cgm_forecast: counts and persistence only" >&2; return; }
  mapfile -t names < <(sql bench -c 'SELECT DISTINCT set FROM bench.seed ORDER BY 1')
  copies bench
  for i in "${!names[@]}"; do
    at_most_jobs tell_sql "bench_$i" -v set="${names[i]}" -v seeds="$seeds" -v own="$own" -f "$here/cgm/run.sql"
  done
  wait_for_all
  gather bench bench.training bench.score
  run_day
}

report_cgm() {
  sql bench -v seeds="$seeds" -v own="$own" -f "$here/cgm/report.sql"
  report_day
}

plot_cgm() {
  sql bench -f "$here/cgm/plots.sql" >"$out/accuracy-cgm.json"
  python3 "$here/plots.py" "$out/accuracy-cgm.json" "$out"
}
