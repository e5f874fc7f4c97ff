# SPDX-License-Identifier: PostgreSQL
# A night in the life: fifty persons over sixty days, retrained week by week, while runs overlap, stop early and are
# killed, by hand, by the workers and by pg_cron. At every moment each person has one model that serves.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);
use Glucose qw(set_up as_role);

my $persons = 50;
my $node = PostgreSQL::Test::Cluster->new('night');
plan skip_all => 'pg_cron is not installed'
	unless -e $node->config_data('--sharedir') . '/extension/pg_cron.control';
$node->init;
$node->append_conf('postgresql.conf', q{
shared_preload_libraries = 'pg_cron'
cron.database_name = 'postgres'
cron.use_background_workers = on
restart_after_crash = on
glucose.max_training_workers = 2
});
$node->start;
set_up($node, 'ada', 'night');
$node->safe_psql('postgres', q{
SELECT glucose.setup(steward => 'night');
CREATE TABLE public.seen (at timestamptz, n_serving int, n_twice int, n_lost int);
GRANT ALL ON public.seen TO night});
as_role($node, 'postgres', 'ada', "SELECT glucose.simulate_person(seed, 60) FROM generate_series(1, $persons) AS seed");

sub night { return as_role($node, 'postgres', 'night', $_[0]); }

sub is_zero
{
	my ($sql, $what) = @_;
	is(night("SELECT count(*) FROM ($sql) AS x"), '0', $what);
	return;
}

# in_background($sql): a session of the steward that runs on its own.
sub in_background
{
	my ($sql) = @_;
	my $out = '';
	return IPC::Run::start([ 'psql', '-XAtq', '-U', 'night', '-d', $node->connstr('postgres'), '-c', $sql ],
		'<', \undef, '>', \$out, '2>', \$out);
}

# Watches from a session of its own, every few milliseconds and under one snapshot each.
my $watcher;
sub watch
{
	$watcher = in_background(q{DO $$ BEGIN LOOP
	INSERT INTO public.seen
	  SELECT clock_timestamp(), count(*) FILTER (WHERE active = 1), count(*) FILTER (WHERE active > 1),
	         count(*) FILTER (WHERE active = 0 AND was_live)
	  FROM (SELECT (SELECT count(*) FROM glucose.model_version v WHERE v.person_id = p.person_id AND v.is_active) AS active,
	               EXISTS (SELECT FROM glucose.deployment d WHERE d.person_id = p.person_id) AS was_live
	        FROM glucose.person p) x;
	COMMIT; PERFORM pg_sleep(0.01);
	END LOOP; END $$});
	return;
}

sub stop_watching
{
	$node->poll_query_until('postgres', 'SELECT true') or die 'the server does not come back';
	$node->safe_psql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ~ 'INSERT INTO public.seen'
		AND pid <> pg_backend_pid()");
	$watcher->finish;
	return;
}

# kill_process($pid): kills one process of the server and waits until the server has noticed.
sub kill_process
{
	my ($pid) = @_;
	my $offset = -s $node->logfile;
	die 'too late to kill it' unless $pid && kill 'KILL', $pid;
	$node->wait_for_log(qr/all server processes terminated; reinitializing/, $offset);
	return;
}

sub tried { return night("SELECT count(*) FROM glucose.retraining_log WHERE tried_at = '$_[0]'"); }

# wave_until_killed($as_of, $kill): a run, stopped by $kill when a few persons are done; what had been committed.
sub wave_until_killed
{
	my ($as_of, $kill) = @_;
	my $run = in_background("CALL glucose.retrain_due(as_of => '$as_of')");
	$node->poll_query_until('postgres', "SELECT count(*) >= 5 FROM glucose.retraining_log WHERE tried_at = '$as_of'")
	  or die 'the run does not get on';
	my $committed = $node->safe_psql('postgres', "SELECT person_id, version, is_active, sha256 FROM glucose.model_version");
	$kill->();
	$run->finish;
	stop_watching();
	my $now = $node->safe_psql('postgres', "SELECT person_id, version FROM glucose.model_version");
	my %there = map { $_ => 1 } split /\n/, $now;
	my @lost = grep { !$there{ join '|', (split /\|/)[ 0, 1 ] } } split /\n/, $committed;
	is(scalar(@lost), 0, "no committed version is lost ($as_of)");
	cmp_ok(tried($as_of), '<', $persons, "the run was killed in the middle ($as_of)");
	watch();
	night("CALL glucose.retrain_due(as_of => '$as_of')");
	return;
}

