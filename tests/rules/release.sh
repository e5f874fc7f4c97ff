#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# asan and tidy take too long for every run, so a release says that they were not forgotten: as soon as CHANGELOG.md does
# not call its newest version unreleased, it has a line "Checked: HASH" of this very code (./dev test --all prints it).
set -euo pipefail
cd "${SOURCE_DIR:?}"
newest=$(grep -m 1 '^## ' CHANGELOG.md)
[[ $newest != *'(unreleased)'* ]] || exit 0
hash=$(bash scripts/code_hash.sh)
grep -qx "Checked: $hash" <<<"$(awk '/^## / { n++ } n == 1' CHANGELOG.md)" || {
  echo "CHANGELOG.md: \"$newest\" is released without \"Checked: $hash\"; run ./dev test --all and copy the line it prints"
  exit 1
}
