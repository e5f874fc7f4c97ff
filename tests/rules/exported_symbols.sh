#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# The library exports what the server calls and nothing else; every C function of the SQL is there. The module that
# trains trees exports its magic and its one function.
set -euo pipefail
exported() { nm -D --defined-only "$1" | awk '{print $NF}'; }
symbols=$(exported "${LIBRARY:?}")
extra=$(grep -vxE 'Pg_magic_func|_PG_init|pg_finfo_glucose_[a-z0-9_]+|glucose_[a-z0-9_]+' <<<"$symbols" || true)
[[ -z $extra ]] || { echo "exported, but not ours: $extra"; exit 1; }
for name in Pg_magic_func _PG_init; do
  grep -qx "$name" <<<"$symbols" || { echo "not exported: $name"; exit 1; }
done
# Each of our functions has its info record, each record its function; a background worker's entry is no SQL function.
diff <(sed -n 's/^pg_finfo_//p' <<<"$symbols" | sort) <(grep '^glucose_' <<<"$symbols" | grep -vx glucose_training_worker | sort)
missing=$(grep -hoE "'MODULE_PATHNAME', *'[a-z0-9_]+'" "${SOURCE_DIR:?}"/sql/*.sql | sed -E "s/.*, *'([a-z0-9_]+)'/\1/" |
  sort -u | comm -23 - <(sort <<<"$symbols"))
[[ -z $missing ]] || { echo "named in sql/, not in the library: $missing"; exit 1; }
[[ -n ${BOOSTING_LIBRARY:-} ]] || exit 0
diff <(exported "$BOOSTING_LIBRARY" | sort) <(printf '%s\n' Pg_magic_func pg_glucose_boosting | sort) ||
  { echo "the module that trains trees exports something else"; exit 1; }
