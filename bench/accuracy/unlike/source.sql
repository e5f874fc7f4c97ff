-- SPDX-License-Identifier: PostgreSQL
-- psql -v source=NAME: one source left out, in its own database.
CALL bench.run_unlike(:'source', 0, '{0,1,3,7,14}');
CALL bench.run_unlike(:'source', 2, '{}');
CALL bench.run_unlike(:'source', 5, '{}');
CALL bench.run_unlike(:'source', NULL, '{}');
CALL bench.run_alone(:'source');
