# SPDX-License-Identifier: PostgreSQL
# Many ask for background trainings: nobody takes all the places, all the processes or the queue from the others, in one
# database or another.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);
use Glucose qw(set_up as_role);

my $node = PostgreSQL::Test::Cluster->new('queue');
$node->init;
$node->append_conf('postgresql.conf', "max_worker_processes = 24\nglucose.max_training_workers = 2\nmax_connections = 80\n");
$node->start;
set_up($node, 'ada', 'ben', 'web');
$node->safe_psql('postgres', 'ALTER ROLE web NOLOGIN');

my $long = q({"epochs": 10000, "patience": 10000, "hidden": [64, 64]});
sub long_job { my ($person) = @_; return "glucose.train_model_async($person, algorithm => 'lstm', options => '$long')"; }
sub ask { return $node->safe_psql($_[1] // 'postgres', $_[0]); }
sub workers { return ask("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'pg_glucose training'"); }
sub cancel_all
{
	my ($db) = @_;
	ask('SELECT count(glucose.cancel_training(job_id)) FROM glucose.training_job', $db);
	$node->poll_query_until($db // 'postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'pg_glucose training'")
	  or die 'workers do not end';
	return;
}
# Waits for a state of the newest job of somebody; what it took of attempts.
sub job_of
{
	my ($who, $state) = @_;
	ok($node->poll_query_until('postgres', "SELECT state = '$state' FROM glucose.training_job WHERE requested_by = '$who' ORDER BY queued_at DESC LIMIT 1"),
		"the job of $who is $state");
	return;
}

my %person;
for my $who ('ada', 'ben')
{
	$person{$who} = [ split /\n/, as_role($node, 'postgres', $who, 'SELECT glucose.simulate_person(n, 20) FROM generate_series(1, 12) n') ];
}

# Ten long jobs of one identity, and one short of another.
as_role($node, 'postgres', 'ada', 'SELECT ' . join(', ', map { long_job("'$_'") } @{ $person{ada} }[ 0 .. 9 ]));
ok($node->poll_query_until('postgres', "SELECT count(*) = 2 FROM glucose.training_job WHERE state = 'running' AND progress > 0"),
	'two of them run');
as_role($node, 'postgres', 'ben', "SELECT glucose.train_model_async('$person{ben}[0]', algorithm => 'ridge')");
job_of('ben', 'done');
ok($node->poll_query_until('postgres', "SELECT count(*) = 2 FROM glucose.training_job WHERE state = 'running' AND requested_by = 'ada'"),
	'then both places are taken again');
is(ask("SELECT count(*), count(*) FILTER (WHERE attempts > 1) FROM glucose.training_job WHERE requested_by = 'ada' AND state IN ('queued', 'running')"),
	'10|0', 'who has stepped back is queued, and has lost no attempt');
cmp_ok(workers(), '<=', 3, 'no more processes than places, but for one that goes');
cancel_all();

# Whose persons are locked, by whatever holds them, do not stand before the others.
my ($in, $out, $err) = ('', '', '');
my $session = IPC::Run::start([ 'psql', '-XAtq', '-U', 'ada', '-d', $node->connstr('postgres') ], '<', \$in, '>', \$out, '2>', \$err);
$in .= "BEGIN;\nSELECT count(glucose.try_lock_person(person_id)) FROM glucose.person;\n";
$session->pump until $out =~ /12/;
as_role($node, 'postgres', 'ada', "SELECT count(glucose.train_model_async('$person{ada}[0]', algorithm => 'mean')) FROM generate_series(1, 55)");
as_role($node, 'postgres', 'ada', "SELECT count(glucose.train_model_async(person_id, algorithm => 'mean')) FROM glucose.person");
as_role($node, 'postgres', 'ben', "SELECT glucose.train_model_async('$person{ben}[1]', algorithm => 'ridge')");
job_of('ben', 'done');
is(ask("SELECT count(*) FROM glucose.training_job WHERE state = 'queued'"), '67', 'what is locked waits');
$in .= "COMMIT;\n\\q\n";
$session->finish;
ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM glucose.training_progress"), 'and is done when the lock is gone');

# Forty transactions at once do not take the server's processes.
my @clients = map {
	my $person = $person{ada}[ $_ % 12 ];
	IPC::Run::start([ 'psql', '-XAtq', '-U', 'ada', '-d', $node->connstr('postgres'), '-c', 'SELECT ' . long_job("'$person'") ],
		'<', \undef, '>', \my $o, '2>', \my $e)
} 1 .. 40;
my $most = 0;
for (1 .. 30) { my $n = workers(); $most = $n if $n > $most; sleep 0.05; }
$_->finish for @clients;
cmp_ok($most, '<=', 3, 'forty transactions start no more processes than there are places, but for one that goes');
is(ask("SELECT count(*) FROM glucose.training_job WHERE state IN ('queued', 'running')"), '40', 'all forty are queued');

# Another database has its turn.
ask('CREATE DATABASE other');
ask("CREATE EXTENSION pg_glucose", 'other');
ask("SELECT glucose.setup(); SELECT glucose.grant_access('ben')", 'other');
my $there = as_role($node, 'other', 'ben', 'SELECT glucose.simulate_person(1, 20)');
as_role($node, 'other', 'ben', "SELECT glucose.train_model_async('$there', algorithm => 'ridge')");
ok($node->poll_query_until('other', "SELECT state = 'done' FROM glucose.training_job"), 'a job of another database is done meanwhile');
ok($node->poll_query_until('postgres', "SELECT count(*) = 2 FROM glucose.training_job WHERE state = 'running'"), 'then the first has its places back');
cancel_all();

# A worker that is told to end leaves its job to be taken again; its place is free.
ask("SELECT " . long_job("'$person{ada}[0]'"));
$node->poll_query_until('postgres', "SELECT state = 'running' AND progress > 0 FROM glucose.training_job ORDER BY queued_at DESC LIMIT 1");
ask("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE backend_type = 'pg_glucose training'");
$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'pg_glucose training'");
ask('SELECT glucose.start_training_workers()');
ok($node->poll_query_until('postgres', "SELECT attempts = 2 AND state = 'running' FROM glucose.training_job ORDER BY queued_at DESC LIMIT 1"),
	'it is taken again');
cancel_all();

# By claims, every identity is one of its own, though all have one role, which cannot log in.
$node->append_conf('postgresql.conf', "glucose.identity = 'claims'\n");
$node->reload;
my @mine;
for my $sub ('mona', 'noor')
{
	my $claims = qq(SET request.jwt.claims = '{"sub": "$sub"}'; SET ROLE web;);
	push @mine, $node->safe_psql('postgres', "$claims SELECT glucose.simulate_person(1, 20)");
	$node->safe_psql('postgres', "$claims SELECT glucose.train_model_async('$mine[-1]', algorithm => 'ridge')");
}
ok($node->poll_query_until('postgres', "SELECT count(*) = 2 FROM glucose.training_job WHERE requested_by = 'web' AND state = 'done'"),
	'the jobs of two identities of one role are done');
is(ask("SELECT string_agg(identity, ' ' ORDER BY identity), count(DISTINCT person_id) FROM glucose.training_job WHERE requested_by = 'web'"),
	'mona noor|2', 'each under its own');

$node->stop;
done_testing();
