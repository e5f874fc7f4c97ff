#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# ./dev bench patterns [PERSONS [SEED]]: of so many (200) simulated persons of each kind, in how many glucose_patterns() claims
# one where there is none, and finds one of 20 mg/dL that is planted; after 14, 28 and 91 days.
set -euo pipefail
root=$(readlink -f "${BASH_SOURCE[0]%/*}/../..")
# shellcheck source=scripts/bench_core.sh
source "$root/scripts/bench_core.sh"
build_bench_core patterns_bench
"$bench_core/bench/patterns/patterns_bench" "$@"
