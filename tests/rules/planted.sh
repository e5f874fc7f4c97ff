#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# The planted defects do not rot: each says what it breaks and what should catch it, and still applies. In the copy that
# ./dev planted makes there are none.
set -euo pipefail
cd "${SOURCE_DIR:?}"
[[ -d tests/planted ]] || exit 0
export GIT_CEILING_DIRECTORIES=${SOURCE_DIR%/*}
failed=0
complain() { echo "$1"; failed=1; }
n=0
for patch in tests/planted/*.patch; do
  n=$((n + 1))
  [[ ${patch##*/} =~ ^[0-9]{2}-[a-z0-9-]+\.patch$ ]] || complain "$patch: NN-name.patch only"
  [[ $(head -n 1 "$patch") != "Caught by:"* ]] || complain "$patch: the first line says what it breaks"
  grep -qE '^Caught by: (regress|isolation|roles|tap|allocations|unit -R) [^ ]' "$patch" || complain "$patch: no line \"Caught by: PART\""
  git apply --check --whitespace=nowarn "$patch" || complain "$patch does not apply any more: make it again by hand"
done
((n >= 40)) || complain "only $n planted defects"
exit "$failed"
