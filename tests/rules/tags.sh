#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# An editor finds a SQL function by its SQL name: .ctags.d/ tells ctags what SQL_FUNCTION and COUNTED_FUNCTION make, where ctags is installed.
set -euo pipefail
cd "${SOURCE_DIR:?}"
[[ $(ctags --version 2>/dev/null) == *'Universal Ctags'* ]] || exit 0
tags=$(ctags -R -f - src/pg | cut -f 1 | sort -u)
missing=$(grep -rhoE '^(SQL|COUNTED)_FUNCTION\([a-z0-9_]+' src/pg | sed 's/.*(//' | sort -u | comm -23 - <(printf '%s\n' "$tags"))
[[ -z $missing ]] || { echo "not in the tags: $missing"; exit 1; }
