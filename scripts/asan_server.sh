# SPDX-License-Identifier: PostgreSQL
# shellcheck shell=bash disable=SC2034,SC2154
# ./dev asan --server [NAME…]: regress with a library under AddressSanitizer and UBSan, whose runtime the server loads first.
# Sourced by dev. Warnings are no errors in it: under sanitizers g++ 14 warns of what is not there.
: "${root:?}"

asan_server() {
  local log="$root/build/log/asan-server.log" status=0
  stage_preset=asan-server
  cmd_build asan-server
  stage
  # With Debian 12's C library and this runtime, the first message's catalog waits for ever for a lock of itself: no catalogs.
  echo 'extern "C" char* bindtextdomain(const char*, const char*) { return nullptr; }' |
    "${CXX:-g++}" -x c++ -shared -fPIC - -o "$stage/no_catalogs.so"
  # PostgreSQL leaves memory to the end of its processes; a report ends the process, so that the server notices, too.
  cluster_env=("LD_PRELOAD=$("${CXX:-g++}" -print-file-name=libasan.so) $stage/no_catalogs.so" "ASAN_OPTIONS=detect_leaks=0:abort_on_error=1"
    "UBSAN_OPTIONS=print_stacktrace=1")
  cmd_regress "$@" || status=$?
  cp "$cluster_log" "$log"
  if grep -aqE 'ERROR: AddressSanitizer|runtime error:' "$log"; then
    grep -aE 'ERROR: AddressSanitizer|runtime error:|^    #[0-9]+ ' "$log" | head -n 60
    die "asan: the sanitizers reported something in the server; all of it is in ${log#"$root"/}"
  fi
  say "asan: nothing reported in the server"
  return "$status"
}
