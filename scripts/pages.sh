# SPDX-License-Identifier: PostgreSQL
# shellcheck shell=bash
# ./dev pages: pages as a browser and a screen reader have them: html-validate, and axe-core in headless Chromium. Sourced
# by dev.
: "${root:?}"

# What Debian 12's Node.js (18) runs.
page_checkers=(html-validate@9.7.1 axe-core@4.14.1)

pages() {
  local into=$root/build/pages failed=0 page
  (($#)) || die "pages FILE…"
  if ! command -v npm >/dev/null || ! command -v chromium >/dev/null; then
    say "skipped: no npm or no chromium (./dev deps installs them), so nothing has looked at ${*##*/}"
    return
  fi
  mkdir -p "$into"
  if [[ $(cat "$into/installed" 2>/dev/null) != "${page_checkers[*]}" ]]; then
    if ! (cd "$into" && npm install --prefix . --no-save --no-package-lock --no-fund --no-audit "${page_checkers[@]}" >npm.log 2>&1); then
      say "skipped: npm does not give ${page_checkers[*]} ($into/npm.log), so nothing has looked at ${*##*/}"
      return
    fi
    echo "${page_checkers[*]}" >"$into/installed"
  fi
  for page in "$@"; do
    "$into/node_modules/.bin/html-validate" --preset standard,a11y "$page" || failed=1
  done
  node "$root/scripts/pages.mjs" "$into" "$@" || failed=1
  ((failed == 0)) || die "a page is not as it should be"
  say "pages: $# valid, accessible and readable; what they look like is in build/pages"
}
