#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# What the catalogs cannot tell: whether volatility and parallel label were written down or only happened. And lines that
# can be read beside each other.
set -euo pipefail
cd "${SOURCE_DIR:?}"
# ./dev format wraps what is longer than 120 columns.
find sql regress demo scripts \( -name '*.sql' -o -name '*.spec' \) -print0 |
  xargs -0 python3 -B scripts/wrap_sql.py --check
cd sql
mapfile -t steps < <(find . -path './tables/*.sql')
perl -0777 -ne '
  my $text = $_;
  $text =~ s/--[^\n]*//g;
  print "$ARGV: CREATE OR REPLACE\n" and $bad = 1 if $text =~ /CREATE\s+OR\s+REPLACE/i;
  while ($text =~ /CREATE\s+(FUNCTION|PROCEDURE)\s+([\w.]+)\s*\((.*?)(?=CREATE\s+(?:FUNCTION|PROCEDURE)|\z)/gis) {
    my ($kind, $name, $rest) = (uc $1, $2, $3);
    my $body = $rest;
    $rest =~ s/\$(\w*)\$.*?\$\1\$//gs;
    my @wrong;
    push @wrong, "not schema-qualified" if $name !~ /^glucose\./;
    push @wrong, "no volatility" if $kind eq "FUNCTION" && $rest !~ /\b(IMMUTABLE|STABLE|VOLATILE)\b/i;
    push @wrong, "no parallel label" if $kind eq "FUNCTION" && $rest !~ /\bPARALLEL\s+(SAFE|RESTRICTED|UNSAFE)\b/i;
    push @wrong, "no comment" if $text !~ /COMMENT\s+ON\s+(FUNCTION|PROCEDURE)\s+\Q$name\E\b/i;
    print "$ARGV: $name: ", join(", ", @wrong), "\n" and $bad = 1 if @wrong;
  }
  END { exit($bad ? 1 : 0) }
' [0-9][0-9]-*.sql "${steps[@]}"
