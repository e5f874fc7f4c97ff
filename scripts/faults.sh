# SPDX-License-Identifier: PostgreSQL
# shellcheck shell=bash
# ./dev faults [NAME [ROUNDS]]: what regress/faults does to a private server under load. Sourced by dev.
: "${root:?sourced by ./dev}" "${stage:=}" "${bin:=}" "${cluster:=}"

# little_room FOLDER MEGABYTES: a disk of its own. Only root may mount one, and not in every container.
little_room() {
  mkdir -p "$1"
  mount -t tmpfs -o "size=$2m,mode=0700" pg_glucose "$1" 2>/dev/null || return 1
  cluster_mounts+=("$1")
}

faults() {
  local name=${1:-crash} rounds=${2:-8} small=()
  cmd_build
  # shellcheck disable=SC2034  # read by cluster_start
  cluster_settings=$(cat "$root/regress/faults/server.conf")
  # shellcheck disable=SC2034
  cluster_initdb=(--data-checksums)
  stage
  cluster_log=$stage/server.log
  case $name in
    crash | backend | worker | postmaster | immediate | promotion | library) ;;
    folder | tablespace)
      small=("$stage/$([[ $name == folder ]] && echo data || echo small)")
      little_room "${small[0]}" 400 || { say "skipped: no file system can be mounted here"; return 0; }
      [[ $name == folder ]] || mkdir "${small[0]}/database"
      ;;
    *) die "faults [crash|backend|worker|postmaster|immediate|folder|tablespace|promotion|library] [ROUNDS]" ;;
  esac
  cluster_start
  debian_python "$root/regress/faults/faults.py" "$bin" "$cluster" "$cluster_log" "$name" "$rounds" "${small[@]}"
}
