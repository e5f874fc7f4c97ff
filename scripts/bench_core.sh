# SPDX-License-Identifier: PostgreSQL
# shellcheck shell=bash
# Programs of bench/ that need no server. Sourced by bench/*/run.sh; the caller says where the project is.
: "${root:?}"
bench_core=$root/build/bench-core

# build_bench_core TARGET: into build/bench-core; all for all of them.
build_bench_core() {
  cmake -G Ninja -S "$root" -B "$bench_core" -DCMAKE_BUILD_TYPE=Release -DPGG_BENCH=ON -DPGG_SERVER=OFF -DPGG_TESTS=OFF >&2
  cmake --build "$bench_core" --target "$1" >&2
}

# print_prior: what is known beforehand as C++, of the artifact of a population model in hexadecimal on stdin.
print_prior() { perl -ne 'chomp; print pack "H*", $_' | "$bench_core/bench/prior/print_prior"; }
