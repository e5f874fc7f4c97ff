-- SPDX-License-Identifier: PostgreSQL
-- The session of ./dev walk: gdb attaches to it, then :statement runs, which may use :'person', :'meal' and :'latest'.
-- What it
-- needs of the environment is said in walk.py.
\set QUIET on
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT simulate_person(1, 20) AS person \gset
SELECT meal_id AS meal, eaten_at AS eaten FROM meal WHERE person_id = :'person' ORDER BY eaten_at DESC LIMIT 1 \gset
SELECT max(measured_at) AS latest FROM glucose_reading WHERE person_id = :'person' \gset
\o /dev/null
SELECT train_model(:'person'), train_model(:'person', 'cgm');
\o
-- A session of its own: what is loaded once and kept belongs to the walk.
\connect
SELECT pg_backend_pid() AS pid \gset
\setenv WALK_PID :pid
\! (gdb -batch -nx -p "$WALK_PID" -x "$WALK_SCRIPT" >"$WALK_OUT" 2>"$WALK_OUT.log"; touch "$WALK_READY.over") &
\! until [ -e "$WALK_READY" ] || [ -e "$WALK_READY.over" ]; do sleep 0.2; done
:statement
