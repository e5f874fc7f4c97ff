#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# ./dev bench pooler [CLIENTS [TRANSACTIONS]]: 50 clients share ten sessions of a PgBouncer in transaction mode, 20,000
# transactions of callers known by tokens; then the same by claims that a client sets for the session, which must be
# caught. Fails unless the first has no wrong row and the second has some. Needs pgbouncer (./dev deps pooler).
set -euo pipefail
self=$(readlink -f "${BASH_SOURCE[0]}")
root=${self%/bench/*}
# shellcheck source=scripts/cluster.sh
source "$root/scripts/cluster.sh"
clients=${1:-50} transactions=${2:-20000}
pgbouncer=$(command -v pgbouncer || ls /usr/sbin/pgbouncer 2>/dev/null) || { echo "no pgbouncer: run ./dev deps pooler" >&2; exit 1; }

"$root/dev" build >&2
cluster_settings="glucose.token_key_file = 'pgg_token_key'"
cluster_start
trap 'as_owner pkill -F "$stage/pgbouncer.pid" 2>/dev/null || true; cluster_stop' EXIT
as_owner bash -c "printf '%s\n' '$(printf '0123456789abcdef%.0s' 1 2 3 4)' > '$cluster/pgg_token_key'"
createdb_with_glucose pooled
pooler_port=$((port + 1))
cat >"$stage/pgbouncer.ini" <<INI
[databases]
pooled = host=$socket port=$port dbname=pooled
[pgbouncer]
listen_addr =
listen_port = $pooler_port
unix_socket_dir = $socket
auth_type = any
pool_mode = transaction
default_pool_size = 10
max_client_conn = 1000
pidfile = $stage/pgbouncer.pid
logfile = $stage/pgbouncer.log
INI
# PgBouncer's "any" logs everybody in as the user that the database names.
sed -i 's/^pooled = .*/& user=app/' "$stage/pgbouncer.ini"
in_db pooled -qAt -c "CREATE ROLE app LOGIN" -c "SELECT glucose.grant_access('app')" >/dev/null
give_stage
as_owner "$pgbouncer" -d -q "$stage/pgbouncer.ini"
/usr/bin/python3 -B "$root/bench/pooler/pooled.py" "$socket" "$port" "$pooler_port" "$clients" "$transactions"
