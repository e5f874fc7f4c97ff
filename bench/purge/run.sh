#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# What purge() costs whoever asks meanwhile: a log of ROWS (1000000) old answers, signed and sealed, of persons who are asked
# about by pgbench with one client, in turns of SECONDS_EACH (5) beside a purge and without one, until nothing is left to
# purge: first of the values, then of the rows. Waits for a lock of more than 10 ms are counted from the server's log. Environment:
# PERSONS 20, DAYS 60. The private server does not wait for the disk (fsync off). Prints a markdown table.
set -euo pipefail
self=$(readlink -f "${BASH_SOURCE[0]}")
root=${self%/bench/*}
# shellcheck source=scripts/cluster.sh
source "$root/scripts/cluster.sh"
# shellcheck source=bench/audit/asked.sh
source "$root/bench/audit/asked.sh"
rows=${ROWS:-1000000} seconds=${SECONDS_EACH:-5}

cluster_settings=$'log_lock_waits = on\ndeadlock_timeout = 10ms'
start_asked
in_db bench -qc "LOAD 'pg_glucose'" -c "ALTER DATABASE bench SET glucose.audit_key_file = 'audit_key'"

# One answer of each person, again and again, of the days from 400 to 40 ago. Their signatures are as long as real ones, which is
# all that purging asks of them; sealing is real.
in_db bench -qAt -v rows="$rows" <<'SQL' >/dev/null
SET bench.rows = :rows;
GRANT USAGE ON SCHEMA bench TO app;
GRANT SELECT ON bench.late_meal TO app;
SET ROLE app;
SELECT count(glucose.predict_glucose(glucose.key(i))) FROM (
  SELECT DISTINCT ON (person_id) i FROM bench.late_meal ORDER BY person_id, i) m;
RESET ROLE;
CREATE TABLE bench.answer AS SELECT row_number() OVER () AS i, p.* FROM glucose.prediction p;
DELETE FROM glucose.prediction;
UPDATE bench.answer SET seal_no = NULL, values_digest = sha256(values_digest);
DO $$
DECLARE
  columns text := (SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute
    WHERE attrelid = 'glucose.prediction'::regclass AND attnum > 0 AND NOT attisdropped
      AND attname NOT IN ('prediction_id', 'issued_at', 'mac'));
BEGIN
  EXECUTE format('INSERT INTO glucose.prediction (prediction_id, issued_at, mac, %1$s)
    SELECT gen_random_uuid(), now() - interval ''400 days'' + n * (interval ''360 days'' / %2$s), sha256(int8send(n)), %1$s
    FROM generate_series(1, %2$s::bigint) n JOIN bench.answer a ON a.i = 1 + n %% (SELECT count(*) FROM bench.answer)',
    columns, current_setting('bench.rows'));
END
$$;
VACUUM ANALYZE;
CHECKPOINT;
SQL
in_db bench -qAt -c "SET glucose.audit_key_file = 'audit_key'" -c '\timing on' \
  -c "SELECT sum(s.sealed_rows) FROM generate_series(1, $((rows / 200000 + 1))) n, LATERAL glucose.seal_log(n * interval '0') s" >"$work/seal.out"
old=$(in_db bench -qAtc 'SELECT count(*) FROM glucose.prediction')

median() { sort -n | awk '{ v[NR] = $1 } END { print (NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2) }'; }

# ask NAME: one turn of forecasts; appends their latencies in microseconds to $work/NAME.
ask() {
  rm -f "$work"/log.*
  (cd "$work" && "$bin/pgbench" -n -c 1 -T "$seconds" -M prepared -U app -D meals="$meals" -f "$root/bench/sql/predict.sql" \
    -l --log-prefix="$work/log" bench >"$work/pgbench.out" 2>&1) || { cat "$work/pgbench.out" >&2; return 1; }
  # The first hundred fill caches and choose plans.
  cat "$work"/log.* | awk 'NR > 100 { print $3 }' >>"$work/$1"
}

lock_waits() { grep -c 'still waiting for' "$cluster/server.log" || true; }

# phase NAME SETTINGS: purges until nothing is left, in turns; a turn's purge lasts as long as its forecasts and says what it did.
phase() {
  local name=$1 left=1 first
  first=$(lock_waits)
  : >"$work/$name.done"
  while ((left)); do
    ask "$name.without"
    { printf '%s\n' "$2" '\timing on' "CALL glucose.purge('$seconds s');" | in_db bench -qAtX >"$work/purge.out" 2>&1; } &
    ask "$name.beside"
    wait $!
    sed -nE 's/^NOTICE:  purge: values of ([0-9]+) rows, ([0-9]+) rows.*/\1 \2/p' "$work/purge.out" >"$work/turn"
    [[ -s $work/turn ]] || { cat "$work/purge.out" >&2; return 1; }
    paste -d' ' "$work/turn" <(sed -nE 's/^Time: ([0-9.]+) ms.*/\1/p' "$work/purge.out" | tail -n 1) >>"$work/$name.done"
    awk -v s="$seconds" 'END { exit $3 < 900 * s }' "$work/$name.done" || left=0
  done
  echo $(($(lock_waits) - first)) >"$work/$name.waits"
}

phase values ''
phase rows "SET glucose.audit_retention = 0;"

at() { sort -n "$work/$1" | awk -v q="$2" '{ v[NR] = $1 } END { i = int(q * (NR - 1) + 0.5) + 1; printf "%.2f", v[i] / 1000 }'; }
over() { awk '$1 > 50000 { n++ } END { print n + 0 }' "$work/$1"; }
row() {
  echo "| $1 | $(wc -l <"$work/$2.without") / $(wc -l <"$work/$2.beside") | $(at "$2.without" 0.5) / $(at "$2.beside" 0.5) |" \
    "$(at "$2.without" 0.99) / $(at "$2.beside" 0.99) | $(over "$2.without") / $(over "$2.beside") | $(at "$2.without" 1) / $(at "$2.beside" 1) | $(cat "$work/$2.waits") |" \
    "$(awk '{ v += $1; r += $2; ms += $3 } END { n = '"$3"'; printf "%d | %.1f | %.1f", n, ms / 1000, n ? 1000 * ms / n : 0 }' "$work/$2.done") |"
}
echo "$old old answers of $persons simulated persons; turns of $seconds s, one client; without / beside a purge"
echo
echo '| purge of | forecasts | median, ms | p99, ms | over 50 ms | longest, ms | waits for a lock > 10 ms | purged | s | µs a row |'
echo '|---|---|---|---|---|---|---|---|---|---|'
row 'the values' values v
row 'the rows' rows r
echo
sed -nE 's/^Time: ([0-9.]+) ms.*/sealing: \1 ms/p' "$work/seal.out"
