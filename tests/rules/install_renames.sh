#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# Whoever looks while the library is installed over another sees one or the other, whole: a session that loaded a part of it
# would take the server down.
set -euo pipefail
[[ -n ${LIBRARY:-} ]] || exit 0
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
DESTDIR=$folder cmake --install "${BINARY_DIR:?}" >/dev/null
installed=$(find "$folder" -name pg_glucose.so)
cmp "$installed" "$LIBRARY"
[[ -z $(find "$folder" -name '*.new') ]] || { echo "left behind: $(find "$folder" -name '*.new')"; exit 1; }
perl -e '
  my ($installed, $folder, $build) = @ARGV;
  my $size = -s $installed;
  $ENV{DESTDIR} = $folder;
  for (1 .. 3) {
    utime 1, 1, $installed;    # otherwise it would be up to date
    my $before = (stat $installed)[1];
    defined(my $installer = fork) or die;
    if (!$installer) { open STDOUT, ">", "/dev/null"; exec "cmake", "--install", $build; }
    my $looks = 0;
    while (1) {
      my $is = -s $installed;
      die "while it was installed, the library had " . ($is // "no") . " of $size bytes\n" if ($is // -1) != $size;
      $looks++;
      last if $looks % 1000 == 0 && waitpid($installer, 1);
    }
    die "not installed anew\n" if (stat $installed)[9] == 1;
  }
' "$installed" "$folder" "$BINARY_DIR"
