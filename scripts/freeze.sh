# SPDX-License-Identifier: PostgreSQL
# shellcheck shell=bash
# ./dev freeze: the install script of this version, as it is now, becomes the one that is released. Sourced by dev.
: "${root:?sourced by ./dev}"

freeze() {
  local version script frozen
  version=$(sed -nE 's/^project\(pg_glucose VERSION ([0-9.]+).*/\1/p' "$root/CMakeLists.txt")
  frozen=$root/regress/releases/pg_glucose--$version.sql
  if git -C "$root" rev-parse -q --verify "refs/tags/v$version" >/dev/null; then
    die "v$version is released already: raise the version in CMakeLists.txt and META.json"
  fi
  cmd_build
  script=$root/build/dev/pg_glucose--$version.sql
  mkdir -p "${frozen%/*}"
  cp "$script" "$frozen"
  say "froze ${frozen#"$root"/}: commit it with the release. From now on rule.releases wants an update script for any other SQL"
}
