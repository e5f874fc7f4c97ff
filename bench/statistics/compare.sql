-- SPDX-License-Identifier: PostgreSQL
-- Each person's readings and what glucose_statistics() says of them, as JSON, one line each.
\set QUIET on
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET search_path = glucose, public;
\ir ../load/load.sql
SELECT json_build_object('name', k.label, 'zone', k.time_zone, 'summary', to_json(s), 'readings', (
  SELECT json_agg(json_build_array((extract(epoch FROM r.measured_at) * 1000000)::bigint, r.mg_dl))
  FROM glucose_reading r WHERE r.person_id = k.person_id))
FROM known_person k, glucose_statistics(k.person_id, '-infinity', 'infinity') s ORDER BY k.label;
