# SPDX-License-Identifier: PostgreSQL
# The log: with the settings of docs/security.md no glucose or meal value that an application sends or gets wrong is in it.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Glucose qw(set_up add_person as_role);

my $canary = '197.4375';
my $node = PostgreSQL::Test::Cluster->new('log');
$node->init;
# As talkative as a server can be told to be.
$node->append_conf('postgresql.conf', "log_statement = 'all'\nlog_min_duration_statement = 0\nlog_error_verbosity = verbose");
$node->start;
set_up($node, 'ada');
add_person($node, 'ada', 'ada');

# What the page says, for the application's role: each line as it is printed there.
my $page = slurp_file($ENV{PGG_SECURITY_PAGE} // 'security.md');
my @settings = $page =~ /^\s*(ALTER ROLE app SET log_[^;]+;)/mg;
cmp_ok(scalar(@settings), '>', 4, 'the page has the settings');
s/ROLE app/ROLE ada/ for @settings;

my $person = "glucose.key('ada')";
my @calls = (
	"INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl) VALUES ($person, '2026-03-01', $canary)",
	"INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl) VALUES ($person, '2026-03-01', $canary)",
	"INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl) VALUES ($person, '2026-03-02', ${canary}999)",
	"INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl) VALUES ($person, '2026-03-02', '${canary}x')",
	"INSERT INTO glucose.meal (person_id, eaten_at, meal_type, carbs_g) VALUES ($person, '$canary', 'lunch', 1)",
	"SELECT glucose.predict_meal($person, '{\"carbs_g\": ${canary}e9}')",
	"SELECT glucose.predict_meal($person, '{\"eaten_at\": \"$canary\"}')",
	"SELECT glucose.predict_meal($person, '{\"carbs_g\": $canary')",
	"SELECT glucose.to_mg_dl($canary, 'furlong')",
	"SELECT glucose.validate_features(ARRAY[$canary])",
	"DO \$\$ BEGIN PERFORM glucose.predict_meal(glucose.key('ada'), '{\"carbs_g\": $canary, \"x\": 1}'); END \$\$",
	"DO \$\$ BEGIN RAISE EXCEPTION 'glucose is %', $canary; END \$\$",
	"PREPARE p(real) AS SELECT glucose.predict_meal($person, jsonb_build_object('carbs_g', \$1, 'y', 2)); EXECUTE p($canary)",
	"SELECT pg_sleep(0), $canary");

sub canaries
{
	my $offset = -s $node->logfile;
	$node->psql('postgres', $_, extra_params => [ '-U', 'ada' ]) for @calls;
	my @found = slurp_file($node->logfile, $offset) =~ /\Q$canary\E/g;
	return scalar @found;
}

cmp_ok(canaries(), '>', 10, 'without the settings the log has the values');
$node->safe_psql('postgres', join ' ', @settings);
is(canaries(), 0, 'with them it has none');

done_testing();
