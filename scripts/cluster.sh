# SPDX-License-Identifier: PostgreSQL
# shellcheck shell=bash
# Private servers for ./dev. PostgreSQL finds its library and share folders relative to its own binary, so a copy of
# the binaries with links to the rest is a whole installation: what we test is this build, and nothing is installed.
: "${root:?sourced by ./dev}"

if [[ -z ${PG_CONFIG:-} ]]; then
  PG_CONFIG=/usr/lib/postgresql/15/bin/pg_config
  [[ -x $PG_CONFIG ]] || PG_CONFIG=$(command -v pg_config || echo "$PG_CONFIG")
fi
export PG_CONFIG
stage="" cluster=""
# What is staged, and what its server is told beyond regress/server.conf.
stage_preset=dev cluster_settings=""
# What its environment has beside the caller's.
cluster_env=()
# What initdb is told beside, where the server's log is if not in its folder, and what is mounted in the stage.
cluster_initdb=() cluster_log="" cluster_mounts=()

# as_owner COMMAND…: as the user who owns the server: the caller, or postgres when the caller is root.
as_owner() {
  if ((EUID == 0)); then (cd "$stage" && runuser -u postgres -- "$@"); else (cd "$stage" && "$@"); fi
}

give_stage() { if ((EUID == 0)); then chown -R postgres: "$stage"; fi; }

# stage: makes the private installation from build/$stage_preset. Sets stage, bin, stage_lib.
stage() {
  local lib share file
  bin=$("$PG_CONFIG" --bindir) lib=$("$PG_CONFIG" --pkglibdir) share=$("$PG_CONFIG" --sharedir)
  stage=$(mktemp -d "${TMPDIR:-/tmp}/pgg.XXXXXX")
  trap cluster_stop EXIT
  trap 'exit 130' INT TERM HUP
  stage_lib=$stage$lib
  mkdir -p "$stage$bin" "$stage_lib" "$stage$share/extension"
  # Binaries are copied, not linked: a server follows links to learn where it is.
  cp "$bin"/* "$stage$bin/"
  for file in "$lib"/*; do [[ $file == */pg_glucose*.so ]] || ln -s "$file" "$stage_lib/"; done
  for file in "$share"/*; do [[ $file == */extension || $file == */pg_glucose ]] || ln -s "$file" "$stage$share/"; done
  for file in "$share"/extension/*; do [[ $file == */pg_glucose* ]] || ln -s "$file" "$stage$share/extension/"; done
  DESTDIR=$stage cmake --install "$root/build/$stage_preset" >"$stage/install.log" 2>&1 || { cat "$stage/install.log" >&2; return 1; }
  bin=$stage$bin
  give_stage
}

# cluster_start: a running server, staged now if it was not. Sets socket and port; its superuser is postgres; it listens on no network.
cluster_start() {
  [[ -n $stage ]] || stage
  cluster=$stage/data cluster_log=${cluster_log:-$stage/data/server.log} socket=$stage/s port=$((50000 + RANDOM % 10000))
  mkdir -m 0700 "$socket"
  give_stage
  export LC_ALL=C PGHOST=$socket PGPORT=$port PGUSER=postgres PGCLIENTENCODING=UTF8
  unset PGDATABASE PGOPTIONS PGSERVICE PGPASSFILE
  as_owner "$bin/initdb" -D "$cluster" -U postgres --auth=trust --encoding=UTF8 --locale=C --no-sync "${cluster_initdb[@]}" >"$stage/initdb.log" 2>&1 ||
    { cat "$stage/initdb.log" >&2; return 1; }
  { cat "$root/regress/server.conf"
    echo "port = $port"
    echo "unix_socket_directories = '$socket'"
    echo "$cluster_settings"
  } >>"$cluster/postgresql.conf"
  as_owner env "${cluster_env[@]}" "$bin/pg_ctl" -D "$cluster" -l "$cluster_log" -w -t 60 start >"$stage/start.log" 2>&1 ||
    { cat "$stage/start.log" "$cluster_log" >&2; return 1; }
}

# cluster_stop: runs at exit, however that comes.
cluster_stop() {
  local status=$?
  trap - EXIT
  if [[ -n $cluster && -f $cluster/postmaster.pid ]]; then
    as_owner "$bin/pg_ctl" -D "$cluster" -m immediate -w stop >/dev/null 2>&1 || true
  fi
  local mount
  for mount in "${cluster_mounts[@]}"; do umount -l "$mount"; done
  [[ -z $stage ]] || rm -rf "$stage"
  exit "$status"
}

in_db() { "$bin/psql" -X -v ON_ERROR_STOP=1 -d "$@"; }

createdb_with_glucose() {
  in_db postgres -qc "CREATE DATABASE $1" -c "ALTER DATABASE $1 SET search_path = glucose, public"
  PGOPTIONS='-c client_min_messages=warning' in_db "$1" -qAtc 'CREATE EXTENSION pg_glucose' -c 'SELECT glucose.setup()' >/dev/null
}
