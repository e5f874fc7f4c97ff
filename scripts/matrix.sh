# SPDX-License-Identifier: PostgreSQL
# shellcheck shell=bash disable=SC2154
# ./dev matrix: Debian 13 (PostgreSQL 17, g++ 14) in a folder, for root on a Debian system. Sourced by dev.
: "${root:?}"
# shellcheck source=scripts/deps.sh
source "$root/scripts/deps.sh"

matrix_folder=${GLUCOSE_MATRIX:-$root/build/trixie}

# in_trixie COMMAND…: in a mount namespace of its own, so that nothing stays mounted. This tree is /src there, with a
# build folder of its own.
in_trixie() {
  mkdir -p "$matrix_folder"/{src,src.build,root/.cache}
  # shellcheck disable=SC2016  # expanded by the shell inside
  unshare --mount bash -ec '
    folder=$1 tree=$2
    shift 2
    mount -t proc proc "$folder/proc"
    mount --rbind /dev "$folder/dev"
    mount --bind "$tree" "$folder/src"
    mkdir -p "$folder/src/build"
    mount --bind "$folder/src.build" "$folder/src/build"
    exec chroot "$folder" env -i HOME=/root TERM=dumb LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin CI="${CI:-}" JOBS="${JOBS:-}" \
      CMAKE_CXX_COMPILER_LAUNCHER="${GLUCOSE_MATRIX_LAUNCHER:-}" "$@"' in_trixie "$matrix_folder" "$root" "$@"
}

prepare_trixie() {
  ((EUID == 0)) || die "matrix: needs root, for chroot"
  if [[ ! -e $matrix_folder/etc/debian_version ]]; then
    install_missing debootstrap
    say "matrix: Debian 13 into $matrix_folder"
    quietly debootstrap debootstrap --variant=minbase --include=ca-certificates trixie "$matrix_folder" http://deb.debian.org/debian
  fi
  in_trixie /src/dev deps
}

# old_server: this machine's own server with this extension, and what it needs of libraries that are not there, into /old:
# from it pg_upgrade goes to the other one.
old_server() {
  local old="$matrix_folder/old" library
  cmd_build
  stage
  rm -rf "$old"
  mkdir -p "$old/lib"
  cp -rL "$stage/usr" "$old/"
  rm -f "$old$("$PG_CONFIG" --pkglibdir)/llvmjit.so"  # a compiler to take along for a test that needs none
  ldd "$bin"/postgres "$bin"/psql "$bin"/pg_dump "$stage_lib"/{pg_glucose,plpgsql,libpqwalreceiver}*.so 2>/dev/null | awk '$2 == "=>" && $3 ~ /^\// { print $3 }' | sort -u | while read -r library; do
    find "$matrix_folder"/usr/lib/x86_64-linux-gnu "$matrix_folder"/lib -name "${library##*/}" 2>/dev/null | grep -q . || cp -L "$library" "$old/lib/"
  done
}

matrix() {
  local status=0
  prepare_trixie
  if (($#)); then in_trixie /src/dev "$@"; return; fi
  in_trixie /src/dev unit || status=1
  in_trixie /src/dev regress || status=1
  old_server
  in_trixie env LD_LIBRARY_PATH=/old/lib PGG_OLD_SERVER="/old$(dirname "$("$PG_CONFIG" --bindir)")" /src/dev tap 013_pg_upgrade.pl || status=1
  return "$status"
}
