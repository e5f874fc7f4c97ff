# SPDX-License-Identifier: PostgreSQL
# Eight sessions train one person at once, two hundred times in all: distinct versions, one active, no deadlock.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Glucose qw(set_up add_person as_role);

my $node = PostgreSQL::Test::Cluster->new('together');
$node->init;
$node->start;
set_up($node, 'ada');
add_person($node, 'ada', 'ada');

# Every training has its own seed, so that none is a mere repetition of another; half of them also want to go live.
my $script = $node->basedir . '/train.sql';
append_to_file($script, q(\set seed random(1, 1000000000)
\set deploy random(0, 1)
SELECT glucose.train_model(glucose.key('ada'), algorithm => 'mean',
  options => format('{"seed": %s, "deploy": %s}', :seed, CASE :deploy WHEN 1 THEN 'true' ELSE 'false' END)::jsonb);
));
my ($out, $err) = ('', '');
my $ok = IPC::Run::run([ 'pgbench', '-n', '-c', '8', '-j', '2', '-t', '25', '-f', $script, '-U', 'ada', '-h', $node->host,
	'-p', $node->port, 'postgres' ], '>', \$out, '2>', \$err);
ok($ok, 'pgbench has run') or diag $err;
like($out, qr{number of transactions actually processed: 200/200}, 'every training succeeded');
is($node->safe_psql('postgres', 'SELECT count(*), count(DISTINCT version), count(*) FILTER (WHERE is_active) FROM glucose.model_version'),
	'200|200|1', 'two hundred distinct versions, one active');
is($node->safe_psql('postgres', q(SELECT count(*) FROM glucose.deployment d WHERE previous_version IS DISTINCT FROM (
	SELECT version FROM glucose.deployment e WHERE e.deployed_at < d.deployed_at ORDER BY deployed_at DESC LIMIT 1))), '0',
	'each deployment followed the one before it');
is($node->safe_psql('postgres', "SELECT deadlocks FROM pg_stat_database WHERE datname = 'postgres'"), '0', 'no deadlock');

$node->stop;
done_testing();
