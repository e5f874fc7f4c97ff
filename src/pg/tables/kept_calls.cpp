// SPDX-License-Identifier: PostgreSQL
#include "pg/tables/kept_calls.hpp"

#include <algorithm>

#include "core/base/token_bucket.hpp"

namespace glucose::pg {

namespace {

// Whose calls, of which kind, since when, how many at most, now. A few of the old rows go with each new one, those that
// another session takes away just now left to it. Tells how many there were and when the first of them was.
Query note_call{
    "WITH old AS MATERIALIZED (SELECT o.called_at FROM glucose.counted_call o "
    "WHERE o.identity OPERATOR(pg_catalog.=) $1 AND o.kind OPERATOR(pg_catalog.=) $2 "
    "AND o.called_at OPERATOR(pg_catalog.<=) $3 ORDER BY o.called_at USING OPERATOR(pg_catalog.<) LIMIT 4 "
    "FOR UPDATE SKIP LOCKED), "
    "gone AS (DELETE FROM glucose.counted_call c USING old o WHERE c.identity OPERATOR(pg_catalog.=) $1 AND c.kind "
    "OPERATOR(pg_catalog.=) $2 "
    "AND c.called_at OPERATOR(pg_catalog.=) o.called_at), "
    "used AS (SELECT pg_catalog.count(*)::pg_catalog.int4 AS n, pg_catalog.min(l.called_at) AS first_at "
    "FROM (SELECT c.called_at FROM glucose.counted_call c WHERE c.identity OPERATOR(pg_catalog.=) $1 "
    "AND c.kind OPERATOR(pg_catalog.=) $2 AND c.called_at OPERATOR(pg_catalog.>) $3 "
    "ORDER BY c.called_at USING OPERATOR(pg_catalog.>) LIMIT $4) l), "
    "new AS (INSERT INTO glucose.counted_call (identity, kind, called_at) SELECT $1, $2, $5 FROM used "
    "WHERE used.n OPERATOR(pg_catalog.<) $4 ON CONFLICT (identity, kind, called_at) DO NOTHING) "
    "SELECT used.n, used.first_at FROM used",
    5,
    {TEXTOID, TEXTOID, TIMESTAMPTZOID, INT4OID, TIMESTAMPTZOID},
    nullptr,
    true};

Query recent_calls{
    "SELECT l.identity, pg_catalog.count(*)::pg_catalog.int4, pg_catalog.min(l.called_at) FROM "
    "(SELECT c.identity, c.called_at, pg_catalog.row_number() OVER (PARTITION BY c.identity "
    "ORDER BY c.called_at USING OPERATOR(pg_catalog.>)) AS nth FROM glucose.counted_call c "
    "WHERE ($1 IS NULL OR c.identity OPERATOR(pg_catalog.=) $1) AND c.kind OPERATOR(pg_catalog.=) $2 "
    "AND c.called_at OPERATOR(pg_catalog.>) $3) l WHERE l.nth OPERATOR(pg_catalog.<=) $4 GROUP BY l.identity "
    "ORDER BY l.identity USING OPERATOR(pg_catalog.<)",
    4,
    {TEXTOID, TEXTOID, TIMESTAMPTZOID, INT8OID}};

Query old_calls{
    "WITH old AS MATERIALIZED (SELECT o.identity, o.kind, o.called_at FROM glucose.counted_call o "
    "WHERE o.called_at OPERATOR(pg_catalog.<=) $1 FOR UPDATE SKIP LOCKED) "
    "DELETE FROM glucose.counted_call c USING old o WHERE c.identity OPERATOR(pg_catalog.=) o.identity AND c.kind "
    "OPERATOR(pg_catalog.=) o.kind "
    "AND c.called_at OPERATOR(pg_catalog.=) o.called_at",
    1,
    {TIMESTAMPTZOID}};

TimestampTz wait_after(int n, int per_minute, Datum first_at, TimestampTz now) {
  return n < per_minute ? 0 : std::max<TimestampTz>(1, wait_until_forgotten(DatumGetTimestampTz(first_at), now));
}

}  // namespace

TimestampTz keep_call(const char* identity, const char* kind, int per_minute, TimestampTz now) {
  begin_for_policy(Volatility::is_volatile);
  Parameters p;
  p.add(CStringGetTextDatum(identity));
  p.add(CStringGetTextDatum(kind));
  p.add(TimestampTzGetDatum(now - kMinute));
  p.add(Int32GetDatum(per_minute));
  p.add(TimestampTzGetDatum(now));
  run(note_call, p, Mode::as_owner);
  const int n = DatumGetInt32(value(0, 1));
  bool none;
  const TimestampTz wait = wait_after(n, per_minute, column(0, 2, &none), now);
  end(Volatility::is_volatile);
  return wait;
}

void forget_calls(TimestampTz now) {
  Parameters p;
  p.add(TimestampTzGetDatum(now - kMinute));
  run(old_calls, p, Mode::as_owner);
}

KeptCalls read_kept_calls(const char* identity, const char* kind, int per_minute, TimestampTz now) {
  Parameters p;
  p.add_or_null(identity != nullptr, identity != nullptr ? CStringGetTextDatum(identity) : 0);
  p.add(CStringGetTextDatum(kind));
  p.add(TimestampTzGetDatum(now - kMinute));
  p.add(Int64GetDatum(per_minute));
  run(recent_calls, p, Mode::read_as_owner);
  KeptCalls calls;
  calls.n = SPI_processed;
  calls.identities = static_cast<const char**>(palloc(sizeof(char*) * (calls.n + 1)));
  calls.counts = static_cast<int*>(palloc(sizeof(int) * (calls.n + 1)));
  calls.waits = static_cast<TimestampTz*>(palloc(sizeof(TimestampTz) * (calls.n + 1)));
  for (uint64 i = 0; i < calls.n; ++i) {
    calls.identities[i] = TextDatumGetCString(value(i, 1));
    calls.counts[i] = DatumGetInt32(value(i, 2));
    calls.waits[i] = wait_after(calls.counts[i], per_minute, value(i, 3), now);
  }
  return calls;
}

}  // namespace glucose::pg
