#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# One thread per backend whatever the administrator installed: no BLAS, OpenMP or LLVM comes in at run time.
set -euo pipefail
linked=$(readelf -d "${LIBRARY:?}" | sed -nE 's/.*\(NEEDED\).*\[(.*)\]/\1/p')
extra=$(grep -vE '^(libstdc\+\+\.so\.6|libm\.so\.6|libmvec\.so\.1|libgcc_s\.so\.1|libc\.so\.6|ld-linux.*)$' <<<"$linked" || true)
[[ -z $extra ]] || { echo "linked at run time: $extra"; exit 1; }
! nm -D --undefined-only "$LIBRARY" | grep -E 'GOMP_|omp_|pthread_create' || exit 1