sub backend_of_the_run
{
	return $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE query ~ '^CALL glucose.retrain_due'");
}

# Small trainings: the test is about what surrounds them. An improvement of 1 mg/dL is enough here, so that both happen.
night(q{UPDATE glucose.retraining_policy SET algorithm = 'ridge', min_improvement = 1});
watch();

# Day 14: two runs at once share the work.
my @waves = map { night("SELECT '2026-01-19Z'::timestamptz + interval '$_ weeks'") } 0 .. 6;
my @runs = map { in_background("CALL glucose.retrain_due(as_of => '$waves[0]')") } 1 .. 3;
$_->finish for @runs;
is(tried($waves[0]), $persons, 'three runs at once try everyone');
# Day 21: a run that stops early is carried on by the next one.
night("CALL glucose.retrain_due(max_persons => 20, as_of => '$waves[1]')");
is(tried($waves[1]), '20', 'a run stops after max_persons');
night("CALL glucose.retrain_due(as_of => '$waves[1]')");
night("CALL glucose.retrain_due(as_of => '$waves[1]')");
# Day 28: the run's process is killed; the server restarts by itself.
night(q{UPDATE glucose.retraining_policy SET algorithm = 'lstm', options = '{"epochs": 5, "hidden": [32]}'});
wave_until_killed($waves[2], sub { kill_process(backend_of_the_run()) });
# Day 35: the whole server is killed.
wave_until_killed($waves[3], sub {
	my $run = backend_of_the_run();
	my @pids = split /\n/, $node->safe_psql('postgres', 'SELECT pid FROM pg_stat_activity');
	$node->kill9;
	kill 'KILL', $run;
	for (1 .. 300) { last unless kill 0, @pids; usleep(100_000); }   # the others notice by themselves
	$node->start;
});
# Days 42 to 56: quiet weeks.
night(q{UPDATE glucose.retraining_policy SET algorithm = 'ridge', options = '{}'});
night("CALL glucose.retrain_due(as_of => '$_')") for @waves[ 4 .. 5 ];

# The week after the wave of day 49, which no version has seen.
my ($served, $persistence, $worse, $noise) = split /\|/, night(qq{
WITH week AS (SELECT '$waves[5]'::timestamptz AS start_at, '$waves[5]'::timestamptz + interval '1 week' AS end_at),
said AS (SELECT p.person_id, sum(e.mae * e.n) / sum(e.n) AS mae FROM glucose.person p, week,
  glucose.evaluate_model(p.person_id, 'glucose', NULL, week.start_at, week.end_at) e GROUP BY 1),
stays AS (SELECT p.person_id, avg((abs(d.targets[1] - d.features[25]) + abs(d.targets[2] - d.features[25])) / 2) AS mae
  FROM glucose.person p, week, glucose.training_dataset(p.person_id, week.start_at, week.end_at) d GROUP BY 1)
SELECT round(avg(said.mae)::numeric, 2), round(avg(stays.mae)::numeric, 2), avg(said.mae - stays.mae),
  2 * stddev_samp(said.mae - stays.mae) / sqrt(count(*)) FROM said JOIN stays USING (person_id)});
cmp_ok($worse, '<=', $noise, 'what serves is no worse than persistence, but for noise');
note("MAE of the week after: $served mg/dL served, $persistence mg/dL persistence");
night("CALL glucose.retrain_due(as_of => '$waves[6]')");

# Every wave tried everyone once; statuses, versions and deployments add up.
is(tried($_), $persons, "everyone was tried in the wave of $_") for @waves;
is_zero('SELECT person_id, tried_at FROM glucose.retraining_log GROUP BY 1, 2 HAVING count(*) > 1', 'nobody was tried twice in a wave');
is_zero(q{SELECT person_id, hyperparameters ->> 'end_at' FROM glucose.model_version GROUP BY 1, 2 HAVING count(*) > 1},
	'nobody was trained twice in a wave');
my $sums = q{SELECT count(*) FILTER (WHERE status <> 'skipped') = (SELECT count(*) FROM glucose.model_version)
	AND count(*) FILTER (WHERE status = 'deployed') = (SELECT count(*) FROM glucose.deployment)
	FROM glucose.retraining_log};
