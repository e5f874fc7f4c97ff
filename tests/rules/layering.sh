#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# core knows nothing of a server; the numeric libraries are known to core's .cpp files only.
set -euo pipefail
cd "${SOURCE_DIR:?}/src"
bad=$(
  grep -rnE '#include *[<"](pg/|postgres|fmgr|funcapi|miscadmin|libpq|access/|catalog/|executor/|storage/|utils/|server)' core || true
  grep -rnwE 'ereport|elog|palloc|palloc0|pfree|PG_TRY|CHECK_FOR_INTERRUPTS|SPI_[a-z_]+' core || true
  grep -rnE '#include *[<"](Eigen/|armadillo|xgboost/)' --include='*.hpp' core | grep -v '^core/kernels/' || true
  grep -rnE '#include *[<"](Eigen/|armadillo|xgboost/|thread|future|omp\.h)' pg || true
  grep -rnE '#include *[<"](thread|future|omp\.h|iostream|fstream|chrono|ctime)[>"]' core || true
  grep -rlE '#include "postgres\.h"' pg | grep -vx 'pg/server.hpp' || true
)
[[ -z $bad ]] || { echo "$bad"; exit 1; }
