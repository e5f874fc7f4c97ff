# SPDX-License-Identifier: PostgreSQL
# shellcheck shell=bash
# ./dev planted [NAME…]: does ./dev test notice? Each tests/planted/NAME.patch breaks one promise; in a copy of the tree
# under build/planted it is applied, built, and the quickest parts that should notice are run. The parts are run without
# any patch first: what fails anyway catches nothing.
: "${root:?sourced by ./dev}"

planted_copy=$root/build/planted planted_logs=$root/build/log/planted planted_least=38

# What a patch names: each a part of ./dev test, with its arguments.
planted_parts() { sed -n 's/^Caught by: //p' "$1" | sed 's/, /\n/g'; }

planted_sums() { sed "s|^|$1/|" "$planted_logs/files" | { xargs sha256sum 2>/dev/null || true; } | sed "s|  $1/|  |" | sort; }

# The tree's files as they are now, committed or not. Only what differs is written, for the sake of the build; the patches
# stay out, for of those one would not apply.
planted_sync() {
  local file
  mkdir -p "$planted_copy"
  (cd "$root" && git ls-files --cached --others --exclude-standard) | grep -v '^tests/planted/' | sort |
    while read -r file; do if [[ -e $root/$file ]]; then echo "$file"; fi; done >"$planted_logs/files"
  planted_sums "$root" >"$planted_logs/sums"
  planted_sums "$planted_copy" | comm -23 "$planted_logs/sums" - | cut -c 67- >"$planted_logs/changed"
  tar -C "$root" -cf - -T "$planted_logs/changed" | tar -C "$planted_copy" -xmf -
  (cd "$planted_copy" && find . -type f ! -path './build/*' ! -name '*.pyc' -printf '%P\n') | sort |
    comm -13 "$planted_logs/files" - | (cd "$planted_copy" && xargs -r rm -f)
}

# The copy is no repository of its own, and is not to be taken for a folder of this one.
planted_apply() { GIT_CEILING_DIRECTORIES=$root/build git -C "$planted_copy" apply --whitespace=nowarn "$@"; }

# planted_build PART…: the unit tests are built only for who asks for them.
planted_build() {
  local tests=OFF
  if [[ " $* " == *" unit "* ]]; then tests=ON; fi
  if ! grep -qx "PGG_TESTS:BOOL=$tests" "$planted_copy/build/dev/CMakeCache.txt" 2>/dev/null; then
    cmake -S "$planted_copy" --preset dev -DPG_CONFIG="$PG_CONFIG" -DPGG_TESTS=$tests || return
  fi
  cmake --build "$planted_copy/build/dev" -j "${jobs:?}"
}

# planted_run LOG PART: the part of ./dev test in the copy.
planted_run() {
  local words
  read -ra words <<<"$2"
  bash "$planted_copy/dev" "${words[@]}" >>"$1" 2>&1
}

# Without a patch, the parts of one command together.
planted_control() {
  local log="$planted_logs/control.log" command names
  : >"$log"
  for command in regress isolation roles tap unit allocations; do
    names=$(for patch in "$@"; do planted_parts "$patch"; done | sed -n "s/^$command //p" | sed 's/^-R //' | sort -u)
    if [[ -z $names ]]; then continue; fi
    if [[ $command == unit ]]; then names="-R $(paste -sd '|' <<<"$names")"; fi
    (planted_build "$command") >>"$log" 2>&1 || die "without any patch it does not build: ${log#"$root"/}"
    say "without a patch: $command $(paste -sd ' ' <<<"$names")"
    planted_run "$log" "$command $(paste -sd ' ' <<<"$names")" || die "it fails without any patch: ${log#"$root"/}"
  done
}

# planted_try PATCH: prints the verdict; true when it is caught, 2 when there was no such defect to catch.
planted_try() {
  local name log part started=$SECONDS verdict="NOT caught" by=""
  name=$(basename "$1" .patch)
  log=$planted_logs/$name.log
  planted_apply "$1" >"$log" 2>&1 || { echo "DOES NOT APPLY  $name"; return 2; }
  # shellcheck disable=SC2046  # words of all parts
  if (planted_build $(planted_parts "$1")) >>"$log" 2>&1; then
    while read -r part; do
      by=$part
      planted_run "$log" "$part" || { verdict="caught"; break; }
    done < <(planted_parts "$1")
  else
    verdict="DOES NOT BUILD"
  fi
  planted_apply -R "$1" >>"$log" 2>&1 || die "$name cannot be taken back: remove build/planted"
  printf '%-14s  %s: %s (%d s)\n' "$verdict" "$name" "$by" $((SECONDS - started))
  if [[ $verdict == "DOES NOT BUILD" ]]; then return 2; fi
  [[ $verdict == caught ]]
}

planted() {
  local patches=() patch name caught=0 rotten=0 kind status
  if (($#)); then
    for name in "$@"; do patches+=("$root/tests/planted/$name.patch"); done
    for patch in "${patches[@]}"; do [[ -f $patch ]] || die "no ${patch#"$root"/}"; done
  else
    patches=("$root"/tests/planted/*.patch)
  fi
  mkdir -p "$planted_logs"
  if command -v ccache >/dev/null; then
    export CMAKE_CXX_COMPILER_LAUNCHER=ccache CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1
  fi
  planted_sync
  planted_control "${patches[@]}"
  # Those of the server, then those of unit tests: what is built changes once.
  for kind in server unit; do
    for patch in "${patches[@]}"; do
      if grep -q '^Caught by: unit' "$patch"; then [[ $kind == unit ]] || continue; else [[ $kind == server ]] || continue; fi
      status=0
      planted_try "$patch" || status=$?
      case $status in 0) caught=$((caught + 1)) ;; 2) rotten=$((rotten + 1)) ;; esac
    done
  done
  say "$caught of ${#patches[@]} planted defects caught; what the tests printed is in build/log/planted"
  ((rotten == 0)) || die "$rotten of them are no defects any more: make them again by hand"
  if (($# == 0)); then ((caught >= planted_least)); else ((caught == ${#patches[@]})); fi
}
