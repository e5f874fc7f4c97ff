# SPDX-License-Identifier: PostgreSQL
# shellcheck shell=bash
# ./dev week: a week in the life of the service on a clock that is moved, with faults that are planted; says what was found,
# told and handled. Sourced by dev.
: "${root:?}" "${stage:=}"

# week_script: psql's input.
week_script() {
  local begins=$((week_history * 1440)) minute
  local run="\\i $root/regress/week"
  # Minutes after the training.
  move() { printf '\\! perl -e "%s" %s/clock %d\n' "$set_clock" "$stage" $((1000000 * (week_offset + $1 * 60))); }
  echo "SET client_min_messages = warning;"
  # Before the week once a day is enough, and models are looked at when it begins.
  for ((minute = 1560; minute <= begins; minute += 1440)); do
    move "$minute"
    echo "$run/look.sql"
    echo "SET ROLE night; SELECT note_performance() \\g /dev/null"
    echo "RESET ROLE;"
  done
  echo "TRUNCATE week.told, week.told_person;"
  move "$begins"
  echo "$run/bad.sql"
  for ((minute = begins + week_step; minute <= begins + 7 * 1440; minute += week_step)); do
    move "$minute"
    if ((minute == begins + 30 * 60)); then echo "$run/jobs.sql"; fi
    if ((minute == begins + 36 * 60)); then echo "$run/workers.sql"; fi
    if ((minute % 1440 == 120)); then echo "$run/night.sql"; fi
    echo "$run/look.sql"
    if ((minute == begins + 60)); then
      echo "SET ROLE night; SELECT acknowledge_alert(alert_id) FROM active_alerts WHERE kind = 'setting' \\g /dev/null"
      echo "RESET ROLE;"
    fi
  done
  echo "$run/verdict.sql"
}

# The first argument's eight bytes become the second.
set_clock='open F, q(+<), shift; print F pack q(q), shift'

week() {
  local trained=2026-03-02 week_history=14 week_step=30 week_offset limits='{}' queued_jobs=1050
  local healthy=150 bad=15 gateway=31 least_bad=13 least_drifts=3
  case ${1:-} in
    # Three weeks are too few for every drift (bench/results/watching.md): of the small one's two are told.
    --small) healthy=14 bad=3 gateway=5 least_bad=2 least_drifts=2 week_step=60 limits='{"queued_jobs": 40, "cooldown_minutes": 120}' queued_jobs=48 ;;
    "") ;;
    *) die "week [--small]" ;;
  esac
  cmd_build
  quietly moved-clock "${CXX:-c++}" -std=c++20 -O2 -Wall -Wextra -Werror -shared -fPIC \
    -o "$root/build/dev/moved_clock.so" "$root/regress/week/moved_clock.cpp"
  week_offset=$(($(date -d "$trained UTC" +%s) - $(date +%s)))
  stage
  cp "$root/build/dev/moved_clock.so" "$stage/"
  printf 12345678 >"$stage/clock"
  perl -e "$set_clock" "$stage/clock" $((1000000 * week_offset))
  # shellcheck disable=SC2034  # of cluster_start
  cluster_env=(LD_PRELOAD="$stage/moved_clock.so" MOVED_CLOCK="$stage/clock")
  cluster_start
  createdb_with_glucose glucose
  in_db glucose -q -v trained="$trained Z" -v begins="$(date -u -d "$trained + $week_history days" +%F) Z" \
    -v days=$((56 + week_history + 8)) -v healthy=$healthy -v bad=$bad -v gateway=$gateway \
    -f "$root/regress/week/people.sql"
  week_script >"$stage/week.sql"
  in_db glucose -q -v limits="$limits" -v jobs=$queued_jobs -v least_bad=$least_bad -v least_drifts=$least_drifts -f "$stage/week.sql"
}
