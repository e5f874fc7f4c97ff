# SPDX-License-Identifier: PostgreSQL
# shellcheck shell=bash
# A server with simulated persons to ask about, and a key to sign with. Sourced by bench/audit/run.sh and bench/purge/run.sh.
: "${root:?}"

# start_asked: PERSONS (20) persons of DAYS (60) days in database bench. Sets persons, days, meals and work, a folder of its
# own; audit_key is a key's file in the data folder.
start_asked() {
  local folder
  persons=${PERSONS:-20} days=${DAYS:-60} work=$(mktemp -d)
  "$root/dev" build >&2
  cluster_start
  trap 'rm -rf "$work"; cluster_stop' EXIT
  createdb_with_glucose bench
  in_db bench -qAt -v persons="$persons" -v days="$days" -v more=0 -f "$root/bench/sql/prepare.sql" >/dev/null
  # shellcheck disable=SC2034
  meals=$(in_db bench -qAtc 'SELECT count(*) FROM bench.late_meal')
  folder=$(in_db bench -qAtc "SELECT current_setting('data_directory')")
  in_db bench -qc "COPY (SELECT repeat('0123456789abcdef', 4)) TO '$folder/audit_key'"
  as_owner chmod 600 "$folder/audit_key"
}
