#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# What has been released stays (regress/releases, by ./dev freeze): the SQL of its version does not change any more, update
# scripts lead from it to this version, and the library has every function that it names, so that a database of before can
# be used between the installation and ALTER EXTENSION UPDATE, and taken along by pg_upgrade.
set -euo pipefail
cd "${SOURCE_DIR:?}"
wrong=0
say() { echo "$*"; wrong=1; }

# reaches FROM: whether a chain of sql/updates leads to VERSION.
reaches() {
  local at=" $1 " before="" update from to
  while [[ $at != "$before" ]]; do
    before=$at
    for update in sql/updates/*--*.sql; do
      update=${update##*/} from=${update%%--*} to=${update##*--}
      [[ $at != *" $from "* || $at == *" ${to%.sql} "* ]] || at+="${to%.sql} "
    done
  done
  [[ $at == *" ${VERSION:?} "* ]]
}

for script in regress/releases/pg_glucose--*.sql; do
  [[ -e $script ]] || continue
  released=${script##*--} released=${released%.sql}
  if [[ $released == "$VERSION" ]]; then
    # Without a server there is no install script.
    [[ -z ${LIBRARY:-} ]] || cmp -s "$script" "${BINARY_DIR:?}/pg_glucose--$VERSION.sql" ||
      say "the SQL is no longer that of $VERSION in regress/releases. If $VERSION is not released yet, run ./dev freeze; if it is," \
        "raise the version in CMakeLists.txt and META.json and write sql/updates/$VERSION--NEXT.sql"
  else
    reaches "$released" || say "no chain of sql/updates leads from $released to $VERSION"
  fi
  [[ -n ${LIBRARY:-} ]] || continue
  missing=$(grep -hoE "'MODULE_PATHNAME', *'[a-z0-9_]+'" "$script" | sed -E "s/.*, *'([a-z0-9_]+)'/\1/" | sort -u |
    comm -23 - <(nm -D --defined-only "$LIBRARY" | awk '{print $NF}' | sort))
  [[ -z $missing ]] || say "functions of $released that the library has no more: $missing"
done
newest=$(grep -m 1 '^## ' CHANGELOG.md)
if [[ $newest != *'(unreleased)'* && ! -e regress/releases/pg_glucose--$VERSION.sql ]]; then
  say "CHANGELOG.md calls \"$newest\" released, and regress/releases has no install script of $VERSION: run ./dev freeze"
fi
exit "$wrong"
