# SPDX-License-Identifier: PostgreSQL
# shellcheck shell=bash disable=SC2034,SC2154  # the variables of cluster.sh
# ./dev walk. Sourced by ./dev, whose functions it uses.
: "${root:?sourced by ./dev}" "${self:?}"

# walk STATEMENT: which files it goes through, for whoever reads the code for the first time. --check: whether those of the
# walk in CONTRIBUTING.md are all.
walk() {
  (($#)) || die "walk STATEMENT, such as: walk \"SELECT predict_glucose(:'meal')\""
  command -v gdb >/dev/null || die "walk needs gdb: apt-get install gdb"
  if [[ $1 == --check ]]; then
    local out="$root/build/walk" status=0
    mkdir -p "$out"
    "$self" walk "SELECT predict_glucose(:'meal')" >"$out/predict_glucose"
    "$self" walk "SELECT train_model(:'person')" >"$out/train_model"
    "$self" walk "SELECT cgm_forecast(:'person', :'latest')" >"$out/cgm_forecast"
    for name in predict_glucose train_model cgm_forecast; do
      python3 -B "$root/scripts/walk_check.py" "$name" "$out/$name" || status=1
    done
    return "$status"
  fi
  cmd_build debug >&2
  stage_preset=debug
  cluster_settings="session_preload_libraries = 'pg_glucose'"
  cluster_start
  createdb_with_glucose glucose
  export WALK_SCRIPT="$root/scripts/walk.py" WALK_SOURCES="$root/src" WALK_BUILD="$root/build/debug"
  export WALK_OUT="$stage/walk" WALK_READY="$stage/ready"
  in_db glucose -qAt -v statement="$1;" -f "$root/scripts/walk.sql" >/dev/null
  until [[ -e $WALK_READY.over ]]; do sleep 0.2; done
  grep -E '^[a-z]+/' "$WALK_OUT" || { cat "$WALK_OUT" "$WALK_OUT.log" >&2; die "gdb saw nothing"; }
}
