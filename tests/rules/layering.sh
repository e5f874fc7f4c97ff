#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# core knows nothing of a server; the numeric libraries are known to core's .cpp files only, XGBoost to boosting only,
# which knows the server in the one file that makes it a module.
set -euo pipefail
cd "${SOURCE_DIR:?}/src"
bad=$(
  grep -rnE '#include *[<"](pg/|postgres|fmgr|funcapi|miscadmin|libpq|access/|catalog/|executor/|storage/|utils/|server)' core || true
  grep -rnwE 'ereport|elog|palloc|palloc0|pfree|PG_TRY|CHECK_FOR_INTERRUPTS|SPI_[a-z_]+' core || true
  grep -rnE '#include *[<"](Eigen/|armadillo)' --include='*.hpp' core | grep -v '^core/learn/kernels/' || true
  grep -rnE '#include *[<"](boosting/|xgboost/|nlohmann/)' core pg || true
  grep -rnE '#include *[<"](Eigen/|armadillo|thread|future|omp\.h)' pg || true
  grep -rnE '#include *[<"](thread|future|omp\.h|iostream|fstream|chrono|ctime)[>"]' core boosting || true
  grep -rnE '#include *[<"](pg/|postgres)' boosting | grep -v '^boosting/module\.cpp:' || true
  grep -rnE 'SPI_getbinval|SPI_getvalue|SPI_tuptable->vals' pg | grep -v '^pg/tables/query\.cpp:' || true
  grep -rlE '#include "postgres\.h"' pg boosting | grep -vx 'pg/boundary/server.hpp' || true
)
[[ -z $bad ]] || { echo "$bad"; exit 1; }
