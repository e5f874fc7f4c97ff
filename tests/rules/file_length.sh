#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# A file holds one thing and can be read at one sitting; each begins with its licence.
set -euo pipefail
cd "${SOURCE_DIR:?}"
mapfile -t files < <(find dev .ci cmake src sql tests regress/sql regress/specs regress/t regress/roles regress/load regress/allocations regress/faults regress/week scripts demo bench -type f \
  \( -name '*.cpp' -o -name '*.hpp' -o -name '*.sql' -o -name '*.sh' -o -name '*.cmake' -o -name 'CMakeLists.txt' \
  -o -name '*.spec' -o -name '*.pl' -o -name '*.py' -o -name '*.mjs' -o -path dev -o -path '.ci/*' \) 2>/dev/null)
long=$(wc -l "${files[@]}" | awk '$1 > 400 && $2 != "total"')
[[ -z $long ]] || { echo "longer than 400 lines: $long"; exit 1; }
bare=$(for file in "${files[@]}"; do [[ $(head -n 2 "$file") == *'SPDX-License-Identifier: PostgreSQL'* ]] || echo "$file"; done)
[[ -z $bare ]] || { echo "no SPDX line: $bare"; exit 1; }
