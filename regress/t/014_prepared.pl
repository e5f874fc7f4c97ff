# SPDX-License-Identifier: PostgreSQL
# A transaction that is prepared ends without its session: what the session has read in it does not outlive it there.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Glucose qw(set_up add_person as_role);

my $node = PostgreSQL::Test::Cluster->new('prepared');
$node->init;
$node->append_conf('postgresql.conf', 'max_prepared_transactions = 2');
$node->start;
set_up($node, 'ada');
add_person($node, 'ada', 'ada');
as_role($node, 'postgres', 'ada', "SELECT glucose.train_model(glucose.key('ada'), 'cgm', 'linear',
	'{\"deploy\": true}')");

my $session = $node->background_psql('postgres', extra_params => [ '-U', 'ada' ], on_error_stop => 0);
sub forecast
{
	my ($at) = @_;
	return $session->query_safe("SELECT string_agg(mg_dl::text, ' ' ORDER BY minutes_ahead)
		FROM glucose.cgm_forecast(glucose.key('ada'), '$at', '{\"on_error\": \"none\"}')");
}

# The reading of noon would settle what is before it; the prepared transaction is taken back.
isnt(forecast('2026-01-31 00:00+00'), '', 'rows are read and kept');
$session->query_safe(q{BEGIN});
$session->query_safe(q{INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl)
	VALUES (glucose.key('ada'), '2026-01-31 12:00+00', 100)});
forecast('2026-01-31 00:00+00');
$session->query_safe(q{PREPARE TRANSACTION 'noon'});
$session->query_safe(q{ROLLBACK PREPARED 'noon'});
forecast('2026-01-31 11:30+00');

as_role($node, 'postgres', 'ada', q{INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl)
	SELECT glucose.key('ada'), at, 250
	FROM generate_series('2026-01-31 00:05+00'::timestamptz, '2026-01-31 12:05+00', '5 min') at});
my $kept = forecast('2026-01-31 10:30+00');
$session->query_safe('SET glucose.cache_size = 0');
isnt($kept, '', 'there is a forecast from readings that another session has added');
is($kept, forecast('2026-01-31 10:30+00'), 'and it is that of a session that keeps nothing');
$session->quit;

done_testing();
