#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# Google Benchmark of core: training, inference, features, decoding. Arguments go to it, such as --benchmark_filter=train.
set -euo pipefail
self=$(readlink -f "${BASH_SOURCE[0]}")
root=${self%/bench/*}
cmake -G Ninja -S "$root" -B "$root/build/bench-core" -DCMAKE_BUILD_TYPE=Release -DPGG_BENCH=ON -DPGG_SERVER=OFF -DPGG_TESTS=OFF >&2
cmake --build "$root/build/bench-core" >&2
"$root/build/bench-core/bench/core/core_bench" "$@"
