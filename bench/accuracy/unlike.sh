# SPDX-License-Identifier: PostgreSQL
# shellcheck shell=bash
# Forecasts after meals for persons of a source that nobody learnt from; sourced by run.sh.
: "${here:?}" "${out:?}" "${data?}" "${root:?}" "${stage_lib:-}"
# shellcheck source=scripts/bench_core.sh
source "$root/scripts/bench_core.sh"

run_unlike() {
  local i
  [[ -n $data ]] || usage
  build_bench_core print_prior
  sql bench -v data="$data" -f "$here/prepare.sql" -f "$here/replay.sql" -f "$here/unlike/run.sql" >&2
  mapfile -t names < <(sql bench -c 'SELECT source FROM bench.person GROUP BY 1 ORDER BY sum(scored) DESC NULLS LAST, 1')
  copies bench
  for i in "${!names[@]}"; do library_without "$i"; done
  for i in "${!names[@]}"; do at_most_jobs unlike_of_source "$i"; done
  wait_for_all
  gather bench bench.training bench.score
}

# library_without NUMBER: a library whose knowledge beforehand comes from the other sources; that database uses it.
library_without() {
  local build=$root/build/unlike
  local prior=$build/open_prior.cpp
  mkdir -p "$build"
  sql "bench_$1" -v source="${names[$1]}" -f "$here/unlike/prior.sql" |
    print_prior >"$prior"
  cmake -G Ninja -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release -DPGG_TESTS=OFF -DPGG_OPEN_PRIOR="$prior" >&2
  cmake --build "$build" --target pg_glucose >&2
  cp "$(find "$build" -name pg_glucose.so)" "$stage_lib/pg_glucose_without_$1.so"
  chmod a+r "$stage_lib/pg_glucose_without_$1.so"
  sql "bench_$1" -c "UPDATE pg_proc SET probin = '\$libdir/pg_glucose_without_$1' WHERE probin = '\$libdir/pg_glucose'"
}

unlike_of_source() { tell_sql "bench_$1" -v source="${names[$1]}" -c 'SET client_min_messages = info' -f "$here/unlike/source.sql"; }

report_unlike() { sql bench -f "$here/unlike/report.sql"; }

plot_unlike() {
  sql bench -f "$here/unlike/plots.sql" >"$out/accuracy-unlike.json"
  python3 "$here/plots.py" "$out/accuracy-unlike.json" "$out"
}
