# SPDX-License-Identifier: PostgreSQL
# A server that dies in the middle of a training comes back with every committed version and no half of another; and a
# training does not outlive its postmaster, whose successor it would keep from starting.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Glucose qw(set_up add_person as_role);

my $node = PostgreSQL::Test::Cluster->new('crash');
$node->init;
$node->start;
set_up($node, 'ada');
add_person($node, 'ada', 'ada');
as_role($node, 'postgres', 'ada', "SELECT glucose.train_model(glucose.key('ada'), algorithm => 'ridge')");

my $state = "SELECT version, algorithm, is_active, encode(sha256, 'hex') FROM glucose.model_version ORDER BY 1";
my $committed = as_role($node, 'postgres', 'ada', $state);
isnt($committed, '', 'a version is committed');

# One training that is done but not committed, and one that is still computing.
my @trainings = (
	[ 'BEGIN', "SELECT glucose.train_model(glucose.key('ada'), algorithm => 'mean')", 'SELECT pg_sleep(600)' ],
	[ "SELECT glucose.train_model(glucose.key('ada'), algorithm => 'lstm',
		options => '{\"epochs\": 10000, \"patience\": 10000}')" ]);
my ($out, @handles) = ('');
for my $statements (@trainings)
{
	push @handles, IPC::Run::start([ 'psql', '-XAtq', '-U', 'ada', '-d', $node->connstr('postgres'),
		map { ('-c', $_) } @$statements ], '<', \undef, '>&', \$out);
	$node->poll_query_until('postgres', 'SELECT count(*) = ' . scalar(@handles) . " FROM pg_stat_activity
		WHERE usename = 'ada' AND state = 'active' AND query ~ 'pg_sleep|lstm'") or die 'no training is running';
}
$node->stop('immediate');
$_->finish for @handles;
$node->start;

is(as_role($node, 'postgres', 'ada', $state), $committed, 'the committed version is there, and no other');
is($node->safe_psql('postgres', 'SELECT count(*) FROM glucose.model_metric x LEFT JOIN glucose.model_version v
	USING (person_id, model_type, version) WHERE v IS NULL'), '0', 'no error figures without a version');
like(as_role($node, 'postgres', 'ada', "SELECT (glucose.train_model(glucose.key('ada'), algorithm => 'ridge')).version"),
	qr/^\d+\.\d+\.\d+$/, 'training works again');

# In a session, and in a background worker.
my $endless = "algorithm => 'lstm', options => '{\"epochs\": 10000, \"patience\": 10000}'";
my %computing = (
	'a session' => [ "SELECT glucose.train_model(glucose.key('ada'), $endless)",
		"backend_type = 'client backend' AND usename = 'ada' AND state = 'active'" ],
	'a worker' => [ "SELECT glucose.train_model_async(glucose.key('ada'), $endless)", "backend_type ~ '^pg_glucose'" ]);
for my $who (sort keys %computing)
{
	my ($statement, $where) = @{ $computing{$who} };
	my $session = IPC::Run::start([ 'psql', '-XAtq', '-U', 'ada', '-d', $node->connstr('postgres'), '-c', $statement ],
		'<', \undef, '>&', \$out);
	$node->poll_query_until('postgres', "SELECT count(*) > 0 FROM pg_stat_activity WHERE $where") or die 'no training';
	sleep 1;    # rows are read, steps are under way
	my $pid = $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE $where");
	$node->kill9;
	my $waited = 0;
	while (kill(0, $pid) and $waited < 100) { select undef, undef, undef, 0.1; $waited++; }
	cmp_ok($waited, '<', 50, "$who that trains ends when the postmaster is gone");
	kill 'KILL', $pid if $waited == 100;
	$session->finish;
	until ($node->start(fail_ok => 1)) { select undef, undef, undef, 0.1; die 'no start' if $waited++ > 200; }
	# What was queued is not begun again.
	$node->safe_psql('postgres', "DELETE FROM glucose.training_job");
}

$node->stop;
done_testing();
