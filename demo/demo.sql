-- SPDX-License-Identifier: PostgreSQL
-- What ./dev demo shows. Run by psql, with -v data=DIR for a data folder; without it persons are simulated. With
-- -v plot=FILE the drawn forecast goes there, as SVG.
\set QUIET on
\set ON_ERROR_STOP on
\set VERBOSITY terse
SET client_min_messages = warning;
SET search_path = glucose, public;
\pset footer off
\pset linestyle unicode
\pset border 1
\if :{?data}
  \echo == loading :data
  \ir ../bench/load/load.sql
\else
  \echo == simulating five persons
  \ir simulate.sql
\endif
\ir train.sql
\ir show.sql
\ir metric.sql
