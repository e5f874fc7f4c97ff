# SPDX-License-Identifier: PostgreSQL
"""Every table and view x every verb."""
import collections
import re
import uuid

import decided
from fixture import UUID

Verb = collections.namedtuple("Verb", "name sql right")  # right: the letters of decided.TABLES of which it takes one
Table = collections.namedtuple("Table", "name is_table columns key row copied")
# What a row-level refusal, a missing grant, and a view or a COPY for which there is no such thing, look like.
REFUSED = ("42501", "42809", "55000", "0A000")
# A row that is tried as one's own says so.
SAID_BY = re.compile('"(entered_by|given_by)": (null|"[^"]*")')


def verbs(table, fixture):
    """Statements about one table, each about the rows of P, a placeholder for a person, or O, for its owner."""
    t, columns = f"glucose.{table.name}", table.columns
    where = {"person_id = $1": "person_id = 'P'", "identity = $2": "identity = 'O'", None: "true"}[fixture.whose(table.name)]
    some, set_one = f"SELECT * FROM {t} WHERE {where}", f"{columns[-1]} = {columns[-1]}"
    merge = f"MERGE INTO {t} x USING (SELECT 1) s ON {where} WHEN MATCHED THEN"
    at_cursor = f"DECLARE c CURSOR FOR {some};; FETCH c;;"
    found = [
        ("SELECT", some, "r"),
        ("TABLE", f"SELECT t::text FROM {t} t", "r"),
        ("subquery", f"SELECT 1 WHERE EXISTS (SELECT FROM {t} WHERE {where})", "r"),
        ("aggregate", f"SELECT 1 FROM {t} WHERE {where} HAVING count(*) > 0", "r"),
        ("cursor", f"DECLARE c CURSOR FOR {some};; FETCH ALL FROM c", "r"),
        ("cursor, back and forth", f"DECLARE c SCROLL CURSOR FOR {some};; MOVE LAST IN c;; FETCH ABSOLUTE 1 FROM c", "r"),
        ("prepared", f"PREPARE mine AS {some};; EXECUTE mine", "r"),
        ("prepared by a superuser", "EXECUTE theirs", "r"),
        ("COPY TO", f"COPY {t} TO STDOUT", "r"),
        ("COPY query TO", f"COPY ({some}) TO STDOUT", "r"),
        *((f"FOR {lock}", f"{some} FOR {lock}", "r") for lock in ("UPDATE", "NO KEY UPDATE", "SHARE", "KEY SHARE")),
        ("UPDATE", f"UPDATE {t} SET {set_one} WHERE {where}", "u"),
        ("UPDATE RETURNING", f"UPDATE {t} SET {set_one} WHERE {where} RETURNING *", "u"),
        ("UPDATE all", f"UPDATE {t} SET {set_one}", ""),
        ("UPDATE of a cursor's row", f"{at_cursor} UPDATE {t} SET {set_one} WHERE CURRENT OF c", "u"),
        ("UPDATE prepared", f"PREPARE mine AS UPDATE {t} SET {set_one} WHERE {where};; EXECUTE mine", "u"),
        ("DELETE", f"DELETE FROM {t} WHERE {where}", "d"),
        ("DELETE RETURNING", f"DELETE FROM {t} WHERE {where} RETURNING *", "d"),
        ("DELETE of a cursor's row", f"{at_cursor} DELETE FROM {t} WHERE CURRENT OF c", "d"),
        ("DELETE in WITH", f"WITH d AS (DELETE FROM {t} WHERE {where} RETURNING *) SELECT * FROM d", "d"),
        ("MERGE delete", f"{merge} DELETE", "d"),
        ("MERGE update", f"{merge} UPDATE SET {set_one}", "u"),
        ("COPY FROM", f"COPY {t} FROM STDIN", "i"),
    ]
    if table.name in fixture.keyed:
        found.append(("UPDATE person_id", f"UPDATE {t} SET person_id = 'P' WHERE {where} IS NOT TRUE", ""))
    if table.row:
        found += inserts(t, columns, table.key, f"'{table.row}'::jsonb")
    return [Verb(*verb) for verb in found]


