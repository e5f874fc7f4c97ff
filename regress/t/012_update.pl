# SPDX-License-Identifier: PostgreSQL
# ALTER EXTENSION UPDATE and setup() make of every released version what a fresh installation has, and rows, models and
# sessions live through it. Until the next version is there it is planted: changes of every kind with their update script,
# and each piece of that script, left out, is missed.
use strict;
use warnings;
use File::Copy qw(copy);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Glucose qw(set_up add_person as_role catalog differences);

my $node = PostgreSQL::Test::Cluster->new('update');
$node->init;
$node->start;
chomp(my $share = qx{pg_config --sharedir});
my $scripts = "$share/extension/pg_glucose-";
set_up($node, 'ada');
my $current = $node->safe_psql('postgres', "SELECT extversion FROM pg_extension WHERE extname = 'pg_glucose'");
my $installed = slurp_file("$scripts-$current.sql");

# update($db, $version): as the page about installing says.
sub update
{
	my ($db, $version) = @_;
	$node->safe_psql($db, "ALTER EXTENSION pg_glucose UPDATE TO '$version'; SELECT glucose.setup();
		SELECT glucose.grant_access('ada')");
	return;
}

sub fresh
{
	my ($db, $version) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $db");
	$node->safe_psql($db, "CREATE EXTENSION pg_glucose VERSION '$version'; SELECT glucose.setup();
		SELECT glucose.grant_access('ada')");
	return;
}

sub put
{
	my ($name, $text) = @_;
	unlink "$scripts-$name.sql";
	append_to_file("$scripts-$name.sql", $text);
	return;
}

# Released versions, each from its own install script.
fresh('fresh', $current);
my @released = sort map { m{pg_glucose--(.*)\.sql$} } glob "$ENV{PGG_RELEASES}/*.sql";
for my $version (grep { $_ ne $current } @released)
{
	(my $db = "from_$version") =~ s/\W/_/g;
	copy("$ENV{PGG_RELEASES}/pg_glucose--$version.sql", "$scripts-$version.sql") or die "$version: $!";
	fresh($db, $version);
	update($db, $current);
	is(differences(catalog($node, 'fresh'), catalog($node, $db)), '', "updated from $version: as installed anew");
}
note("released: @released; this is $current");

# The next version, planted: pieces of the update script, and by what it is told that one is missing.
my ($setup) = $installed =~ /^(CREATE FUNCTION glucose\.setup\(.*?^\$fn\$;\n)/ms or die;
my ($policies) = $installed =~ /^(CREATE FUNCTION glucose\.own_policies\(.*?^\$fn\$;\n)/ms or die;
my ($steward) = $installed =~ /^(CREATE FUNCTION glucose\.add_steward\(.*?^\$fn\$;\n)/ms or die;
my ($dropped) = $installed =~ /^(CREATE FUNCTION glucose\.to_mg_dl\(.*?;\nCOMMENT ON FUNCTION glucose\.to_mg_dl.*?;\n)/ms or die;
my ($steps) = $setup =~ /latest CONSTANT integer := (\d+);/ or die;
my $next_step = $steps + 1;
my $step = sprintf 'setup_step_%03d', $next_step;
my $new_function = "CREATE FUNCTION glucose.planted() RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 1;\n";
my $new_type = "CREATE TYPE glucose.planted_pair AS (a integer, b text);\n";
my $new_comment = "COMMENT ON FUNCTION glucose.version() IS 'Planted.';\n";
my $new_cost = "ALTER FUNCTION glucose.may_train(uuid) COST 20;\n";
my $new_access = "REVOKE EXECUTE ON FUNCTION glucose.disclaimer(text) FROM PUBLIC;\n";
my $new_step = "CREATE FUNCTION glucose.$step() RETURNS void LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS \$fn\$
BEGIN
  ALTER TABLE glucose.meal ADD COLUMN planted integer;
  COMMENT ON COLUMN glucose.meal.planted IS 'Planted.';
  CREATE INDEX planted ON glucose.meal (person_id, planted);
  -- setup() makes again what is missing, and changes nothing that is there.
  DROP POLICY IF EXISTS see ON glucose.training_job;
END \$fn\$;\n";
(my $next_setup = $setup) =~ s/(latest CONSTANT integer := )\d+/$1$next_step/;
(my $next_policies = $policies) =~ s/\('training_job', 'see', 'SELECT', visible_rows/('training_job', 'see', 'SELECT', owned_rows/ or die;
(my $next_steward = $steward) =~ s/^BEGIN\n/BEGIN\n  -- planted\n/m or die;
(my $without_policy = $new_step) =~ s/^  DROP POLICY.*\n//m;
sub replacing { my ($text) = @_; $text =~ s/^CREATE FUNCTION/CREATE OR REPLACE FUNCTION/; return $text; }

my $next = '9.9.9';
my $next_script = $installed;
for ([ $setup, $next_setup ], [ $policies, $next_policies ], [ $steward, $next_steward ], [ $dropped, '' ])
{
	my ($old, $new) = @$_;
	$next_script =~ s/\Q$old\E/$new/ or die $old;
}
put($next, $next_script . $new_function . $new_type . $new_comment . $new_cost . $new_access . $new_step);
my @pieces = (
	[ $new_function, 'function glucose.planted()' ],
	[ $new_type, 'type glucose.planted_pair' ],
	[ $new_comment, 'comment function glucose.version()' ],
	[ $new_cost, 'function glucose.may_train(uuid)' ],
	[ $new_access, 'access to function glucose.disclaimer(text)' ],
	[ replacing($next_steward), 'function glucose.add_steward(name,text)' ],
	[ "DROP FUNCTION glucose.to_mg_dl(double precision, text);\n", 'function glucose.to_mg_dl(double precision,text)' ],
	[ $new_step . replacing($next_setup), 'column glucose.meal.planted' ],
	[ replacing($next_policies), 'function glucose.own_policies()' ],
	[ '', 'policy glucose.training_job.see' ]);
sub update_script
{
	my %without = map { $_ => 1 } @_;
	my $script = join '', map { $pieces[$_][0] } grep { !$without{$_} } 0 .. $#pieces;
	$script =~ s/\Q$new_step\E/$without_policy/ or die if $without{$#pieces};
	return $script;
}

# Somebody lives through the update.
add_person($node, 'ada', 'ada');
my $meal = "glucose.key('ada 2026-01-28 00:00:00+00 13')";
my $forecast = "SELECT string_agg(f::text, ' ' ORDER BY minutes_ahead) FROM glucose.glucose_forecast($meal) f";
as_role($node, 'postgres', 'ada', "SELECT glucose.train_model(glucose.key('ada'), algorithm => 'ridge', options => '{\"deploy\": true}')");
my $expected = as_role($node, 'postgres', 'ada', $forecast);
fresh('planted', $next);
my $wanted = catalog($node, 'planted');
my @without = ([], [ 0 .. 6 ], [ 7, 8 ], [ 9 ]);
for my $n (0 .. $#without)
{
	my @left_out = $without[$n]->@*;
	my $db = "updated$n";
	put("$current--$next", update_script(@left_out));
	$node->safe_psql('fresh', "CREATE DATABASE $db TEMPLATE postgres");
	my $session = @left_out ? undef : $node->background_psql($db, extra_params => [ '-U', 'ada' ], on_error_stop => 0);
	is($session->query($forecast), $expected, 'a session forecasts before the update') if $session;
	update($db, $next);
	my $found = differences($wanted, catalog($node, $db));
	if (@left_out)
	{
		like($found, qr/^(missing|too much|otherwise): \Q$pieces[$_][1]\E$/m, "left out: $pieces[$_][1] is missed") for @left_out;
		next;
	}
	is($found, '', 'updated to the planted version: as installed anew');

	# New SQL, the library of before: in a session that was there, and in a new one.
	$session->query($forecast);
	like($session->{stderr}, qr/library is pg_glucose \Q$current\E, the extension in this database \Q$next\E/, 'the old library is told');
	like($session->{stderr}, qr/HINT: .*Connect again/, 'and what to do');
	$session->quit;
	my (undef, undef, $err) = $node->psql($db, "\\set VERBOSITY verbose\n$forecast", extra_params => [ '-U', 'ada' ]);
	like($err, qr/ERROR:  55000/, 'so is a new session');
	# Back again, rows and models and all: only the version says that it is another.
	put("$next--$current", '');
	$node->safe_psql($db, "ALTER EXTENSION pg_glucose UPDATE TO '$current'");
	(undef, undef, $err) = $node->psql($db, "\\set VERBOSITY verbose\n$forecast", extra_params => [ '-U', 'ada' ]);
	like($err, qr/ERROR:  55000: .*tables of pg_glucose are newer/, 'and the tables are newer than the library');
}

# Old SQL, the library of after: told by its functions; rows can be read and entered.
put("$current--0.0.1", '');
put("0.0.1--$current", '');
$node->safe_psql('fresh', 'CREATE DATABASE older TEMPLATE postgres');
$node->safe_psql('older', "ALTER EXTENSION pg_glucose UPDATE TO '0.0.1'");
my (undef, undef, $err) = $node->psql('older', "\\set VERBOSITY verbose\n$forecast", extra_params => [ '-U', 'ada' ]);
like($err, qr/ERROR:  55000: .*library is pg_glucose \Q$current\E, the extension in this database 0\.0\.1/, 'an extension that was not updated');
like($err, qr/HINT: .*ALTER EXTENSION pg_glucose UPDATE/, 'and how to');
my $count = "SELECT count(*) FROM glucose.meal";
is(as_role($node, 'older', 'ada', $count), as_role($node, 'postgres', 'ada', $count), 'rows are read meanwhile');
as_role($node, 'older', 'ada', "INSERT INTO glucose.meal (person_id, eaten_at, meal_type, carbs_g) VALUES (glucose.key('ada'), '2026-02-20', 'snack', 9)");
$node->safe_psql('older', 'ALTER EXTENSION pg_glucose UPDATE; SELECT glucose.setup()');
is(as_role($node, 'older', 'ada', $forecast), $expected, 'after the update the forecast is what it was, to the last bit');

$node->stop;
done_testing();
