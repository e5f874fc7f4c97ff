#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# No two types of one name in the core: the linker would take code for one as code for the other.
set -euo pipefail
cd "${SOURCE_DIR:?}"
twice=$(grep -rhoE '^(struct|class) [A-Z][A-Za-z0-9]* (final )?[:{]' src/core --include=*.hpp | awk '{print $2}' | sort | uniq -d)
if [[ -n $twice ]]; then
  for name in $twice; do grep -rnE "^(struct|class) $name (final )?[:{]" src/core --include=*.hpp; done
  echo "types of the same name: give one of them another"
  exit 1
fi
