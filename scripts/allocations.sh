# SPDX-License-Identifier: PostgreSQL
# shellcheck shell=bash disable=SC2034,SC2154
# ./dev allocations [POINTS [PATTERN]]: memory is refused in forecasts, trainings and imports: at each place in their code, at every
# piece (all), or at so many of each (regress/allocations). --quick: each place of what takes a moment, and of trees. Sourced by dev.
: "${root:?}"

allocations() {
  [[ ${1:-} != --quick ]] || set -- code 'forecast|predict|import|^train glucose (ridge|trees)'
  cmd_build
  stage
  "${CXX:-g++}" -std=c++20 -O1 -fPIC -shared -Wall -Wextra -Wno-register -isystem "$("$PG_CONFIG" --includedir-server)" \
    "$root/regress/allocations/refusing.cpp" -o "$stage/refusing.so"
  cluster_env=("LD_PRELOAD=$stage/refusing.so")
  cluster_start
  createdb_with_glucose allocations
  debian_python "$root/regress/allocations/run.py" "$bin/psql" "$stage/refusing.so" "$@" && return
  grep -B 40 "was terminated by signal" "$cluster_log" | tail -n 200 >&2  # where, as say_where() says
  return 1
}
