# SPDX-License-Identifier: PostgreSQL
# A server that dies comes back with everything that was committed, and the library loads again.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('crash');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION pg_glucose');
my $version = $node->safe_psql('postgres', 'SELECT glucose.version()');

$node->stop('immediate');
$node->start;
is($node->safe_psql('postgres', 'SELECT glucose.version()'), $version, 'the library answers after a crash');

$node->stop;
done_testing();
