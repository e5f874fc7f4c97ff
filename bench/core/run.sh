#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# Google Benchmark of core: training, inference, features, decoding. Arguments go to it, such as --benchmark_filter=train.
set -euo pipefail
self=$(readlink -f "${BASH_SOURCE[0]}")
root=${self%/bench/*}
# shellcheck source=scripts/bench_core.sh
source "$root/scripts/bench_core.sh"
build_bench_core all
"$bench_core/bench/core/core_bench" "$@"
