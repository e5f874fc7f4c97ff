# SPDX-License-Identifier: PostgreSQL
# shellcheck shell=bash
# Metrics of days one day ahead, of a folder with person.csv and day.csv.gz; sourced by run.sh.
: "${here:?}" "${out:?}" "${data?}"

# columns KEYS TYPE: of a header on stdin the columns after so many keys, all of a type.
columns() { head -n 1 | tr ',' '\n' | tail -n "+$(($1 + 1))" | sed "s/\$/ $2/" | paste -sd,; }

run_daily() {
  local i days persons
  days=$(zcat "$data/day.csv.gz" | columns 2 real) persons=$(columns 1 text <"$data/person.csv")
  sql bench -c "CREATE SCHEMA bench; CREATE TABLE bench.raw_day (person_id text, day date, $days);
                CREATE TABLE bench.raw_person (person_id text, $persons)"
  zcat "$data/day.csv.gz" | sql bench -c '\copy bench.raw_day FROM STDIN CSV HEADER'
  sql bench -c '\copy bench.raw_person FROM STDIN CSV HEADER' <"$data/person.csv"
  sql bench -f "$here/daily/prepare.sql" >&2
  mapfile -t names < <(sql bench -c 'SELECT DISTINCT source FROM bench.raw_person ORDER BY 1')
  names+=(events)  # of all sources together
  copies bench
  for i in "${!names[@]}"; do
    at_most_jobs daily_of_source "$i"
  done
  wait_for_all
  gather bench bench.training bench.answer bench.event_training bench.event_answer
}

daily_of_source() {
  if [[ ${names[$1]} == events ]]; then
    events_of_all "bench_$1"
    return
  fi
  sql "bench_$1" -v source="${names[$1]}" -f "$here/daily/load.sql" >&2
  tell_sql "bench_$1" -v source="${names[$1]}" -f "$here/daily/run.sql" >&2
}

events_of_all() {
  local source
  for source in "${names[@]:0:${#names[@]}-1}"; do sql "$1" -v source="$source" -f "$here/daily/load.sql" >&2; done
  tell_sql "$1" -f "$here/daily/events.sql" >&2
}

report_daily() { sql bench -f "$here/daily/report.sql"; }

plot_daily() {
  sql bench -f "$here/daily/plots.sql" >"$out/accuracy-daily.json"
  python3 "$here/plots.py" "$out/accuracy-daily.json" "$out"
}
