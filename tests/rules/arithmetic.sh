#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# -ffast-math at link changes the floating-point mode of the whole backend; it must not come in by any door.
set -euo pipefail
cd "${SOURCE_DIR:?}"
bad=$(grep -nE -- '-ffast-math|-Ofast|-funsafe-math' CMakeLists.txt CMakePresets.json cmake/*.cmake src/*/CMakeLists.txt \
  tests/CMakeLists.txt "${BINARY_DIR:?}/build.ninja" | grep -vE ':[0-9]+: *#' || true)
[[ -z $bad ]] || { echo "$bad"; exit 1; }
[[ -n ${LIBRARY:-} ]] || exit 0
! nm "$LIBRARY" ${BOOSTING_LIBRARY:+"$BOOSTING_LIBRARY"} 2>/dev/null | grep -E 'set_fast_math|crtfastmath' || exit 1
