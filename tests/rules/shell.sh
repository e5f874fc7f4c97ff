#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# Shell scripts parse, and shellcheck has nothing to say where it is installed.
set -euo pipefail
cd "${SOURCE_DIR:?}"
mapfile -t scripts < <(find dev .ci scripts demo bench tests/rules -type f \
  \( -name '*.sh' -o -path dev -o -path '.ci/*' \) 2>/dev/null)
for script in "${scripts[@]}"; do bash -n "$script"; done
if command -v shellcheck >/dev/null; then shellcheck -x "${scripts[@]}"; fi
