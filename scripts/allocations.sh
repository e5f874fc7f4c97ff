# SPDX-License-Identifier: PostgreSQL
# shellcheck shell=bash disable=SC2034,SC2154
# ./dev allocations [POINTS [PATTERN]]: memory is refused at every point of forecasts, trainings and imports, or at so many of each
# (regress/allocations). Sourced by dev.
: "${root:?}"

allocations() {
  cmd_build
  stage
  "${CXX:-g++}" -std=c++20 -O1 -fPIC -shared -Wall -Wextra -Wno-register -isystem "$("$PG_CONFIG" --includedir-server)" \
    "$root/regress/allocations/refusing.cpp" -o "$stage/refusing.so"
  cluster_env=("LD_PRELOAD=$stage/refusing.so")
  cluster_start
  createdb_with_glucose allocations
  debian_python "$root/regress/allocations/run.py" "$bin/psql" "$stage/refusing.so" "${1:-0}" "${2:-}"
}
