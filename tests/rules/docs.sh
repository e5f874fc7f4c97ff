#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# The pages name files, headings and ./dev commands that exist. Their SQL is run by ./dev snippets.
set -euo pipefail
python3 -B "${SOURCE_DIR:?}/scripts/page_rules.py"
