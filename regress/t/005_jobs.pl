# SPDX-License-Identifier: PostgreSQL
# Background training: no transaction is open while it computes, a cancellation is answered at once, progress only
# grows, and a worker or server that dies leaves a job to be taken again.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time sleep);
use Glucose qw(set_up add_person as_role);

my $node = PostgreSQL::Test::Cluster->new('jobs');
$node->init;
$node->append_conf('postgresql.conf', "restart_after_crash = on\n");
$node->start;
set_up($node, 'ada');
add_person($node, 'ada', 'ada');

my $long = q({"epochs": 10000, "patience": 10000, "hidden": [64, 64]});

# Kills a process of the server, and waits until the server has noticed and come back.
sub crash {
	my ($pid) = @_;
	my $offset = -s $node->logfile;
	kill 'KILL', $pid;
	$node->wait_for_log(qr/all server processes terminated; reinitializing/, $offset);
	$node->poll_query_until('postgres', 'SELECT 1', '1') or die 'the server did not come back';
	return;
}

sub queue_long
{
	return as_role($node, 'postgres', 'ada',
		"SELECT glucose.train_model_async(glucose.key('ada'), algorithm => 'lstm', options => '$long')");
}
sub job { my ($columns, $id) = @_; return $node->safe_psql('postgres', "SELECT $columns FROM glucose.training_job WHERE job_id = '$id'"); }
sub wait_for { my ($condition, $id) = @_; return $node->poll_query_until('postgres', "SELECT $condition FROM glucose.training_job WHERE job_id = '$id'"); }

# While it computes, nothing of it holds VACUUM back, and another session sees it advance.
my $id = queue_long();
ok(wait_for("state = 'running' AND progress > 0", $id), 'a worker has taken the job');
my ($xmin_held, $last, $grew, $fell) = (0, 0, 0, 0);
for (1 .. 40)
{
	# Its short reports have snapshots; two looks in a row that show the same one would be a held one.
	my ($xmin, $progress) = split /\|/, $node->safe_psql('postgres',
		"SELECT (SELECT coalesce(max(age(backend_xmin)), 0) FROM pg_stat_activity WHERE backend_type = 'pg_glucose training'),
		        progress FROM glucose.training_job WHERE job_id = '$id'");
	$node->safe_psql('postgres', 'SELECT pg_current_xact_id()');    # the horizon has something to fall behind
	$xmin_held = $xmin if $xmin > $xmin_held;
	$grew++ if $progress > $last;
	$fell++ if $progress < $last;
	$last = $progress;
	sleep 0.05;
}
cmp_ok($xmin_held, '<=', 5, 'the xmin horizon does not fall behind during a long training');
cmp_ok($grew, '>', 3, 'progress is seen to grow from another session');
is($fell, 0, 'and never to fall');

my $asked = time;
as_role($node, 'postgres', 'ada', "SELECT glucose.cancel_training('$id')");
$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'pg_glucose training'");
note(sprintf 'worker gone %.0f ms after the cancellation was asked for (including two client starts)', 1000 * (time - $asked));
is(job('state, version IS NULL', $id), 'cancelled|t', 'a cancelled job stores nothing');

# A backend that is killed takes the whole server through recovery; the job is taken again.
$id = queue_long();
ok(wait_for("state = 'running' AND progress > 0", $id), 'a worker has taken the next job');
my $pid = job('worker_pid', $id);
crash($pid);
is(job('state, attempts', $id), 'running|1', 'a dead worker leaves its job as it was');
as_role($node, 'postgres', 'ada', 'SELECT glucose.start_training_workers()');
ok(wait_for('attempts = 2 AND progress > 0', $id), 'another worker takes it again');
as_role($node, 'postgres', 'ada', "SELECT glucose.cancel_training('$id')");
$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'pg_glucose training'");

# A batch of forecasts goes on where its worker died, and asks nothing twice.
as_role($node, 'postgres', 'ada', "SELECT glucose.train_model(glucose.key('ada'), algorithm => 'ridge')");
my $versions = $node->safe_psql('postgres', 'SELECT count(*) FROM glucose.model_version');
my $batch = as_role($node, 'postgres', 'ada', "SELECT glucose.predict_async('glucose', (SELECT array_agg(meal_id)
	FROM generate_series(1, 100), (SELECT meal_id FROM glucose.meal ORDER BY eaten_at DESC LIMIT 20) m))");
