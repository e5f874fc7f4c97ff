# SPDX-License-Identifier: PostgreSQL
# After forget_person(), purge_remains() and what that says is to be run, no byte of the person is in the data directory,
# but in the write-ahead log; and no other session keeps what it had of the person in memory.
use strict;
use warnings;
use File::Find;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Glucose qw(set_up add_person as_role);

my $node = PostgreSQL::Test::Cluster->new('erasure');
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off");
$node->start;
set_up($node, 'ada', 'bea');
add_person($node, $_, $_) for qw(ada bea);
for my $name (qw(ada bea))
{
	as_role($node, 'postgres', $name, "SELECT glucose.train_model(glucose.key('$name'), algorithm => 'ridge',
		options => '{\"deploy\": true}')");
	as_role($node, 'postgres', $name, "SELECT count(glucose.predict_glucose(meal_id)) FROM glucose.meal");
}
$node->safe_psql('postgres', 'VACUUM ANALYZE; CHECKPOINT');

# What is looked for: the person and each of its meals, as they are stored.
my %needles;
for my $name (qw(ada bea))
{
	my @ids = split /\n/, $node->safe_psql('postgres', "SELECT replace(glucose.key('$name')::text, '-', '')
		UNION ALL SELECT replace(meal_id::text, '-', '') FROM glucose.meal WHERE person_id = glucose.key('$name')");
	# Stored as bytes, and as text in statistics of jsonb and in messages.
	$needles{$name} = [ map { (pack('H*', $_), join('-', unpack('A8 A4 A4 A4 A12', $_))) } @ids ];
}

# How many files have one of them: of tables and the rest, and of the write-ahead log.
sub files_with
{
	my ($name) = @_;
	my $any = join '|', map { quotemeta } @{ $needles{$name} };
	my @found = ([], []);
	find({ no_chdir => 1, wanted => sub {
		return unless -f $_ and open my $file, '<:raw', $_;
		local $/;
		my $bytes = <$file>;
		push @{ $found[ m{/pg_wal/} ? 1 : 0 ] }, $_ if defined $bytes and $bytes =~ /$any/s;
	} }, $node->data_dir);
	return @found;
}

my ($tables, $wal) = files_with('ada');
cmp_ok(scalar(@$tables), '>', 5, 'the bytes are found while the person is there');

# A session that has read a person's days.
my $days = $node->background_psql('postgres', on_error_stop => 0);
my ($gone, $stays) = map { as_role($node, 'postgres', 'bea', "SELECT glucose.simulate_person($_, 60)") } (1, 2);
as_role($node, 'postgres', 'bea', "SELECT glucose.train_model('$gone', 'daily:STEPS', 'ridge', '{\"deploy\": true}'),
	glucose.train_model('$stays', 'cgm', 'linear', '{\"deploy\": true}')");
$days->query_safe("SET ROLE bea; SELECT count(*) FROM glucose.metric_forecast('$gone', 'STEPS', '2026-02-20'); RESET ROLE");
sub keeps_days { return $days->query_safe("SELECT count(*) FROM pg_backend_memory_contexts WHERE name = 'pg_glucose days'"); }
is(keeps_days(), 1, 'a session keeps the days it has read last');
as_role($node, 'postgres', 'bea', "SELECT glucose.forget_person('$gone', '$gone')");
$days->query_safe("SET ROLE bea;
	SELECT count(*) FROM glucose.cgm_forecast('$stays', '2026-02-20 12:00+00'); RESET ROLE");
is(keeps_days(), 0, 'and drops them at the next forecast of anybody when the person is erased');
$days->quit;
as_role($node, 'postgres', 'bea', "SELECT glucose.forget_person('$stays', '$stays')");
$node->safe_psql('postgres', 'CHECKPOINT');

# A session that has the person's model and rows in memory.
my $other = $node->background_psql('postgres', extra_params => [ '-U', 'bea' ], on_error_stop => 0);
sub ask { return $other->query_safe("SELECT count(glucose.predict_glucose(meal_id)) FROM (SELECT meal_id FROM glucose.meal LIMIT 3) m;
	SELECT entries || ' ' || evictions FROM glucose.cache_stats()"); }
ask();
my $before = $other->query_safe("SELECT misses FROM glucose.cache_stats()");

like(as_role($node, 'postgres', 'ada', "SELECT glucose.forget_person(glucose.key('ada'), glucose.key('ada')::text)"),
	qr/"glucose_reading": [0-9]{4}/, 'a person is erased');
ask();
is($other->query_safe("SELECT misses FROM glucose.cache_stats()"), $before + 1,
	'another session has dropped all models and reads its own anew, once');
ask();
is($other->query_safe("SELECT misses FROM glucose.cache_stats()"), $before + 1, 'and no more');
$other->quit;

$node->safe_psql('postgres', 'VACUUM; CHECKPOINT');
($tables, $wal) = files_with('ada');
note(scalar(@$tables) . ' files have the person after VACUUM, ' . scalar(@$wal) . ' of the write-ahead log');

$node->safe_psql('postgres', $_)
  for split /\n/, $node->safe_psql('postgres', 'SELECT to_run FROM glucose.purge_remains()');
$node->safe_psql('postgres', 'CHECKPOINT');
($tables, $wal) = files_with('ada');
is("@$tables", '', 'no file but of the write-ahead log has a byte of the person');
cmp_ok(scalar((files_with('bea'))[0]->@*), '>', 5, 'the other person is there');

done_testing();
