# SPDX-License-Identifier: PostgreSQL
# shellcheck shell=bash
# ./dev deps: what is missing, by apt. Sourced by dev.
: "${PG_CONFIG:?}"

# install_missing PACKAGE…: those that are not there.
install_missing() {
  local package missing=()
  for package in "$@"; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
  done
  if ((${#missing[@]} == 0)); then say "deps: all there of ${#} packages"; return; fi
  ((EUID == 0)) || command -v sudo >/dev/null || die "neither root nor sudo; as root: apt-get install ${missing[*]}"
  say "deps: installing ${missing[*]}"
  quietly apt-update as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update &&
    quietly apt-install as_root env DEBIAN_FRONTEND=noninteractive apt-get -qy install --no-install-recommends "${missing[@]}"
}

deps() {
  local major=15 gcc=12 zones=tzdata packages for_pages
  if grep -q '^VERSION_ID="13"' /etc/os-release 2>/dev/null; then major=17 gcc=14 zones=tzdata-legacy; fi  # of Debian 13, for ./dev matrix
  [[ -x $PG_CONFIG ]] && major=$("$PG_CONFIG" --version | sed -E 's/^[^0-9]*([0-9]+).*/\1/')
  packages=(
    g++ cmake ninja-build git perl util-linux                                        # tools
    "postgresql-$major" "postgresql-server-dev-$major"                               # server
    libeigen3-dev libarmadillo-dev liblapack-dev libblas-dev "libgfortran-$gcc-dev" libboost-dev  # core
    libxgboost-dev nlohmann-json3-dev                                                # training of trees
    libgtest-dev libbenchmark-dev libipc-run-perl clang-format clang-tidy python3 "$zones"  # tests, also of old names of time zones
    python3-psycopg python3-psycopg2 python3-sqlalchemy python3-django               # trials of roles, load
    "postgresql-$major-cron"                                                         # the test of the schedule
  )
  # Pages as they are seen; without these that is skipped. Whoever has Node.js from elsewhere has npm with it, and Debian's
  # does not go with that.
  for_pages=(chromium fonts-dejavu-core)
  command -v npm >/dev/null || for_pages+=(nodejs npm)
  if [[ ${1:-} == peers ]]; then
    packages+=(
      "postgresql-plpython3-$major" python3-numpy python3-xgboost python3-torch libopenblas0-pthread  # in the database
      python3-fastapi python3-uvicorn python3-httptools python3-uvloop python3-asyncpg)  # beside it
  fi
  [[ ${1:-} != pooler ]] || packages+=(pgbouncer)
  command -v dpkg-query >/dev/null || { say "deps: not a Debian system; needed: ${packages[*]}"; return; }
  install_missing "${packages[@]}"
  install_missing "${for_pages[@]}" || say "deps: without ${for_pages[*]} nothing looks at pages"
}