my $of_batch = "FROM glucose.batch_job WHERE job_id = '$batch'";
ok($node->poll_query_until('postgres', "SELECT n_done > 0 $of_batch"), 'a worker answers');
$pid = $node->safe_psql('postgres', "SELECT worker_pid $of_batch");
crash($pid);
my ($state, $answered) = split /\|/, $node->safe_psql('postgres', "SELECT state, n_done $of_batch");
is($state, 'running', 'a dead worker leaves its batch as it was');
cmp_ok($answered, '<', 2000, 'with some of its answers');
as_role($node, 'postgres', 'ada', 'SELECT glucose.start_training_workers()');
ok($node->poll_query_until('postgres', "SELECT state = 'done' $of_batch"), 'another worker goes on with it');
is($node->safe_psql('postgres', "SELECT n_done, n_failed $of_batch"), '2000|0', 'to the end');
is(as_role($node, 'postgres', 'ada', "SELECT count(*),
	(SELECT count(*) FROM glucose.prediction) FROM glucose.job_results('$batch') WHERE state = 'done'"), '2000|2000',
	'and each is asked and logged once, as whatever a repetition is');

# The same after the server itself has gone, with short jobs behind it.
as_role($node, 'postgres', 'ada', "SELECT glucose.train_model_async(glucose.key('ada'), algorithm => a) FROM unnest('{ridge,mean,lad,ridge}'::text[]) a");
$node->stop('immediate');
$node->start;
as_role($node, 'postgres', 'ada', 'SELECT glucose.start_training_workers()');
ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM glucose.training_progress"), 'the queue runs empty');
is($node->safe_psql('postgres', "SELECT count(*) FROM glucose.training_job j LEFT JOIN glucose.model_version v USING (person_id, model_type, version)
	WHERE state = 'done' AND v IS NULL"), '0', 'every job that is done has its version');
is($node->safe_psql('postgres', 'SELECT count(*), count(*) FILTER (WHERE is_active) FROM glucose.model_version'), ($versions + 4) . '|1',
	'four versions more, one active');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'pg_glucose training'"), '0',
	'workers end when the queue is empty');

# With one place, whoever has worked for one role hands it on with what it has looked at of another's: that waits as it
# did, and what has been worked on goes on as it was.
$node->append_conf('postgresql.conf', "glucose.max_training_workers = 1\n");
$node->restart;
$node->safe_psql('postgres', "CREATE ROLE ben LOGIN; SELECT glucose.grant_access('ben')");
add_person($node, 'ben', 'ben');
as_role($node, 'postgres', 'ben', "SELECT glucose.train_model(glucose.key('ben'), algorithm => 'ridge')");
$node->safe_psql('postgres', q{
CREATE TABLE step (n serial, whose text, state text, started boolean, attempts integer, worker boolean, worked boolean);
CREATE FUNCTION note_step() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
BEGIN
  INSERT INTO step (whose, state, started, attempts, worker, worked)
  VALUES (NEW.requested_by, NEW.state, NEW.started_at IS NOT NULL, NEW.attempts, NEW.worker_pid IS NOT NULL,
          NEW.worked_at IS NOT NULL);
  RETURN NULL;
END $$;
CREATE TRIGGER note_step AFTER UPDATE ON glucose.batch_job FOR EACH ROW EXECUTE FUNCTION note_step()});
for my $who ('ada', 'ben')
{
	as_role($node, 'postgres', $who, "SELECT glucose.predict_async('glucose', (SELECT array_agg(meal_id)
		FROM generate_series(1, 200), (SELECT meal_id FROM glucose.meal ORDER BY eaten_at DESC LIMIT 20) m))");
}
ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM glucose.batch_job WHERE state IN ('queued', 'running')"),
	'the batches of two roles are done in one place');
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM step WHERE NOT worker AND NOT worked'), '>', 0,
	'one was looked at by the other\'s worker before anything of it was');
is($node->safe_psql('postgres', 'SELECT DISTINCT state, started, attempts FROM step WHERE NOT worker AND NOT worked'),
	'queued|f|0', 'and waited as before');
# On a quick machine nobody may have come by in the middle of one.
like($node->safe_psql('postgres', "SELECT DISTINCT state, started, attempts FROM step WHERE NOT worker AND worked"),
	qr/^(running\|t\|0)?$/, 'one that was worked on goes on');

$node->stop;
done_testing();
