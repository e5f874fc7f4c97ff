# SPDX-License-Identifier: PostgreSQL
# Rate limits where the library is preloaded: all sessions take from the same buckets, a rollback and reading give
# nothing back, the number of identities is bounded, and a crash of the server empties them.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);
use Glucose qw(set_up add_person as_role);

my $node = PostgreSQL::Test::Cluster->new('limits');
$node->init;
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_glucose'\nrestart_after_crash = on\n");
$node->start;
set_up($node, 'ada', 'ben', 'web');
add_person($node, $_, $_) for qw(ada ben);
my $meal = "glucose.key('ada 2026-01-28 00:00:00+00 13')";
as_role($node, 'postgres', 'ada', "SELECT glucose.train_model(glucose.key('ada'), algorithm => 'ridge', options => '{\"deploy\": true}')");

sub limit
{
	my ($predictions, $expensive) = @_;
	$node->safe_psql('postgres', "ALTER SYSTEM SET glucose.rate_limit_predictions = $predictions;
		ALTER SYSTEM SET glucose.rate_limit_expensive = $expensive");
	$node->restart;   # and all buckets are full
	return;
}

# What a statement of a role leads to: nothing, or the error.
sub said
{
	my ($role, $sql) = @_;
	my ($code, undef, $err) = $node->psql('postgres', $sql, extra_params => [ '-U', $role ], on_error_stop => 0);
	return $err;
}
my $too_often = qr/rate limit exceeded for forecasts.*Try again in \d+ second/s;

limit(4, 2);
is(said('ada', "SELECT glucose.predict_glucose($meal)"), '', 'a session is let in');
is(said('ada', "BEGIN; SELECT glucose.predict_glucose($meal); ROLLBACK"), '', 'one that rolls back, too');
is(said('ada', "BEGIN READ ONLY; SELECT * FROM glucose.glucose_forecast($meal)"), '', 'and one that reads');
is(as_role($node, 'postgres', 'ada', "SELECT kind, per_minute, available FROM glucose.rate_limits()"), 'prediction|4|1',
	'all of them have been counted');
my $parallel = $node->pg_version >= 16 ? 'debug_parallel_query' : 'force_parallel_mode';
is(said('ada', "SET $parallel = on; SELECT count(*) FROM glucose.glucose_forecast($meal)"), '',
	'one in a parallel worker is the last');
like(said('ada', "SELECT glucose.predict_glucose($meal)"), $too_often, 'then none is');
like(said('ada', "SELECT * FROM glucose.glucose_forecast($meal)"), $too_often, 'nor one that reads');
unlike(said('ben', "SELECT glucose.predict_glucose(glucose.key('ben 2026-01-28 00:00:00+00 13'))"), $too_often,
	'another one has a bucket of its own');
is(said('ada', "SELECT * FROM glucose.explain_prediction($meal, 60)"), '', 'what is expensive has another bucket');
is(as_role($node, 'postgres', 'ada', 'SELECT DISTINCT identity FROM glucose.rate_limits()'), 'ada', 'a role sees its own');
is($node->safe_psql('postgres', 'SELECT DISTINCT identity FROM glucose.rate_limits() ORDER BY 1'), "ada\nben",
	'the owner of the tables sees all');
is($node->safe_psql('postgres', "SELECT count(glucose.predict_glucose($meal)) FROM generate_series(1, 9)"), '9',
	'and is not counted');
is($node->safe_psql('postgres', 'SELECT count(*) FROM glucose.counted_call'), '0', 'no table is written');

# Jobs are done whatever their owner's limit: what is counted is that they are asked for.
as_role($node, 'postgres', 'ada', "SELECT glucose.train_model_async(glucose.key('ada'), algorithm => 'mean')");
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM glucose.training_job WHERE state = 'done'")
	or die 'the job was not done';
like(said('ada', "SELECT glucose.train_model_async(glucose.key('ada'))"), qr/rate limit exceeded for expensive calls/,
	'asking for another is one too many');

# What a call calls to do its work is not counted again, nor is it in a job.
limit(0, 1);
like(as_role($node, 'postgres', 'ada', "SELECT status FROM glucose.retrain_model(glucose.key('ada'), force => true)"),
	qr/^(deployed|kept|rejected)/, 'a retraining, which compares versions, is one call');
limit(0, 1);
as_role($node, 'postgres', 'ada', "SELECT glucose.queue_retraining(glucose.key('ada'), 'glucose', 'drift')");
$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM glucose.training_job WHERE state IN ('queued', 'running')")
	or die 'the retraining was not done';
is($node->safe_psql('postgres', "SELECT count(*) FROM glucose.training_job WHERE state = 'failed'"), '0',
	'nor is what a job does');

# However many sessions ask at once, the rate is the rate.
limit(60, 0);
my $asks = "DO \$\$
DECLARE
  n integer := 0;
BEGIN
  FOR i IN 1 .. 200 LOOP
    BEGIN
      PERFORM glucose.predict_glucose(gen_random_uuid());
    EXCEPTION
      WHEN no_data_found THEN n := n + 1;
      WHEN configuration_limit_exceeded THEN NULL;
    END;
  END LOOP;
  RAISE NOTICE 'let in: %', n;
END \$\$";
my $started = time;
my (@out, @sessions);
for my $i (0 .. 3)
{
	push @sessions, IPC::Run::start([ 'psql', '-Xq', '-U', 'ada', '-d', $node->connstr('postgres'), '-c', $asks ],
		'<', \undef, '>&', \$out[$i]);
}
$_->finish for @sessions;
my $seconds = time - $started;
my $let_in = 0;
$let_in += /let in: (\d+)/ ? $1 : die $_ for @out;
cmp_ok($let_in, '>=', 60, 'four sessions at once take all');
cmp_ok($let_in, '<=', 60 + $seconds + 1, 'and no more than there are');

# More identities than there is room for: who has asked least is forgotten first, who has none left is not.
limit(2, 0);
my $crowd = "SET glucose.identity = claims; SET ROLE web;
CREATE FUNCTION pg_temp.ask(who text, times integer) RETURNS text LANGUAGE plpgsql AS \$\$
BEGIN
  PERFORM set_config('request.jwt.claims', jsonb_build_object('sub', who)::text, false);
  FOR i IN 1 .. times LOOP
    BEGIN
      PERFORM glucose.predict_glucose(gen_random_uuid());
    EXCEPTION WHEN SQLSTATE 'PT404' THEN NULL;
    END;
  END LOOP;
  RETURN 'let in';
EXCEPTION WHEN SQLSTATE 'PT429' THEN
  RETURN 'refused';
END \$\$;";
$node->safe_psql('postgres', 'GRANT TEMP ON DATABASE postgres TO web');
is($node->safe_psql('postgres', "$crowd
SELECT pg_temp.ask('greedy', 2);
SELECT pg_temp.ask('first', 1);
SELECT count(pg_temp.ask('one of many ' || i, 1)) FROM generate_series(1, 9000) i;
SELECT pg_temp.ask('greedy', 1);
RESET ROLE;
SELECT count(DISTINCT identity), count(*) FILTER (WHERE identity = 'first'), count(*) FILTER (WHERE identity = 'greedy')
FROM glucose.rate_limits()"), "let in\nlet in\n9000\nrefused\n8192|0|1", 'the fullest bucket makes room');
is($node->safe_psql('postgres', "$crowd SELECT pg_temp.ask(repeat('x', 200) || i, 2) FROM generate_series(1, 2) i;
SELECT pg_temp.ask(repeat('x', 200) || 1, 1)"), "let in\nlet in\nrefused", 'long identities that begin alike are two');

# A backend that dies takes the server's shared memory along.
like(said('ada', "SELECT glucose.predict_glucose($meal) FROM generate_series(1, 4)"), $too_often, 'none left');
my $pid = $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type = 'background writer'");
kill 'KILL', $pid;
$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $pid") or die 'the server did not come back';
is($node->safe_psql('postgres', 'SELECT count(*) FROM glucose.rate_limits()'), '0', 'a crash empties what was counted');
is(said('ada', "SELECT glucose.predict_glucose($meal) FROM generate_series(1, 2)"), '', 'and all are let in again');

$node->stop;
done_testing();
