# SPDX-License-Identifier: PostgreSQL
"""Every table and view x every verb."""
import uuid

# Whom a population was made from: no role reads it.
NEVER_SEEN = {"population_member", "audit_seal", "counted_call"}
# Tables about nobody: policy, experiments, populations.
SHARED_ARE_WRITTEN_BY = {"steward, manage", "owner of the tables"}


def verbs(name, keyed, columns, key, row):
    """The statements about one table: each reads, changes or locks rows of P (a placeholder for a person)."""
    t = f"glucose.{name}"
    where = "person_id = 'P'" if keyed else "true"
    set_one = f"{columns[-1]} = {columns[-1]}"
    reads = {
        "SELECT": f"SELECT * FROM {t} WHERE {where}",
        "TABLE": f"SELECT t::text FROM {t} t",
        "subquery": f"SELECT 1 WHERE EXISTS (SELECT FROM {t} WHERE {where})",
        "aggregate": f"SELECT 1 FROM {t} WHERE {where} HAVING count(*) > 0",
        "cursor": f"DECLARE c CURSOR FOR SELECT * FROM {t} WHERE {where};; FETCH ALL FROM c",
        "prepared": f"PREPARE mine AS SELECT * FROM {t} WHERE {where};; EXECUTE mine",
        "prepared by a superuser": "EXECUTE theirs",
        "COPY TO": f"COPY {t} TO STDOUT",
        "COPY query TO": f"COPY (SELECT * FROM {t} WHERE {where}) TO STDOUT",
        "FOR UPDATE": f"SELECT * FROM {t} WHERE {where} FOR UPDATE",
        "FOR KEY SHARE": f"SELECT * FROM {t} WHERE {where} FOR KEY SHARE",
    }
    writes = {
        "UPDATE": f"UPDATE {t} SET {set_one} WHERE {where}",
        "UPDATE RETURNING": f"UPDATE {t} SET {set_one} WHERE {where} RETURNING *",
        "UPDATE all": f"UPDATE {t} SET {set_one}",
        "DELETE": f"DELETE FROM {t} WHERE {where}",
        "DELETE RETURNING": f"DELETE FROM {t} WHERE {where} RETURNING *",
        "MERGE delete": f"MERGE INTO {t} x USING (SELECT 1) s ON {where} WHEN MATCHED THEN DELETE",
        "MERGE update": f"MERGE INTO {t} x USING (SELECT 1) s ON {where} WHEN MATCHED THEN UPDATE SET {set_one}",
        "COPY FROM": f"COPY {t} FROM STDIN",
    }
    if keyed:
        writes["UPDATE person_id"] = f"UPDATE {t} SET person_id = 'P' WHERE {where} IS NOT TRUE"
    if row:
        values = f"'{row}'::jsonb" + (" || '{\"person_id\": \"P\"}'" if keyed else "")
        from_row = f"INSERT INTO {t} SELECT * FROM jsonb_populate_record(NULL::{t}, {values})"
        writes["INSERT"] = from_row
        writes["INSERT RETURNING"] = f"{from_row} RETURNING *"
        writes["ON CONFLICT nothing"] = f"{from_row} ON CONFLICT DO NOTHING"
        if key:
            writes["ON CONFLICT update"] = (f"{from_row} ON CONFLICT ({', '.join(key)}) "
                                            f"DO UPDATE SET {columns[-1]} = EXCLUDED.{columns[-1]}")
        writes["MERGE insert"] = (f"MERGE INTO {t} x USING (SELECT (jsonb_populate_record(NULL::{t}, {values})).*) s ON false "
                                  f"WHEN NOT MATCHED THEN INSERT VALUES ({', '.join('s.' + c for c in columns)})")
    return reads, writes


