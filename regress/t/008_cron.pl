# SPDX-License-Identifier: PostgreSQL
# pg_cron lives in one database of a server. From another one, and for who may not use it, the error says what to run.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Glucose qw(set_up as_role);

my $node = PostgreSQL::Test::Cluster->new('cron');
plan skip_all => 'pg_cron is not installed'
	unless -e $node->config_data('--sharedir') . '/extension/pg_cron.control';
$node->init;
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_cron'\ncron.database_name = 'postgres'\n");
$node->start;
set_up($node, 'ada');

# What a role is told: message and hint.
sub told
{
	my ($db, $sql) = @_;
	my ($code, $out, $err) = $node->psql($db, $sql, extra_params => [ '-U', 'ada' ]);
	my ($message) = $err =~ /ERROR:\s+(.*)/;
	my ($what_to_do) = $err =~ /HINT:\s+(.*)/;
	return ($message, $what_to_do);
}

my ($error, $hint) = told('postgres', 'SELECT glucose.schedule_retraining()');
is($hint, 'Run CREATE EXTENSION pg_cron as a superuser.', 'loaded, but not created');
$node->safe_psql('postgres', 'CREATE EXTENSION pg_cron');
($error, $hint) = told('postgres', 'SELECT glucose.schedule_retraining()');
is($error, 'permission denied for schema cron', 'a role may not use it by itself');
like($hint, qr/GRANT USAGE ON SCHEMA cron TO ada\./, 'and is told what to ask for');
my ($grant) = $hint =~ /: (GRANT .*)\.$/;
$node->safe_psql('postgres', $grant);
cmp_ok(as_role($node, 'postgres', 'ada', 'SELECT glucose.schedule_retraining()'), '>', 0, 'then it may');

for my $db ('app', q{O"Brien's})
{
	$node->safe_psql('postgres', 'CREATE DATABASE "' . $db =~ s/"/""/gr . '"');
	$node->safe_psql($db, q(CREATE EXTENSION pg_glucose; SELECT glucose.setup(); SELECT glucose.grant_access('ada')));
	($error, $hint) = told($db, "SELECT glucose.schedule_retraining('30 2 * * *', 'cgm')");
	is($error, 'pg_cron is in database "postgres"', "from $db: where it is");
	my ($there) = $hint =~ /^Run in that database: (.*;)$/;
	$node->safe_psql('postgres', $there);
	is($node->safe_psql('postgres', "SELECT schedule, command, username FROM cron.job WHERE database = " . sql_text($db)),
		"30 2 * * *|CALL glucose.retrain_due('cgm')|ada", 'what the hint says does it');
	($error, $hint) = told($db, "SELECT glucose.unschedule_retraining('cgm')");
	($there) = $hint =~ /^Run in that database: (.*;)$/;
	as_role($node, 'postgres', 'ada', $there);
	is($node->safe_psql('postgres', "SELECT count(*) FROM cron.job WHERE database = " . sql_text($db)), '0', 'and undoes it');
}
is(as_role($node, 'postgres', 'ada', 'SELECT glucose.unschedule_retraining(), glucose.unschedule_retraining()'), 't|f', 'here it goes by the function');

sub sql_text { my ($text) = @_; return "'" . $text =~ s/'/''/gr . "'"; }

$node->stop;
done_testing();
