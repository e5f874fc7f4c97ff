# SPDX-License-Identifier: PostgreSQL
# pg_dump and pg_restore keep rows, models, policies, flags and privileges: a restored database isolates as before, and
# forecasts the same to the last bit, whichever way it was dumped and restored.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Glucose qw(set_up add_person as_role catalog differences);

my $node = PostgreSQL::Test::Cluster->new('dump');
$node->init;
$node->start;
set_up($node, 'ada', 'ben');
add_person($node, $_, $_) for qw(ada ben);
as_role($node, 'postgres', 'ada', "SELECT glucose.train_model(glucose.key('ada'), algorithm => 'ridge')");
my $meal = "glucose.key('ada 2026-01-28 00:00:00+00 13')";
as_role($node, 'postgres', 'ada', "SELECT glucose.predict_glucose($meal)");

my $dump = PostgreSQL::Test::Utils::tempdir() . '/glucose.dump';
$node->command_ok([ 'pg_dump', '-Fc', '-f', $dump, $node->connstr('postgres') ], 'pg_dump');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('restored'), $dump ], 'pg_restore');

# Both databases are asked the same; the answers must be equal and not empty.
sub same
{
	my ($what, $sql) = @_;
	my ($before, $after) = map { $node->safe_psql($_, $sql) } qw(postgres restored);
	isnt($before, '', "$what: something to compare");
	is($after, $before, "$what: the same after the restore");
	return;
}

my @tables = split /\n/, $node->safe_psql('postgres',
	"SELECT relname FROM pg_class WHERE relnamespace = 'glucose'::regnamespace AND relkind = 'r' ORDER BY 1");
same("rows of $_", "SELECT count(*), md5(string_agg(t::text, ' ' ORDER BY t::text)) FROM glucose.$_ t") for @tables;
same('policies', "SELECT tablename, policyname, permissive, roles, cmd, qual, with_check FROM pg_policies ORDER BY 1, 2");
same('row-level security', "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class
	WHERE relnamespace = 'glucose'::regnamespace AND relkind = 'r' ORDER BY 1");
same('indexes', "SELECT indexdef FROM pg_indexes WHERE schemaname = 'glucose' ORDER BY 1");
same('constraints', "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
	WHERE connamespace = 'glucose'::regnamespace ORDER BY 1, 2");
# The order within an access list is nobody's promise.
same('privileges', "SELECT relname, a::text FROM pg_class, unnest(coalesce(relacl, acldefault('r', relowner))) AS a
	WHERE relnamespace = 'glucose'::regnamespace ORDER BY 1, 2");
same('privileges of columns', "SELECT attrelid::regclass, attname, a::text FROM pg_attribute JOIN pg_class c ON c.oid = attrelid,
	unnest(attacl) AS a WHERE relnamespace = 'glucose'::regnamespace ORDER BY 1, 2, 3");
same('comments', "SELECT relname, objsubid, description FROM pg_description JOIN pg_class c ON c.oid = objoid
	WHERE relnamespace = 'glucose'::regnamespace ORDER BY 1, 2");

for my $role (qw(ada ben))
{
	my $other = $role eq 'ada' ? 'ben' : 'ada';
	for my $db (qw(postgres restored))
	{
		is(as_role($node, $db, $role, 'SELECT person_id = glucose.key(current_user) FROM glucose.person'), 't',
			"$role sees one person in $db, the own");
		is(as_role($node, $db, $role, "SELECT count(*) FROM glucose.glucose_reading WHERE person_id = glucose.key('$other')"),
			'0', "$role sees no reading of $other in $db");
	}
	my ($status, $out, $err) = $node->psql('restored',
		"INSERT INTO glucose.meal (person_id, eaten_at, meal_type) VALUES (glucose.key('$other'), now(), 'snack')",
		extra_params => [ '-U', $role ]);
	like($err, qr/row-level security/, "$role writes nothing for $other in the restored database");
}

# jsonb keeps no time of its own: the forecast itself must be the same, number by number.
my $forecast = "SELECT minutes_ahead, mg_dl, lower, upper FROM glucose.glucose_forecast($meal) ORDER BY 1";
my $expected = as_role($node, 'postgres', 'ada', $forecast);
isnt($expected, '', 'there is a forecast');
is(as_role($node, 'restored', 'ada', $forecast), $expected, 'the restored model forecasts the same');
is(as_role($node, 'restored', 'ada', 'SELECT count(*) FROM glucose.model_version WHERE sha256 <> sha256(artifact)'), '0',
	'the models carry the hash of their bytes');

my $folder = PostgreSQL::Test::Utils::tempdir();
my $wanted = catalog($node, 'postgres');

# All databases and roles, into another server.
$node->command_ok([ 'pg_dumpall', '-f', "$folder/all", '-d', $node->connstr('postgres') ], 'pg_dumpall');
my $other = PostgreSQL::Test::Cluster->new('other');
$other->init;
$other->start;
$other->command_ok([ 'psql', '-Xq', '-f', "$folder/all", '-d', $other->connstr('postgres') ], 'restore of pg_dumpall');
is(differences($wanted, catalog($other, 'postgres')), '', 'pg_dumpall: everything in the schema is the same');
is(as_role($other, 'postgres', 'ada', $forecast), $expected, 'pg_dumpall: the forecast is the same');
$other->stop;

# Every other route: what is dumped how, and restored how. Everything in the schema, and the forecasts.
my @routes = (
	[ 'plain, as one transaction', [ '-Fp' ], [ 'psql', '-Xq', '-1', '-v', 'ON_ERROR_STOP=1', '-f' ] ],
	[ 'custom, as one transaction', [ '-Fc' ], [ 'pg_restore', '--single-transaction' ] ],
	[ 'directory, in parallel', [ '-Fd', '-j', '2' ], [ 'pg_restore', '--exit-on-error', '-j', '2' ] ]);
for my $n (0 .. $#routes)
{
	my ($name, $dumping, $restoring) = $routes[$n]->@*;
	my ($file, $db) = ("$folder/$n", "restored$n");
	$node->command_ok([ 'pg_dump', @$dumping, '-f', $file, '-d', $node->connstr('postgres') ], "dump: $name");
	$node->safe_psql('postgres', "CREATE DATABASE $db");
	$node->command_ok([ @$restoring, $file, '-d', $node->connstr($db) ], "restore: $name");
	is(differences($wanted, catalog($node, $db)), '', "$name: everything in the schema is the same");
	is(as_role($node, $db, 'ada', $forecast), $expected, "$name: the forecast is the same");
}

$node->stop;
done_testing();