def inserts(t, columns, key, row):
    """The ways in for a row with the person's keys, which are taken if she is there."""
    from_row = f"INSERT INTO {t} SELECT * FROM jsonb_populate_record(NULL::{t}, {row})"
    source = f"(SELECT (jsonb_populate_record(NULL::{t}, {row})).*) s"
    values = f"INSERT VALUES ({', '.join('s.' + c for c in columns)})"
    found = [
        ("INSERT", from_row, "i"),
        ("INSERT RETURNING", f"{from_row} RETURNING *", "i"),
        ("ON CONFLICT nothing", f"{from_row} ON CONFLICT DO NOTHING", "i"),
        ("MERGE insert", f"MERGE INTO {t} x USING {source} ON false WHEN NOT MATCHED THEN {values}", "i"),
    ]
    if key:
        update = f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {columns[-1]} = EXCLUDED.{columns[-1]}"
        found += [
            ("ON CONFLICT update", f"{from_row} {update}", "iu"),
            ("ON CONFLICT update RETURNING", f"{from_row} {update} RETURNING *", "iu"),
            # Somebody else's row as the target, the caller's own as the source.
            ("MERGE of one's own row", f"MERGE INTO {t} x USING {source} ON "
                                       f"{' AND '.join(f'x.{k} = s.{k}' for k in key)} WHEN MATCHED THEN UPDATE "
                                       f"SET {columns[-1]} = s.{columns[-1]} WHEN NOT MATCHED THEN {values}", "iu"),
        ]
    return found


def relations(session):
    """Name, whether it is a table, its columns and its primary key, of all tables and views of the schema."""
    return session.execute(
        "SELECT c.relname, c.relkind <> 'v', array_agg(a.attname::text ORDER BY a.attnum), "
        "  (SELECT array_agg(k.attname::text) FROM pg_constraint p JOIN pg_attribute k ON k.attrelid = c.oid "
        "   AND k.attnum = ANY (p.conkey) WHERE p.conrelid = c.oid AND p.contype = 'p') "
        "FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
        "WHERE c.relnamespace = 'glucose'::regnamespace AND c.relkind NOT IN ('i', 'I', 'c', 't') GROUP BY c.oid ORDER BY 1"
        ).fetchall()


def complain_of_unlisted(wrong, found):
    decided.complain_of_objects(wrong, "table or view", decided.CLASS_OF_TABLE, [name for name, *_ in found])


def tables(prober, subject):
    """The tables and views that are decided about, each with a row of the subject."""
    for name, is_table, columns, key in relations(prober.session):
        if name not in decided.CLASS_OF_TABLE:
            continue
        row, copied = prober.fixture.row_of(prober.session, name, subject)
        if row is None and is_table:
            prober.wrong[f"table {name} has no row to probe with: let Fixture.fill make one"] = ["everybody"]
        prober.rows[subject.name, name] = prober.fixture.rows_of(prober.session, name, subject)
        yield Table(name, is_table, columns, key, row, copied)


def at(sql, subject, person, owner):
    """A statement about the subject as one about this person."""
    sql = sql.replace("'P'", f"'{person}'").replace("'O'", f"'{owner}'")
    return sql.replace(str(subject.person), str(person)).replace(f'"identity": "{subject.name}"', f'"identity": "{owner}"')


def probe(prober, kinds):
    """Every cell; returns how many tables and views there are."""
    complain_of_unlisted(prober.wrong, relations(prober.session))
    found = {subject: list(tables(prober, subject)) for subject in prober.fixture.subjects.values()}
    for subject, of_subject in found.items():
        for table in of_subject:
            for kind in kinds:
                if subject.name in kind.about:
                    one_table(prober, kind, subject, table)
    prober.finish()
    return len(of_subject)


def one_table(prober, kind, subject, table):
    """All verbs as one kind of role; what it can do is what is decided, neither more nor less."""
    rights = decided.rights(table.name, kind, subject.name)
    may_change = decided.changes(prober.fixture, table.name, kind, subject.name)
    found = set()
    for verb in verbs(table, prober.fixture):
        outcome = one(prober, kind, subject, table, verb, rights, may_change)
        if verb.name in ("SELECT", "UPDATE", "DELETE") and outcome.touched:
            found.add(verb.right)
        if verb.name == "INSERT" and outcome.sqlstate not in REFUSED:
            found.add("i")
        # Some of what foreign keys hold is deleted all the same, as far as the right goes.
        if verb.name == "DELETE" and outcome.sqlstate == "23503":
            found.add("d")
        if verb.name == "SELECT" and "r" in rights:
            expected = decided.rows_seen(prober, table.name, kind, subject)
            if expected is not None and outcome.n_rows != expected:
                prober.complain(kind, subject, verb.sql, f"{outcome.sqlstate}, {outcome.n_rows} rows instead of {expected}")
    own = next((prober.fixture.subjects[name] for name, standing in kind.standings if standing == "owner"), None)
    if own and own is not subject and table.row and table.name in prober.fixture.keyed:
        with_her_keys(prober, kind, subject, table, own)
    if found != set(rights):
        prober.complain(kind, subject, table.name, f"can do \"{''.join(sorted(found))}\", "
                                                   f"decided is \"{''.join(sorted(rights))}\"")


