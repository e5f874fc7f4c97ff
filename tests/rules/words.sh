#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# No text that can reach a person speaks of dosing, diagnosis, treatment or urgency, and no page or document is without
# the disclaimer; and the rule finds what is planted.
set -euo pipefail
python3 -B "${SOURCE_DIR:?}/scripts/word_rules.py" --test
python3 -B "${SOURCE_DIR:?}/scripts/word_rules.py"
