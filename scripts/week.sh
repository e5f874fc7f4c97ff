# SPDX-License-Identifier: PostgreSQL
# shellcheck shell=bash
# ./dev week: a week in the life of the service on a clock that is moved (libfaketime), with faults that are planted; says
# what was found, told and handled. Sourced by dev.
: "${root:?}" "${stage:=}"

# week_script: psql's input.
week_script() {
  local begins=$((week_history * 1440)) minute
  local run="\\i $root/regress/week"
  # Minutes after the training; the new file takes the old one's place, so that nobody reads half of it.
  move() { printf '\\! cd %s && echo "%+ds" >clock.new && mv clock.new clock\n' "$stage" $((week_offset + $1 * 60)); }
  echo "SET client_min_messages = warning;"
  # Before the week once a day is enough.
  for ((minute = 1590; minute <= begins; minute += 1440)); do
    move "$minute"
    echo "$run/look.sql"
    echo "$run/night.sql"
  done
  echo "TRUNCATE week.told, week.told_person;"
  move "$begins"
  echo "$run/bad.sql"
  for ((minute = begins + 30; minute <= begins + 7 * 1440; minute += 30)); do
    move "$minute"
    if ((minute == begins + 30 * 60)); then echo "$run/jobs.sql"; fi
    if ((minute == begins + 36 * 60)); then echo "$run/workers.sql"; fi
    if ((minute % 1440 == 150)); then echo "$run/night.sql"; fi
    echo "$run/look.sql"
    if ((minute == begins + 60)); then
      echo "SET ROLE night; SELECT acknowledge_alert(alert_id) FROM active_alerts WHERE kind = 'setting' \\g /dev/null"
      echo "RESET ROLE;"
    fi
  done
  echo "$run/verdict.sql"
}

week() {
  local faketime trained=2026-03-02 week_history=16 week_offset limits='{}' jobs=1050
  local healthy=150 drifting=3 bad=15 gateway=31
  case ${1:-} in
    --small) healthy=14 drifting=2 bad=2 gateway=5 limits='{"queued_jobs": 40}' jobs=48 ;;
    "") ;;
    *) die "week [--small]" ;;
  esac
  faketime=$(compgen -G '/usr/lib/*/faketime/libfaketime.so.1' | head -n 1) || true
  if [[ -z $faketime ]]; then
    say "skipped: no libfaketime (./dev deps installs it), so no clock can be moved"
    return
  fi
  cmd_build
  week_offset=$(($(date -d "$trained UTC" +%s) - $(date +%s)))
  stage
  echo "${week_offset}s" >"$stage/clock"
  # shellcheck disable=SC2034  # of cluster_start
  cluster_env=(LD_PRELOAD="$faketime" FAKETIME_TIMESTAMP_FILE="$stage/clock" FAKETIME_NO_CACHE=1
    FAKETIME_DONT_FAKE_MONOTONIC=1 NO_FAKE_STAT=1)
  cluster_start
  createdb_with_glucose glucose
  in_db glucose -q -v trained="$trained Z" -v begins="$(date -u -d "$trained + $week_history days" +%F) Z" \
    -v days=$((56 + week_history + 8)) -v healthy=$healthy -v drifting=$drifting -v bad=$bad -v gateway=$gateway \
    -f "$root/regress/week/people.sql"
  week_script >"$stage/week.sql"
  in_db glucose -q -v limits="$limits" -v jobs=$jobs -v bad=$bad -v drifting=$drifting -f "$stage/week.sql"
}
