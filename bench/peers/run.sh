#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# What others need for the same work: every script of this folder, or only the named ones (lstm_pytorch).
set -euo pipefail
self=$(readlink -f "${BASH_SOURCE[0]}")
here=${self%/*}
status=0
if (($# == 0)); then for script in "$here"/*.py; do set -- "$@" "$(basename "$script" .py)"; done; fi
for name in "$@"; do
  printf '== %s\n' "$name"
  "${PYTHON:-/usr/bin/python3}" "$here/$name.py" || status=$?  # Debian's, for which python3-torch is made
done
exit "$status"
