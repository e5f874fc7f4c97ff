-- SPDX-License-Identifier: PostgreSQL
-- psql -v fillfactor=N -v persons=N -v days=N -v batch=N: how full the leaves of the two indexes are when the readings
-- of many persons arrive in the order of time, so many of each person in turn, and after REINDEX. Prints a line of a
-- table: fill factor, readings a batch, and for either index density and megabytes as arrived, then reindexed.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgstattuple;
DROP TABLE IF EXISTS bench.arrived;
CREATE TABLE bench.arrived (person_id uuid, measured_at timestamptz, mg_dl real, recorded_at timestamptz,
  PRIMARY KEY (person_id, measured_at) WITH (fillfactor = :fillfactor));
CREATE INDEX arrived_window ON bench.arrived (person_id, measured_at) INCLUDE (mg_dl, recorded_at)
  WITH (fillfactor = :fillfactor);
INSERT INTO bench.arrived (person_id, measured_at, mg_dl)
  SELECT glucose.key(p), timestamptz '2021-01-01' + i * interval '5 min' + p * interval '1 s', 100
  FROM generate_series(1, :days * 288) i, generate_series(1, :persons) p ORDER BY i / :batch, p, i;
CREATE TEMP VIEW density AS
  SELECT format('%s %% %s MB | %s %% %s MB', round(k.avg_leaf_density), k.index_size / 1048576,
                round(w.avg_leaf_density), w.index_size / 1048576) AS of_both
  FROM pgstatindex('bench.arrived_pkey') k, pgstatindex('bench.arrived_window') w;
SELECT of_both AS arrived FROM density \gset
REINDEX TABLE bench.arrived;
SELECT format('| %s | %s | %s | %s |', :fillfactor, :batch, :'arrived', of_both) FROM density;