def with_her_keys(prober, kind, subject, table, own):
    """A row of one's own with the other keys of somebody else's: that they are taken is not told."""
    row = table.row.replace(str(subject.person), str(own.person)).replace(f'"{subject.name}"', f'"{own.name}"')
    made_up = UUID.sub(lambda m: m[0] if m[0] == str(own.person) else str(uuid.uuid4()), row)
    ways = [inserts(f"glucose.{table.name}", table.columns, table.key, f"'{of}'::jsonb") for of in (row, made_up)]
    for (_, sql, _), (_, other, _) in zip(*ways):
        outcome, same = prober.run(kind, subject, sql), prober.run(kind, subject, other, look=False)
        prober.internal(kind, subject, sql, outcome)
        prober.unchanged(kind, subject, sql, outcome, frozenset())
        prober.hidden(kind, subject, sql, 0 if str(subject.person) not in str(outcome.rows()) else 1)
        prober.alike(kind, subject, sql, (*outcome.told(), outcome.touched), (*same.told(), same.touched))


def one(prober, kind, subject, table, verb, rights, may_change):
    """One cell: nothing is shown or changed beyond the rights, and of one who is not there the same is told."""
    of_somebody = prober.fixture.whose(table.name) is not None
    before = ()
    if verb.sql == "EXECUTE theirs":  # planned as one who sees all
        before = (at("PREPARE theirs AS " + verbs(table, prober.fixture)[0].sql, subject, subject.person, subject.name),)
    sql = at(SAID_BY.sub(lambda m: f'"{m[1]}": "{kind.identity}"', verb.sql), subject, subject.person, subject.name)
    is_read = verb.right == "r"
    outcome = prober.run(kind, subject, sql, before, table.copied, look=not is_read)
    prober.internal(kind, subject, sql, outcome)
    if not is_read:
        prober.unchanged(kind, subject, sql, outcome, may_change)
        # A row that was written as it was is written, too.
        may_touch = prober.n_may_update(table.name, kind) if verb.name == "UPDATE all" else \
            0 if verb.right and not set(verb.right) & set(rights) else outcome.touched
        if outcome.sqlstate == "00000" and outcome.touched > may_touch:
            prober.foreign_changes += 1
            prober.complain(kind, subject, sql, f"{outcome.touched} rows written")
        # What a constraint refuses has passed row-level security, and tells what is there.
        if outcome.sqlstate.startswith("23") and not set(verb.right or "u") & set(rights):
            prober.told_apart += 1
            prober.complain(kind, subject, sql, f"as far as a constraint: {outcome.text}")
    if "r" in rights:
        return outcome
    shown = subject.shows(outcome.rows())
    if of_somebody and is_read and verb.name not in ("TABLE", "COPY TO") or table.name in decided.NEVER_SEEN:
        # EXISTS and HAVING show no id: that there is a row at all is what they tell.
        shown = max(shown, outcome.n_rows)
    prober.hidden(kind, subject, sql, shown)
    # That the id of a person is taken is what a unique key of ids cannot hide: docs/security.md.
    if of_somebody and table.name != "person" and verb.name not in ("TABLE", "COPY TO", "UPDATE all"):
        nobody = (subject, str(uuid.uuid4()), "nobody")
        person = str(subject.person).encode()
        other = prober.run(kind, subject, at(sql, *nobody), tuple(at(sql, *nobody) for sql in before),
                           table.copied.replace(person, nobody[1].encode()), look=False)
        prober.alike(kind, subject, sql, (*outcome.told(), outcome.touched), (*other.told(), other.touched))
    return outcome
