# SPDX-License-Identifier: PostgreSQL
# shellcheck shell=bash
# ./dev scrape: that what docs/how-to/operate.md says of Prometheus is so. Debian's own programs, which are unpacked into
# build/scrape and not installed: their packages would start services. Sourced by dev.
: "${root:?}" "${stage:=}" "${socket:=}" "${port:=}"

# debian_program NAME PACKAGE: prints where the program is: installed, or unpacked from Debian's package.
debian_program() {
  local into=$root/build/scrape
  command -v "$1" && return
  if [[ ! -x $into/usr/bin/$1 ]]; then
    mkdir -p "$into"
    (cd "$into" && { apt-get -q download "$2" >download.log 2>&1 ||
      { as_root apt-get -q update >download.log 2>&1 && apt-get -q download "$2" >download.log 2>&1; }
    } && dpkg -x "$2"_*.deb .) >&2 || { say "no $1, and apt does not give $2: $into/download.log" >&2; return 1; }
    rm -f "$into/$2"_*.deb
  fi
  echo "$into/usr/bin/$1"
}

# in_background LOG COMMAND…: its number is kept, and it is ended by it.
scrape_pids=()
in_background() {
  "${@:2}" >"$1" 2>&1 &
  scrape_pids+=($!)
}

scrape_stop() {
  local status=$?
  set +e  # all of it is stopped, however it ended
  if ((${#scrape_pids[@]})); then
    kill "${scrape_pids[@]}" 2>/dev/null || true
    wait "${scrape_pids[@]}" 2>/dev/null || true
  fi
  (exit "$status")
  cluster_stop
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

scrape() {
  local exporter prometheus promtool port_exporter port_prometheus
  if ! command -v prometheus >/dev/null && ! command -v apt-get >/dev/null; then
    say "skipped: neither prometheus nor Debian's packages are here"
    return
  fi
  if ! { exporter=$(debian_program prometheus-postgres-exporter prometheus-postgres-exporter) &&
    prometheus=$(debian_program prometheus prometheus) && promtool=$(debian_program promtool prometheus); }; then
    say "skipped: nothing has scraped"
    return
  fi
  cmd_build
  cluster_start
  trap scrape_stop EXIT
  createdb_with_glucose glucose
  in_db glucose -q -v here="$root" -f "$root/scripts/scrape.sql"
  port_exporter=$(free_port) port_prometheus=$(free_port)
  # Its role may call one function of the steward's, and see no table.
  sed 's/FROM glucose\.gauges/FROM watch.gauges/' "$stage$("$PG_CONFIG" --sharedir)/pg_glucose/queries.yaml" >"$stage/queries.yaml"
  cat >"$stage/prometheus.yml" <<YAML
global: {scrape_interval: 2s, scrape_timeout: 2s}
scrape_configs: [{job_name: postgres, static_configs: [{targets: ['127.0.0.1:$port_exporter']}]}]
YAML
  mkdir "$stage/prometheus"
  in_db glucose -XAtc 'SET ROLE glucose_steward; SELECT glucose.openmetrics()' | sed '1{/^SET$/d}' >"$stage/openmetrics"
  "$promtool" check metrics <"$stage/openmetrics" || die "promtool: openmetrics() is not as it should be"
  "$promtool" check config "$stage/prometheus.yml" >/dev/null
  in_background "$stage/exporter.log" env \
    DATA_SOURCE_NAME="host=$socket port=$port user=prometheus dbname=glucose sslmode=disable" \
    "$exporter" --disable-default-metrics --disable-settings-metrics --extend.query-path="$stage/queries.yaml" \
    --web.listen-address="127.0.0.1:$port_exporter"
  in_background "$stage/prometheus.log" "$prometheus" --config.file="$stage/prometheus.yml" \
    --storage.tsdb.path="$stage/prometheus" --web.listen-address="127.0.0.1:$port_prometheus" --log.level=warn
  python3 -B "$root/scripts/scraped.py" "http://127.0.0.1:$port_prometheus" "$stage/openmetrics" \
    "$root/monitoring/grafana.json" || { tail -n 20 "$stage/exporter.log" "$stage/prometheus.log" >&2; return 1; }
}
