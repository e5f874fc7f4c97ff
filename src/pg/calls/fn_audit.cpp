// SPDX-License-Identifier: PostgreSQL
// seal_log, verify_log, purge: the log as an audit.
#include "pg/boundary/arguments.hpp"
#include "pg/tables/identity.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/read.hpp"
#include "pg/tables/seals.hpp"
#include "pg/work/log_check.hpp"
#include "pg/work/purge.hpp"
#include "pg/work/tidying.hpp"

extern "C" {
#include "access/xlog.h"
}

using namespace glucose::pg;

namespace {

constexpr int64 kMostSealedAtOnce = 200000;
constexpr int kMostReleasedAtOnce = 10000;
constexpr int kMostPurgedAtOnce = 1000;

glucose::pg::Query head_of_log{
    "SELECT pg_catalog.concat(seal_no, ':', pg_catalog.encode(mac, 'hex')) FROM glucose.audit_seal "
    "ORDER BY seal_no USING OPERATOR(pg_catalog.>) LIMIT 1",
    0,
    {}};

Datum before(TimestampTz now, Interval* ago) {
  return DirectFunctionCall2(timestamptz_mi_interval, TimestampTzGetDatum(now), IntervalPGetDatum(ago));
}

}  // namespace

SQL_FUNCTION(seal_log) {
  TupleDesc columns;
  if (get_call_result_type(fcinfo, nullptr, &columns) != TYPEFUNC_COMPOSITE) elog(ERROR, "no row type");
  columns = BlessTupleDesc(columns);
  require_argument(fcinfo, 0, "older_than");
  const TimestampTz until = DatumGetTimestampTz(before(GetCurrentTimestamp(), PG_GETARG_INTERVAL_P(0)));
  MemoryContext caller = CurrentMemoryContext;
  begin(Volatility::is_volatile);
  require_steward("the log");
  const Sealed sealed = seal_rows(until, kMostSealedAtOnce);
  const int64 released = release_orphans(kMostReleasedAtOnce);
  run(head_of_log, Parameters(), Mode::as_owner);
  const bool any = SPI_processed > 0;
  MemoryContext inside = MemoryContextSwitchTo(caller);
  Datum values[4] = {Int64GetDatum(sealed.seals), Int64GetDatum(sealed.rows), Int64GetDatum(released)};
  if (any) values[3] = CStringGetTextDatum(TextDatumGetCString(value(0, 1)));
  bool nulls[4] = {false, false, false, !any};
  HeapTuple row = heap_form_tuple(columns, values, nulls);
  MemoryContextSwitchTo(inside);
  end(Volatility::is_volatile);
  PG_RETURN_DATUM(HeapTupleGetDatum(row));
}

SQL_FUNCTION(verify_log) {
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  const char* head = PG_ARGISNULL(1) ? nullptr : text_argument(fcinfo, 1, "head");
  InitMaterializedSRF(fcinfo, 0);
  begin(Volatility::stable);
  (void)read_person(person_id);
  check_log_of(person_id, result);
  if (head != nullptr) check_head(head, result);
  end(Volatility::stable);
  return static_cast<Datum>(0);
}

SQL_FUNCTION(verify_seals) {
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  const char* head = PG_ARGISNULL(0) ? nullptr : text_argument(fcinfo, 0, "head");
  InitMaterializedSRF(fcinfo, 0);
  begin(Volatility::stable);
  require_steward("the log");
  check_seals(result);
  if (head != nullptr) check_head(head, result);
  end(Volatility::stable);
  return static_cast<Datum>(0);
}

SQL_FUNCTION(purge_some) {
  TupleDesc columns;
  if (get_call_result_type(fcinfo, nullptr, &columns) != TYPEFUNC_COMPOSITE) elog(ERROR, "no row type");
  columns = BlessTupleDesc(columns);
  PurgePlace place;
  require_argument(fcinfo, 0, "after");
  place.seal = PG_GETARG_INT64(0);
  if (!PG_ARGISNULL(1)) place.values = PG_GETARG_TIMESTAMPTZ(1);
  if (!PG_ARGISNULL(2)) place.rows = PG_GETARG_TIMESTAMPTZ(2);
  begin(Volatility::is_volatile);
  require_steward("the log");
  const Purged purged = purge_piece(kMostPurgedAtOnce, place);
  end(Volatility::is_volatile);
  Datum values[] = {Int64GetDatum(purged.values), Int64GetDatum(purged.rows),        Int64GetDatum(purged.seals),
                    Int64GetDatum(place.seal),    TimestampTzGetDatum(place.values), TimestampTzGetDatum(place.rows),
                    BoolGetDatum(purged.is_done)};
  bool nulls[sizeof values / sizeof *values] = {};
  PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(columns, values, nulls)));
}

SQL_FUNCTION(purge_persons) {
  TupleDesc columns;
  if (get_call_result_type(fcinfo, nullptr, &columns) != TYPEFUNC_COMPOSITE) elog(ERROR, "no row type");
  columns = BlessTupleDesc(columns);
  begin(Volatility::is_volatile);
  require_steward("what is old");
  const Tidied tidied = tidy_persons(optional_uuid_argument(fcinfo, 0));
  end(Volatility::is_volatile);
  Datum values[] = {Int64GetDatum(tidied.artifacts), Int64GetDatum(tidied.rows), UUIDPGetDatum(&tidied.last),
                    BoolGetDatum(tidied.is_done)};
  bool nulls[sizeof values / sizeof *values] = {};
  PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(columns, values, nulls)));
}
