# SPDX-License-Identifier: PostgreSQL
# shellcheck shell=bash
# ./dev docs: what is made of the SQL: the reference, and what Prometheus and Grafana are told. Sourced by dev.
: "${root:?}"

docs() {
  cmd_build
  cluster_start
  createdb_with_glucose glucose
  local fresh="$root/build/dev" page
  in_db glucose -f "$root/scripts/reference.sql" </dev/null | python3 -B "$root/scripts/reference.py" >"$fresh/reference.md"
  in_db glucose -f "$root/scripts/exporter.sql" </dev/null >"$fresh/queries.yaml"
  in_db glucose -f "$root/scripts/grafana.sql" </dev/null >"$fresh/grafana.json"
  for page in docs/reference.md monitoring/queries.yaml monitoring/grafana.json; do
    if [[ ${1:-} == --check ]]; then
      diff -u "$root/$page" "$fresh/${page##*/}" || die "$page is not current: run ./dev docs"
    else
      cp "$fresh/${page##*/}" "$root/$page"
      say "docs: wrote $page"
    fi
  done
  [[ ${1:-} != --check ]] || say "docs: current"
}