is(night($sums), 't', 'statuses, versions and deployments add up');
note('statuses: ' . night(q{SELECT string_agg(status || ' ' || n, ', ' ORDER BY status)
	FROM (SELECT status, count(*) AS n FROM glucose.retraining_log GROUP BY 1) x}));
is(night(q{SELECT count(DISTINCT status) >= 2 FROM glucose.retraining_log}), 't', 'some won, some lost');

# Half of them by the workers, one of whom is killed; whoever wins, the rest is done after a restart.
night(q{INSERT INTO glucose.retraining_override (person_id, model_type, manual)
	SELECT person_id, 'glucose', true FROM glucose.person ORDER BY person_id LIMIT 25;
	UPDATE glucose.retraining_policy SET algorithm = 'lstm', options = '{"epochs": 150}'});
is(night('SELECT glucose.batch_retrain()'), '25', 'half of them are queued');
night('SELECT glucose.batch_retrain()') for 1 .. 5;
$node->poll_query_until('postgres', "SELECT count(*) >= 3 FROM glucose.training_job WHERE state = 'done'") or die 'no job ends';
my ($worker) = split /\n/, $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type = 'pg_glucose training'");
kill_process($worker);
stop_watching();
watch();
night('SELECT glucose.start_training_workers()');
$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM glucose.training_job WHERE state IN ('queued', 'running')") or die 'the queue is not worked off';
is(night("SELECT count(*), count(DISTINCT person_id) FROM glucose.training_job WHERE state = 'done' AND version IS NOT NULL"),
	'25|25', 'the workers trained everyone queued, and nobody twice');
is(night(q{SELECT count(*), count(DISTINCT person_id) FROM glucose.retraining_log WHERE tried_at > now() - interval '1 hour'}),
	'25|25', 'and settled each once');

# The others by pg_cron, whose clock strikes every minute.
$node->safe_psql('postgres', 'CREATE EXTENSION pg_cron; GRANT USAGE ON SCHEMA cron TO night');
my $readings = night("SELECT glucose.schedule_retraining('0 4 1 1 *', 'cgm')");
is(night('SELECT schedule, command FROM cron.job'), "0 4 1 1 *|CALL glucose.retrain_due('cgm')", 'readings alone have a schedule of their own');
my $job = night('SELECT glucose.schedule_retraining()');
isnt($job, $readings, 'beside that of meals');
is(night("SELECT glucose.unschedule_retraining('cgm')"), 't', 'and each goes alone');
is(night("SELECT glucose.schedule_retraining('* * * * *')"), $job, 'the same job, with another schedule');
is(night('SELECT schedule, command, username, database FROM cron.job'), "* * * * *|CALL glucose.retrain_due('glucose')|night|postgres",
	'it names no person');
night(q{UPDATE glucose.retraining_policy SET algorithm = 'ridge', options = '{}'; DELETE FROM glucose.retraining_override});
$node->poll_query_until('postgres', q{SELECT count(*) = 50 FROM glucose.retraining_log WHERE tried_at > now() - interval '1 hour'})
  or die 'pg_cron retrained nobody';
$node->poll_query_until('postgres', q{SELECT status = 'succeeded' FROM cron.job_run_details ORDER BY runid LIMIT 1})
  or die 'the job did not end: ' . $node->safe_psql('postgres', 'SELECT status, return_message FROM cron.job_run_details');
is(night('SELECT glucose.unschedule_retraining(), glucose.unschedule_retraining()'), 't|f', 'the schedule is gone');
is_zero(q{SELECT person_id FROM glucose.retraining_log WHERE tried_at > now() - interval '1 hour' GROUP BY 1 HAVING count(*) > 1},
	'pg_cron retrained nobody twice');
is(night($sums), 't', 'statuses, versions and deployments still add up');

# What was seen meanwhile.
is(night('SELECT count(*) FROM glucose.model_version WHERE sha256 <> sha256(artifact)'), '0', 'every model is whole');
is(night('SELECT sum(n_twice), sum(n_lost) FROM public.seen'), '0|0', 'at every moment each person had one model that serves');
note('moments seen: ' . night('SELECT count(*) FROM public.seen'));
cmp_ok(night('SELECT count(*) FROM public.seen'), '>', 100, 'which was looked at often');
stop_watching();
$node->stop;
done_testing();
