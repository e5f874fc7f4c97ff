#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# Data flows one way: each room of core uses only rooms before it, and so do the rooms of src/pg. The spine knows no task
# by name (but for keys and arguments of that name): only the table and the tasks' own rooms say 'glucose', 'cgm', 'daily' or 'event', and nobody compares a model_type.
set -euo pipefail
cd "${SOURCE_DIR:?}/src"
core_order="base math readings days seeing learn model training asking watching simulation pages tasks/task.hpp \
tasks/meal/features \
tasks/meal/models tasks/meal/training tasks/meal/asking tasks/meal tasks/cgm tasks/daily/rows \
tasks/daily/models tasks/daily/training tasks/daily/asking tasks/daily tasks/event tasks"
pg_order="boundary tables work calls"

# against ROOT ORDER: includes that point to a later room.
against() {
  local root=$1 order=$2
  grep -rnoE "#include \"$root/[^\"]+\"" "$root" | awk -v root="$root" -v order="$order" '
    function rank(path,   best, length_of_best, i) {
      best = 0; length_of_best = 0
      for (i = 1; i <= n; i++)
        if ((path == rooms[i] || index(path, rooms[i] "/") == 1) && length(rooms[i]) > length_of_best) {
          best = i; length_of_best = length(rooms[i])
        }
      return best
    }
    BEGIN { n = split(order, rooms, " ") }
    {
      split($0, part, ":")
      from = substr(part[1], length(root) + 2)
      to = part[3]; sub(/.*"[a-z]+\//, "", to); sub(/".*/, "", to)
      if (rank(from) == 0) print from ": in no room of the plan"
      else if (rank(to) > rank(from)) print from " -> " to
    }'
}

bad=$(
  against core "$core_order"
  against pg "$pg_order"
  grep -rnE 'strcmp\((model_type|request\.model_type|options\.model_type)' core pg || true
  grep -rnE '"(glucose|cgm|daily|event)"' core pg | grep -vE '^core/tasks/(meal|cgm|daily|event)/|get_namespace_oid|MarkGUCPrefixReserved|(text_argument|json_text)\(' || true
  # A task's own kind of model or rows is cast to in its own room only.
  grep -rnE 'HeldModel<' core pg | grep -vE '^core/(tasks/(meal|cgm|daily|event)|model)/' || true
)
[[ -z $bad ]] || { echo "$bad"; exit 1; }