def probe(prober, kinds):
    session, fixture = prober.session, prober.fixture
    relations = session.execute(
        "SELECT c.relname, c.relkind <> 'v', array_agg(a.attname::text ORDER BY a.attnum), "
        "  (SELECT array_agg(k.attname::text) FROM pg_constraint p JOIN pg_attribute k ON k.attrelid = c.oid "
        "   AND k.attnum = ANY (p.conkey) WHERE p.conrelid = c.oid AND p.contype = 'p') "
        "FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
        "WHERE c.relnamespace = 'glucose'::regnamespace AND c.relkind IN ('r', 'p', 'v') GROUP BY c.oid ORDER BY 1").fetchall()
    for name, is_table, columns, key in relations:
        keyed = name in fixture.keyed
        row = fixture.row_of(session, name)
        if row is None and is_table:
            prober.wrong[f"table {name} has no row to probe with: let Fixture.fill make one"] = ["everybody"]
        rows_of_hers = fixture.one(session, f"SELECT count(*) FROM glucose.{name} "
                                            + ("WHERE person_id = %s" if keyed else "WHERE %s IS NOT NULL"), fixture.person)
        reads, writes = verbs(name, keyed, columns, key, row)
        for kind in kinds:
            for verb, sql in reads.items():
                reading(prober, kind, name, keyed, verb, sql, rows_of_hers)
            for verb, sql in writes.items():
                writing(prober, kind, name, keyed, verb, sql)
    return len(relations)


def reading(prober, kind, name, keyed, verb, sql, rows_of_hers):
    fixture = prober.fixture
    # Planned as one who sees all, run as one who does not.
    prepared = (f"PREPARE theirs AS SELECT * FROM glucose.{name} WHERE {'person_id = ' if keyed else ''}"
                f"{repr(str(fixture.person)) if keyed else 'true'}", "EXECUTE theirs")
    outcome = prober.run(kind, sql.replace("'P'", f"'{fixture.person}'"), prepared if sql == "EXECUTE theirs" else ())
    prober.internal(kind, sql, outcome)
    shown = fixture.shows(outcome.rows)
    hidden = not kind.sees or name in NEVER_SEEN
    # EXISTS and HAVING show no id: that there is a row at all is what they tell.
    if hidden and keyed and not shown and verb in ("SELECT", "subquery", "aggregate", "FOR UPDATE", "cursor", "prepared",
                                                       "prepared by a superuser"):
        shown = len(outcome.rows)
    if hidden and shown:
        prober.foreign_rows += shown
        prober.complain(kind, sql, f"{shown} foreign rows seen")
    if keyed and verb == "SELECT" and not hidden:
        # Caregivers see of person_access their own row, everybody else all of hers.
        expected = min(rows_of_hers, 1) if name == "person_access" and "steward" not in kind.name else rows_of_hers
        if outcome.sqlstate != "00000" or len(outcome.rows) != expected:
            prober.complain(kind, sql, f"{outcome.sqlstate}, {len(outcome.rows)} rows instead of {expected}")


def writing(prober, kind, name, keyed, verb, sql):
    fixture = prober.fixture
    outcome = prober.run(kind, sql.replace("'P'", f"'{fixture.person}'").replace('"P"', f'"{fixture.person}"'))
    prober.internal(kind, sql, outcome)
    prober.unchanged(kind, sql, outcome, kind.may_change)
    # A row that was locked or written as it was is written, too.
    touched = outcome.sqlstate == "00000" and outcome.touched > 0 and verb not in ("UPDATE all", "UPDATE person_id")
    if touched and (name not in kind.may_change if keyed else kind.name not in SHARED_ARE_WRITTEN_BY):
        prober.foreign_changes += 1
        prober.complain(kind, sql, f"{outcome.touched} rows written")
    if kind.sees:
        return
    shown = fixture.shows(outcome.rows)
    if shown:
        prober.foreign_rows += shown
        prober.complain(kind, sql, f"{shown} foreign rows seen")
    # That the id of a person is taken is what a unique key of ids cannot hide: docs/security.md.
    if keyed and name != "person":
        nobody = str(uuid.uuid4())
        other = prober.run(kind, sql.replace("'P'", f"'{nobody}'").replace('"P"', f'"{nobody}"'))
        if (outcome.sqlstate, outcome.text) != (other.sqlstate, other.text):
            prober.complain(kind, sql, f"tells the difference: {outcome.sqlstate} {outcome.text} | "
                                       f"{other.sqlstate} {other.text}")
