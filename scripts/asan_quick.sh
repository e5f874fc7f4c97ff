# SPDX-License-Identifier: PostgreSQL
# shellcheck shell=bash
# ./dev asan --quick: the unit tests of what reads texts that come from elsewhere, under AddressSanitizer and UBSan, built
# without the rest of core. Sourced by dev.
: "${root:?}" "${jobs:?}"

asan_quick() {
  say "build: asan, reader_tests"
  cd "$root" || return
  quietly configure-asan cmake --preset asan
  quietly build-asan-quick cmake --build build/asan -j "$jobs" --target reader_tests
  "$root/build/asan/tests/reader_tests" --gtest_brief=1 || return
  "$root/build/asan/tests/reader_tests" --gtest_list_tests | awk '/^  / { n++ } END { print n " tests passed under AddressSanitizer and UBSan" }'
}
