# SPDX-License-Identifier: PostgreSQL
# shellcheck shell=bash
# The operators' page; sourced by dev.
: "${root:?}"

dashboard() {
  local check="" file=$root/build/dashboard.html
  while (($#)); do
    case $1 in
      --check) check=yes ;;
      *) file=$(realpath -m "$1") ;;
    esac
    shift
  done
  cmd_build >&2
  cluster_start
  createdb_with_glucose glucose
  in_db glucose -qX -f "$root/demo/dashboard.sql" >"$file"
  say "the dashboard is $file"
  if [[ -n $check ]]; then cmd_pages "$file"; fi
}
