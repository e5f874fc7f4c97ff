# SPDX-License-Identifier: PostgreSQL
# A hot standby answers: predict_glucose without its log row, glucose_forecast exactly as the primary.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Glucose qw(set_up add_person as_role);

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->start;
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;

set_up($primary, 'ada');
add_person($primary, 'ada', 'ada');
as_role($primary, 'postgres', 'ada', "SELECT glucose.train_model(glucose.key('ada'), algorithm => 'ridge')");
$primary->wait_for_catchup($standby);

my $meal = "glucose.key('ada 2026-01-28 00:00:00+00 13')";
my $forecast = "SELECT minutes_ahead, mg_dl, lower, upper, confidence FROM glucose.glucose_forecast($meal) ORDER BY 1";
my $expected = as_role($primary, 'postgres', 'ada', $forecast);
isnt($expected, '', 'the primary forecasts');
is(as_role($standby, 'postgres', 'ada', $forecast), $expected, 'the standby forecasts the same');

my $predict = "SELECT answer ->> 'logged', answer ->> 'predictionId' IS NULL, answer ->> 'disclaimer' <> ''
	FROM glucose.predict_glucose($meal) AS answer";
is(as_role($standby, 'postgres', 'ada', $predict), 'false|t|t', 'the standby predicts and says it logged nothing');
is(as_role($primary, 'postgres', 'ada', "SET default_transaction_read_only = on; $predict"), 'false|t|t',
	'so does a read-only transaction');
is(as_role($primary, 'postgres', 'ada', "SELECT answer ->> 'logged' FROM glucose.predict_glucose($meal) AS answer"), 'true',
	'the primary logs');

my ($status, $out, $err) = $standby->psql('postgres', "SELECT glucose.train_model(glucose.key('ada'))",
	extra_params => [ '-U', 'ada' ], on_error_stop => 1);
like($err, qr/read-only|recovery/, 'training on a standby is refused');

$standby->promote;
like(as_role($standby, 'postgres', 'ada', "SELECT (glucose.train_model(glucose.key('ada'), algorithm => 'ridge')).version"),
	qr/^\d+\.\d+\.\d+$/, 'the promoted standby trains');

$standby->stop;
$primary->stop;
done_testing();
