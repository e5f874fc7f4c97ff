#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# What a rate limit costs a call, off and on in turns within one session: in shared memory (the library preloaded) and by
# the table. Environment: PAIRS 1000 of blocks of CALLS 50 forecasts of a session that knows the person. Prints a markdown table.
set -euo pipefail
self=$(readlink -f "${BASH_SOURCE[0]}")
root=${self%/bench/*}
# shellcheck source=scripts/cluster.sh
source "$root/scripts/cluster.sh"
pairs=${PAIRS:-1000} calls=${CALLS:-50}

"$root/dev" build >&2
cluster_settings="shared_preload_libraries = 'pg_glucose'"
cluster_start
createdb_with_glucose bench
in_db bench -qAt -v persons=1 -v days=60 -v more=0 -f "$root/bench/sql/prepare.sql" >/dev/null

# measure IDENTITY FUNCTION LIMIT: medians of the pairs' differences and of a call without the limit, µs.
measure() {
  in_db bench -qAtX -v identity="$1" -v call="$2" -v most="$3" -v pairs="$pairs" -v calls="$calls" <<'SQL'
SET client_min_messages = error;
SELECT set_config('glucose.identity', :'identity', false), set_config('request.jwt.claims', '{"sub": "app", "role": "app", "aud": "x"}', false),
       set_config('bench.calls', :'calls', false) \g /dev/null
SET ROLE app;
CREATE FUNCTION pg_temp.block(text) RETURNS double precision LANGUAGE plpgsql AS $$
DECLARE
  meal CONSTANT uuid := glucose.key(7::bigint);
  n CONSTANT integer := current_setting('bench.calls');
  started timestamptz;
BEGIN
  -- What is decided anew after a setting has changed is no part of it.
  IF $1 = 'forecast' THEN
    PERFORM glucose.glucose_forecast(meal) FROM generate_series(1, 20);
    started := clock_timestamp();
    PERFORM glucose.glucose_forecast(meal) FROM generate_series(1, n);
  ELSE
    PERFORM glucose.predict_glucose(meal) FROM generate_series(1, 20);
    started := clock_timestamp();
    PERFORM glucose.predict_glucose(meal) FROM generate_series(1, n);
  END IF;
  RETURN extract(epoch FROM clock_timestamp() - started) * 1e6 / n;
END
$$;
RESET ROLE;
CREATE TEMP TABLE pair (off double precision, on_ double precision);
CREATE PROCEDURE pg_temp.run(call text, most text, pairs integer) LANGUAGE plpgsql AS $$
DECLARE
  t double precision[];
BEGIN
  FOR i IN 1 .. pairs LOOP
    FOR j IN 0 .. 1 LOOP
      -- Whichever is first in one pair is second in the next.
      PERFORM set_config('glucose.rate_limit_predictions', CASE WHEN (i + j) % 2 = 0 THEN '0' ELSE most END, false);
      TRUNCATE glucose.counted_call;   -- a block is less than a minute's worth of a limit
      SET ROLE app;
      t[(i + j) % 2] := pg_temp.block(call);
      RESET ROLE;
    END LOOP;
    INSERT INTO pair VALUES (t[0], t[1]);
    COMMIT;
  END LOOP;
END
$$;
CALL pg_temp.run(:'call', :'most', :pairs);
SELECT format('%s | %s', round(percentile_cont(0.5) WITHIN GROUP (ORDER BY off)::numeric, 1),
              round(percentile_cont(0.5) WITHIN GROUP (ORDER BY on_ - off)::numeric, 2)) FROM pair;
SQL
}

{
  echo "$pairs pairs of $calls forecasts; medians of the pairs"
  echo
  echo '| counted | identity | call | without, µs | more with a limit, µs |'
  echo '|---|---|---|---|---|'
  echo "| in shared memory | role | glucose_forecast | $(measure role forecast 100000) |"
  echo "| in shared memory | claims | glucose_forecast | $(measure claims forecast 100000) |"
  as_owner sed -i '/^shared_preload_libraries/d' "$cluster/postgresql.conf"
  as_owner "$bin/pg_ctl" -D "$cluster" -l "$cluster/server.log" -w restart >/dev/null
  pairs=$((pairs / 10))
  echo "| in the table | role | predict_glucose | $(measure role predict 100000) |"
}
