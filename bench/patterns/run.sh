#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# ./dev bench patterns [PERSONS [SEED]]: of so many (200) simulated persons of each kind, in how many glucose_patterns() claims
# one where there is none, and finds one of 20 mg/dL that is planted; after 14, 28 and 91 days.
set -euo pipefail
root=$(readlink -f "${BASH_SOURCE[0]%/*}/../..")
cmake -G Ninja -S "$root" -B "$root/build/bench-core" -DCMAKE_BUILD_TYPE=Release -DPGG_BENCH=ON -DPGG_SERVER=OFF -DPGG_TESTS=OFF >&2
cmake --build "$root/build/bench-core" --target patterns_bench >&2
"$root/build/bench-core/bench/patterns/patterns_bench" "$@"
