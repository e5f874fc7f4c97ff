#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# One thread per backend whatever the administrator installed: no BLAS, OpenMP or LLVM comes in at run time.
# XGBoost is the only exception, and only in the module that nobody loads but a training of trees.
set -euo pipefail
linked() { readelf -d "$1" | sed -nE 's/.*\(NEEDED\).*\[(.*)\]/\1/p'; }
plain='libstdc\+\+\.so\.6|libm\.so\.6|libmvec\.so\.1|libgcc_s\.so\.1|libc\.so\.6|ld-linux.*'
extra=$(linked "${LIBRARY:?}" | grep -vxE "$plain" || true)
[[ -z $extra ]] || { echo "linked at run time: $extra"; exit 1; }
! nm -D --undefined-only "$LIBRARY" | grep -E 'GOMP_|omp_|pthread_create' || exit 1
[[ -n ${BOOSTING_LIBRARY:-} ]] || exit 0
extra=$(linked "$BOOSTING_LIBRARY" | grep -vxE "$plain|libxgboost\.so\.[0-9]+" || true)
[[ -z $extra ]] || { echo "linked at run time by the module that trains trees: $extra"; exit 1; }
! nm -D --undefined-only "$BOOSTING_LIBRARY" | grep -E 'GOMP_|omp_|pthread_create' || exit 1
