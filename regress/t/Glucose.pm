# SPDX-License-Identifier: PostgreSQL
# What the TAP tests share: a server with the extension, persons who eat three meals a day, and what a database consists of.
package Glucose;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT_OK = qw(set_up add_person as_role catalog differences);

# set_up($node, @roles): extension, tables, and login roles that may use them.
sub set_up
{
	my ($node, @roles) = @_;
	$node->safe_psql('postgres', 'CREATE EXTENSION pg_glucose');
	$node->safe_psql('postgres', 'SELECT glucose.setup()');
	$node->safe_psql('postgres', "CREATE ROLE $_ LOGIN; SELECT glucose.grant_access('$_')") for @roles;
	return;
}

# as_role($node, $db, $role, $sql): the answer a role gets.
sub as_role
{
	my ($node, $db, $role, $sql) = @_;
	return $node->safe_psql($db, $sql, extra_params => [ '-U', $role ]);
}

# add_person($node, $role, $name): thirty days of readings and meals, entered by the role itself.
sub add_person
{
	my ($node, $role, $name) = @_;
	as_role($node, 'postgres', $role, qq{
SET timezone = 'UTC';
INSERT INTO glucose.person (person_id, diabetes_type) VALUES (glucose.key('$name'), 't2d');
INSERT INTO glucose.meal (person_id, meal_id, eaten_at, meal_type, calories, carbs_g, protein_g, fat_g, fiber_g)
  SELECT glucose.key('$name'), glucose.key('$name ' || day::text || ' ' || hour), day + hour * interval '1 h', kind,
         carbs * 8, carbs, 15 + hour, 20, 5
  FROM generate_series('2026-01-01'::timestamptz, '2026-01-30', '1 day') AS day,
       (VALUES (8, 'breakfast'), (13, 'lunch'), (19, 'dinner')) AS m (hour, kind),
       LATERAL (SELECT 40 + (extract(doy FROM day)::int * hour) % 37 AS carbs) c;
INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl)
  SELECT glucose.key('$name'), at,
         105 + 8 * sin(extract(epoch FROM at) / 7000) + coalesce(carbs * 0.9 * minute / 55 * exp(1 - minute / 55), 0)
  FROM generate_series('2026-01-01'::timestamptz, '2026-01-31', '5 min') AS at
  LEFT JOIN LATERAL (
    SELECT m.carbs_g AS carbs, extract(epoch FROM at - m.eaten_at)::float8 / 60 AS minute FROM glucose.meal m
    WHERE m.person_id = glucose.key('$name') AND m.eaten_at <= at ORDER BY m.eaten_at DESC LIMIT 1) last ON true;
});
	return;
}

# catalog($node, $db): "kind name" => definition of everything in schema glucose (regress/include/catalog.sql).
sub catalog
{
	my ($node, $db) = @_;
	(my $sql = __FILE__) =~ s{[^/]*/Glucose\.pm$}{include/catalog.sql};
	my ($out, $err);
	PostgreSQL::Test::Utils::run_log([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-F', "\x1f", '-R', "\x1e", '-d',
		$node->connstr($db), '-f', $sql ], '>', \$out, '2>', \$err) or die "catalog of $db: $err";
	chomp $out;
	return { map { my ($kind, $name, $is) = split /\x1f/, $_, 3; ("$kind $name" => $is) } split /\x1e/, $out };
}

# differences($wanted, $found): a line for each thing that one has and the other has not, or has otherwise.
sub differences
{
	my ($wanted, $found) = @_;
	my %all = (%$wanted, %$found);
	my @lines = map { !exists $found->{$_} ? "missing: $_" : !exists $wanted->{$_} ? "too much: $_" : "otherwise: $_" }
	  grep { ($wanted->{$_} // '') ne ($found->{$_} // '') or !exists $wanted->{$_} or !exists $found->{$_} } sort keys %all;
	return join "\n", @lines;
}

1;
