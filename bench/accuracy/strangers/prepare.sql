-- SPDX-License-Identifier: PostgreSQL
-- After day/prepare.sql: what was asked and said. learnt_from: whose readings the population is of; own_model: the person's own model of its first
-- four fifths answers, on top of that population. happened, last: what came, and the newest reading.
CREATE TABLE bench.heard (source text, learnt_from text, own_model boolean, late boolean, head text, level real, person_id uuid, at timestamptz,
  minutes_ahead integer, happened float8, last float8, mg_dl float8, lower float8, upper float8, score float8);
CREATE TABLE bench.question_near (person_id uuid, at timestamptz, minutes_ahead integer, happened float8);
-- An interval over persons does not need each hour of each: every third where there are three hundred.
CREATE TABLE bench.moment_near AS
  SELECT person_id, source, at, mg_dl, late FROM (SELECT *, count(*) OVER person AS n, row_number() OVER (PARTITION BY person_id, late ORDER BY at) AS i
    FROM bench.moment WINDOW person AS (PARTITION BY person_id, late)) m
  WHERE i * 100 / greatest(n, 100) <> (i - 1) * 100 / greatest(n, 100);
