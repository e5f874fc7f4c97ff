# SPDX-License-Identifier: PostgreSQL
# shellcheck shell=bash
# ./dev fuzz [EXECUTIONS [TARGET…]]: libFuzzer with AddressSanitizer and UBSan on what reads texts and bytes that come
# from elsewhere. Sourced by dev.
: "${root:?}" "${jobs:?}"
# shellcheck source=scripts/deps.sh
source "$root/scripts/deps.sh"

# Of a hundred executions, so many each: by how quick they are and how much there is to reach. And the longest input.
fuzz_targets='moment 30 64
json 25 2048
options 15 1024
rule 15 2048
token 12 4096
artifact 3 65536'

# fuzz_one EXECUTIONS LONGEST TARGET: its output goes to build/log, an input that fails to build/fuzz/failed. The corpus
# is made anew from the seeds when there is none, and grows in build/fuzz/corpus.
fuzz_one() {
  local corpus="$root/build/fuzz/corpus/$3" log="$root/build/log/fuzz-$3.log" status=0 words=()
  [[ ! -e $root/tests/fuzz/$3.dict ]] || words=(-dict="$root/tests/fuzz/$3.dict")
  mkdir -p "$corpus" "$root/build/fuzz/failed"
  "$root/build/fuzz/tests/fuzz/$3_fuzz" -runs="$1" -max_len="$2" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 "${words[@]}" \
    -artifact_prefix="$root/build/fuzz/failed/$3-" "$corpus" >"$log" 2>&1 || status=$?
  awk -v name="$3" -v status="$status" '
    /^stat::number_of_executed_units/ { n = $2 } /^stat::average_exec_per_sec/ { rate = $2 } / cov: / { edges = $4 }
    END { printf "%-8s %s %10d executions, %d a second, %d edges\n", name, status == 0 ? "ok    " : "FAILED", n, rate, edges }' "$log"
  ((status == 0)) || { grep -aE '^(==|SUMMARY|does not hold|Test unit written|#[0-9])|ERROR' "$log" | head -n 20; return "$status"; }
}

fuzz() {
  local executions=${1:-1000000} target share longest failed=0
  (($#)) && shift
  install_missing clang libclang-rt-14-dev
  cmd_build fuzz
  if [[ ! -d $root/build/fuzz/corpus ]]; then "$root/build/fuzz/tests/fuzz/make_corpus" "$root/build/fuzz/corpus"; fi
  mkdir -p "$root/build/log"
  while read -r target share longest; do
    (($# == 0)) || [[ " $* " == *" $target "* ]] || continue
    while (($(jobs -rp | wc -l) >= jobs)); do wait -n || failed=1; done
    fuzz_one $((executions * share / 100)) "$longest" "$target" &
  done <<<"$fuzz_targets"
  while (($(jobs -p | wc -l) > 0)); do wait -n || { (($? == 127)) && break; failed=1; }; done
  ((failed == 0)) || die "fuzz: what failed is in build/fuzz/failed; run it alone: build/fuzz/tests/fuzz/TARGET_fuzz FILE"
}
