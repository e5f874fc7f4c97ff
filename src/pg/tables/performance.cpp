// SPDX-License-Identifier: PostgreSQL
#include "pg/tables/performance.hpp"

#include "pg/tables/query.hpp"

namespace glucose::pg {

namespace {

// Readings of the last days may still come in.
Query first_day{
    "SELECT coalesce($1, (SELECT pg_catalog.max(p.day) OPERATOR(pg_catalog.-) 3 FROM glucose.performance_log p "
    "WHERE p.days OPERATOR(pg_catalog.=) 1), '-infinity')",
    1,
    {DATEOID}};
#define COLLECTED(column) "pg_catalog.array_agg(r." column ")"
Query gather_performance{
    "SELECT " COLLECTED("person_id") ", " COLLECTED("model_type") ", " COLLECTED("day") ", " COLLECTED(
        "source") ", " COLLECTED("version") ", " COLLECTED("minutes_ahead") ", " COLLECTED("n") ", " COLLECTED("sum_"
                                                                                                               "error")
        ", " COLLECTED("sum_absolute") ", " COLLECTED("sum_squared") ", " COLLECTED("n_inside") ", " COLLECTED(
            "sum_level") " FROM glucose.performance_since($1) r",
    1,
    {DATEOID}};
// Whom the caller sees: of the others nothing was gathered, so nothing is forgotten.
Query persons_seen{"SELECT pg_catalog.array_agg(p.person_id) FROM glucose.person p", 0, {}};
// In their order and before any row of theirs, as who erases a person does.
Query hold_persons{
    "SELECT 1 FROM glucose.person p WHERE p.person_id OPERATOR(pg_catalog.=) ANY ($1) "
    "ORDER BY p.person_id USING OPERATOR(pg_catalog.<) FOR KEY SHARE",
    1,
    {UUIDARRAYOID}};
Query forget_days{
    "DELETE FROM glucose.performance_log WHERE days OPERATOR(pg_catalog.=) 1 AND day OPERATOR(pg_catalog.>=) $1 "
    "AND person_id OPERATOR(pg_catalog.=) ANY ($2)",
    2,
    {DATEOID, UUIDARRAYOID}};
#define SUMS "n, sum_error, sum_absolute, sum_squared, n_inside, sum_level"
#define NEW(column) column " = EXCLUDED." column
// Another session may have noted the same days meanwhile; what was gathered last counts.
Query insert_days{
    "INSERT INTO glucose.performance_log (person_id, model_type, day, source, version, minutes_ahead, " SUMS
    ") SELECT r.* FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3), "
    "pg_catalog.unnest($4), pg_catalog.unnest($5), pg_catalog.unnest($6), pg_catalog.unnest($7), "
    "pg_catalog.unnest($8), pg_catalog.unnest($9), pg_catalog.unnest($10), pg_catalog.unnest($11), "
    "pg_catalog.unnest($12)) AS r (person_id) WHERE EXISTS (SELECT FROM glucose.person p "
    "WHERE p.person_id OPERATOR(pg_catalog.=) r.person_id) ORDER BY r.person_id USING OPERATOR(pg_catalog.<) "
    "ON CONFLICT (person_id, model_type, day, days, source, version, minutes_ahead) DO UPDATE SET " NEW("n") ", " NEW(
        "sum_error") ", " NEW("sum_absolute") ", " NEW("sum_squared") ", " NEW("n_inside") ", " NEW("sum_level"),
    12,
    {UUIDARRAYOID, TEXTARRAYOID, DATEARRAYOID, TEXTARRAYOID, TEXTARRAYOID, INT4ARRAYOID, INT4ARRAYOID, FLOAT8ARRAYOID,
     FLOAT8ARRAYOID, FLOAT8ARRAYOID, INT4ARRAYOID, FLOAT8ARRAYOID}};
#define WEEK_OF(day) "pg_catalog.date_trunc('week', " day "::pg_catalog.timestamp)"
#define ADDED(column) column " = l." column " OPERATOR(pg_catalog.+) EXCLUDED." column
// Weeks that ended more than 30 days ago.
#define MAKE_WEEKS(of_whom) \
  "WITH old AS (DELETE FROM glucose.performance_log p WHERE " of_whom "p.days OPERATOR(pg_catalog.=) 1 AND " WEEK_OF( \
        "p.day") " OPERATOR(pg_catalog.<) (pg_catalog.now()::pg_catalog.timestamp OPERATOR(pg_catalog.-) " \
                 "'37 days'::pg_catalog.interval) RETURNING p.*) " \
                 "INSERT INTO glucose.performance_log AS l (person_id, model_type, day, days, source, version, " \
                 "minutes_ahead, " SUMS ") SELECT o.person_id, o.model_type, " WEEK_OF( \
                     "o.day") "::pg_catalog.date, 7, o.source, o.version, o.minutes_ahead, pg_catalog.sum(o.n), " \
                              "pg_catalog.sum(o.sum_error), pg_catalog.sum(o.sum_absolute), " \
                              "pg_catalog.sum(o.sum_squared), pg_catalog.sum(o.n_inside), " \
                              "pg_catalog.sum(o.sum_level) FROM old o GROUP BY 1, 2, 3, 5, 6, 7 " \
                              "ON CONFLICT (person_id, model_type, day, days, source, version, minutes_ahead) " \
                              "DO UPDATE SET " ADDED("n") ", " ADDED("sum_error") ", " ADDED("sum_absolute") ", " ADDED( \
                                  "sum_squared") ", " ADDED("n_inside") ", " ADDED("sum_level")
Query make_weeks{MAKE_WEEKS(""), 0, {}};
Query make_weeks_of{MAKE_WEEKS("p.person_id OPERATOR(pg_catalog.=) ANY ($1) AND "), 1, {UUIDARRAYOID}};

Query gather_findings{
    "SELECT " COLLECTED("person_id") ", " COLLECTED("kind") ", " COLLECTED("subject") ", " COLLECTED(
        "severity") ", " COLLECTED("message")
        " FROM (SELECT DISTINCT ON (f.person_id, f.kind, f.subject) f.* FROM glucose.person_findings($1) f "
        "ORDER BY f.person_id USING OPERATOR(pg_catalog.<), f.kind USING OPERATOR(pg_catalog.<), "
        "f.subject USING OPERATOR(pg_catalog.<), f.message USING OPERATOR(pg_catalog.<)) r",
    1,
    {JSONBOID}};
// Told anew once a cooldown, unless somebody looks after it.
Query upsert_alerts{
    "INSERT INTO glucose.person_alert AS a (person_id, kind, subject, severity, message, first_seen, last_seen, "
    "told_at) SELECT r.*, pg_catalog.now(), pg_catalog.now(), pg_catalog.now() FROM ROWS FROM (pg_catalog.unnest($1), "
    "pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4), pg_catalog.unnest($5)) AS r (person_id) "
    "WHERE EXISTS (SELECT FROM glucose.person p WHERE p.person_id OPERATOR(pg_catalog.=) r.person_id) "
    "ON CONFLICT (person_id, kind, subject) WHERE resolved_at IS NULL DO UPDATE SET severity = EXCLUDED.severity, "
    "message = EXCLUDED.message, last_seen = pg_catalog.now(), count = a.count OPERATOR(pg_catalog.+) 1, "
    "told_at = CASE WHEN a.told_at OPERATOR(pg_catalog.<=) (pg_catalog.now() OPERATOR(pg_catalog.-) $6) "
    "AND a.acknowledged_at IS NULL THEN pg_catalog.now() ELSE a.told_at END",
    6,
    {UUIDARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, INTERVALOID}};
Query resolve_alerts{
    "UPDATE glucose.person_alert SET resolved_at = pg_catalog.now() WHERE resolved_at IS NULL "
    "AND last_seen OPERATOR(pg_catalog.<) pg_catalog.now() AND person_id OPERATOR(pg_catalog.=) ANY ($1)",
    1,
    {UUIDARRAYOID}};
Query alert_seen{"SELECT 1 FROM glucose.person_alert a WHERE a.alert_id OPERATOR(pg_catalog.=) $1", 1, {UUIDOID}};
Query acknowledge{
    "UPDATE glucose.person_alert SET acknowledged_at = pg_catalog.now(), acknowledged_by = $2 "
    "WHERE alert_id OPERATOR(pg_catalog.=) $1 AND resolved_at IS NULL",
    2,
    {UUIDOID, TEXTOID}};

// The arrays of the one row; false when they are of nothing.
bool take_arrays(Parameters& p, int n) {
  for (int i = 1; i <= n; ++i) {
    bool is_null;
    const Datum array = column(0, i, &is_null);
    if (is_null) return false;
    p.add(PointerGetDatum(DatumGetArrayTypePCopy(array)));
  }
  return true;
}

}  // namespace

int64 write_performance(const DateADT* since) {
  Parameters from;
  from.add_or_null(since != nullptr, since != nullptr ? DateADTGetDatum(*since) : 0);
  run(first_day, from, Mode::read);
  const Datum day = value(0, 1);
  Parameters of_day;
  of_day.add(day);
  run(gather_performance, of_day, Mode::read);
  Parameters rows;
  const bool has_rows = take_arrays(rows, 12);
  run(persons_seen, Parameters(), Mode::read);
  if (!take_arrays(of_day, 1)) return 0;
  Parameters persons;
  persons.add(of_day.values[1]);
  run(hold_persons, persons, Mode::as_owner);
  run(forget_days, of_day, Mode::as_owner);
  int64 written = 0;
  if (has_rows) {
    run(insert_days, rows, Mode::as_owner);
    written = static_cast<int64>(SPI_processed);
  }
  run(make_weeks, Parameters(), Mode::as_owner);
  return written;
}

void make_weeks_of_old(Datum persons) {
  Parameters p;
  p.add(persons);
  run(make_weeks_of, p, Mode::as_owner);
}

int64 write_person_alerts(Datum limits, Datum cooldown) {
  Parameters of_limits;
  of_limits.add(limits);
  run(gather_findings, of_limits, Mode::read);
  Parameters rows;
  int64 found = 0;
  if (take_arrays(rows, 5)) {
    rows.add(cooldown);
    run(upsert_alerts, rows, Mode::as_owner);
    found = static_cast<int64>(SPI_processed);
  }
  Parameters seen;
  run(persons_seen, Parameters(), Mode::read);
  if (take_arrays(seen, 1)) run(resolve_alerts, seen, Mode::as_owner);
  return found;
}

bool acknowledge_person_alert(const pg_uuid_t* alert_id, const char* by) {
  Parameters p;
  p.add(UUIDPGetDatum(alert_id));
  run(alert_seen, p, Mode::read);
  if (SPI_processed == 0) return false;
  p.add_or_null(by != nullptr, by != nullptr ? CStringGetTextDatum(by) : 0);
  run(acknowledge, p, Mode::as_owner);
  return SPI_processed > 0;
}

}  // namespace glucose::pg
