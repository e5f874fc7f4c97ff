# SPDX-License-Identifier: PostgreSQL
# shellcheck shell=bash
# A person's page; sourced by dev.
: "${root:?}"

report() {
  local check="" file=$root/build/report.html german=$root/build/report-de.html
  while (($#)); do
    case $1 in
      --check) check=yes ;;
      -*) die "report [FILE] [--check]" ;;
      *) file=$(realpath -m "$1") ;;
    esac
    shift
  done
  cmd_build >&2
  cluster_start
  createdb_with_glucose glucose
  in_db glucose -qX -f "$root/demo/report.sql" >"$file"
  say "the report is $file"
  [[ -n $check ]] || return 0
  createdb_with_glucose german
  in_db german -qX -v lang=de -v unit=mmol/L -f "$root/demo/report.sql" >"$german"
  cmd_pages "$file" "$german"
}
