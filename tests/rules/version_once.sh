#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# CMakeLists.txt says the version; META.json, which PGXN reads as it is, must say the same, and nobody else any.
set -euo pipefail
cd "${SOURCE_DIR:?}"
perl -MJSON::PP -e '
  my ($version, $file) = @ARGV;
  open my $in, "<", $file or die "$file: $!\n";
  my $meta = decode_json(do { local $/; <$in> });
  my $provided = $meta->{provides}{pg_glucose};
  for ([version => $meta->{version}], ["provides version" => $provided->{version}]) {
    die "META.json: $_->[0] is $_->[1], not $version\n" if $_->[1] ne $version;
  }
  for (qw(name abstract maintainer license meta-spec)) { die "META.json: no $_\n" unless $meta->{$_}; }
  for ($provided->{file}, $provided->{docfile}) { die "META.json: no file $_\n" unless -e $_; }
' "${VERSION:?}" META.json
! grep -rnF "$VERSION" src cmake extension sql/[0-9]*.sql | grep -v '^sql/[^:]*:[0-9]*:.*COMMENT ON FUNCTION glucose.version' || exit 1
