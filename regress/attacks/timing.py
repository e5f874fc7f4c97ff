# SPDX-License-Identifier: PostgreSQL
"""Whether the time of a refusal, or a plan, tells somebody else's person or meal from none. Every function that refuses an unknown
person or meal is asked in random order about another's and about nobody's; AUC is the probability that another's took longer."""
import bisect
import re
import uuid

from attack import LONG, Attack, connect

from probed_functions import argument, functions

ASKED = 4000 if LONG else 200
# A standard error of AUC by chance is about 0.58 / sqrt(ASKED): 0.009 and 0.04.
MOST = 0.55 if LONG else 0.66
PROBE = """
CREATE FUNCTION pg_temp.probe(call text, theirs uuid[], nobodys uuid[], n integer) RETURNS TABLE (is_theirs boolean, us float8) LANGUAGE plpgsql AS $$
DECLARE
  started timestamptz;
  asked uuid;
  place integer;
BEGIN
  FOR i IN 1 .. n LOOP
    -- Drawn beforehand and chosen alike, so that nothing but the id differs.
    is_theirs := random() < 0.5;
    place := 1 + floor(random() * cardinality(theirs));
    asked := CASE WHEN is_theirs THEN theirs[place] ELSE nobodys[place] END;
    BEGIN
      started := clock_timestamp();
      EXECUTE call USING asked;
      RAISE 'answered';
    EXCEPTION WHEN no_data_found THEN   -- P0002
      us := extract(epoch FROM clock_timestamp() - started) * 1e6;
    END;
    RETURN NEXT;
  END LOOP;
END $$"""

NOBODY = {name: uuid.uuid4() for name in ("person_id", "meal_id", "other_meal_id")}


def calls_about(session, found, of):
    """Calls whose first argument is somebody's id, $1, that are refused with P0002 when nobody has it."""
    for name, kind, is_of_arguments, names, types, required in found:
        if kind != "f" or is_of_arguments or not names or names[0] != of or types[0] != "uuid":
            continue
        others = [f'"{names[i]}" => {argument(names[i], types[i], NOBODY)}' for i in range(1, required)]
        sql = f"SELECT * FROM glucose.{name}({', '.join([f'{of} => $1', *others])})"
        if refused(session, sql):
            yield name, sql


def refused(session, sql):
    try:
        session.execute(sql.replace("$1", f"'{uuid.uuid4()}'"))
    except Exception as error:
        return getattr(error, "sqlstate", "") == "P0002"
    return False


def auc(rows):
    """Of random pairs, how often theirs took longer; ties count half."""
    nobody = sorted(us for is_theirs, us in rows if not is_theirs)
    theirs = [us for is_theirs, us in rows if is_theirs]
    wins = sum(bisect.bisect_left(nobody, us) + bisect.bisect_right(nobody, us) for us in theirs)
    return wins / (2 * len(theirs) * len(nobody)), median(theirs), median(nobody)


def median(values):
    return sorted(values)[len(values) // 2]


def plans(attack, session, member, calls, theirs):
    """EXPLAIN says the same of both; a role without grants explains no table at all."""
    for name, sql in calls:
        said = []
        for asked in (theirs[0], uuid.uuid4()):
            rows = session.execute("EXPLAIN (VERBOSE) " + sql.replace("$1", f"'{asked}'::uuid")).fetchall()
            said.append(re.sub(str(asked), "id", str(rows)))
        attack.check(f"EXPLAIN of {name}() tells nothing", said[0] == said[1], said)
    for name, in session.execute("SELECT relname FROM pg_class WHERE relnamespace = 'glucose'::regnamespace AND relkind IN ('r', 'p', "
                                 "'v')").fetchall():
        for sql in (f"SELECT * FROM glucose.{name}", f"SELECT count(*) FROM glucose.{name} t WHERE t::text > 'a'"):
            try:
                member.execute(f"EXPLAIN {sql}")
                attack.check(f"EXPLAIN over {name} is refused", False)
            except Exception as error:
                attack.check(f"EXPLAIN over {name} is refused", error.sqlstate == "42501", error)


def set_up(superuser):
    """As docs/security.md has it: who must learn nothing by EXPLAIN has no grant, and calls a function of a role that has."""
    superuser.execute("CREATE ROLE api; CREATE ROLE member LOGIN; GRANT USAGE ON SCHEMA glucose TO member")
    superuser.execute("SET ROLE keeper; SELECT glucose.grant_access('api'); RESET ROLE")
    superuser.execute("VACUUM ANALYZE")


def main():
    with Attack("timing") as attack, connect("postgres") as superuser:
        set_up(superuser)
        found, worst = functions(superuser), (0.5, "")
        theirs = {of: [row for row, in superuser.execute(sql).fetchall()] for of, sql in (
            ("person_id", "SELECT person_id FROM glucose.person WHERE owner <> 'bob'"),
            ("meal_id", "SELECT meal_id FROM glucose.meal m JOIN glucose.person USING (person_id) WHERE owner <> 'bob' LIMIT 200"))}
        session, member, tables = connect("bob"), connect("member"), []
        session.execute(PROBE)
        for of, ids in theirs.items():
            calls = list(calls_about(session, found, of))
            nobodys = [uuid.uuid4() for _ in ids]
            plans(attack, session, member, calls, ids)
            for name, sql in calls:
                session.execute("SELECT count(*) FROM pg_temp.probe(%s, %s, %s, 20)", [sql, ids, nobodys])
                rows = session.execute("SELECT * FROM pg_temp.probe(%s, %s, %s, %s)", [sql, ids, nobodys, ASKED]).fetchall()
                found_auc, of_theirs, of_nobody = auc(rows)
                tables.append((abs(found_auc - 0.5), f"| {name} | {of_theirs:.0f} | {of_nobody:.0f} | {found_auc:.3f} |"))
                worst = max(worst, (max(found_auc, 1 - found_auc), name))
                attack.n += len(rows)
                attack.check(f"the time of {name}() tells nothing", abs(found_auc - 0.5) <= MOST - 0.5,
                             f"AUC {found_auc:.3f}, medians {of_theirs:.0f} and {of_nobody:.0f} us")
        attack.check("there is something to ask", len(tables) >= 40, len(tables))
        if LONG:
            print("| function | another's, us | nobody's, us | AUC |\n|---|---|---|---|")
            print("\n".join(line for _, line in sorted(tables, reverse=True)))
        attack.figures = f" ({len(tables)} functions, {ASKED} calls each; AUC at most {worst[0]:.3f}, of {worst[1]}())"


if __name__ == "__main__":
    main()
