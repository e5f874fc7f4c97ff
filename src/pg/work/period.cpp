// SPDX-License-Identifier: PostgreSQL
#include "pg/work/period.hpp"

#include "pg/boundary/guard.hpp"
#include "pg/boundary/settings.hpp"
#include "pg/tables/query.hpp"

namespace glucose::pg {

static_assert(kFromFirst == DT_NOBEGIN && kToLast == DT_NOEND);

namespace {

Query newest_reading{
    "SELECT r.measured_at::pg_catalog.timestamptz FROM glucose.glucose_reading r "
    "WHERE r.person_id OPERATOR(pg_catalog.=) $1 ORDER BY r.measured_at USING OPERATOR(pg_catalog.>) LIMIT 1",
    1,
    {UUIDOID}};

bool find_newest(const Person& person, TimestampTz* at) {
  Parameters p;
  p.add(UUIDPGetDatum(&person.id));
  run(newest_reading, p, Mode::read);
  if (SPI_processed == 0) return false;
  *at = DatumGetTimestampTz(value(0, 1));
  return true;
}

}  // namespace

const TimestampTz* optional_time(FunctionCallInfo fcinfo, int i, TimestampTz* at) {
  if (PG_ARGISNULL(i)) return nullptr;
  *at = PG_GETARG_TIMESTAMPTZ(i);
  return at;
}

Period period_of(const Person& person, const TimestampTz* begin, const TimestampTz* end, int n_days) {
  Period period{begin != nullptr ? *begin : DT_NOBEGIN, end != nullptr ? *end : DT_NOEND};
  if (begin == nullptr && period.end != DT_NOBEGIN) {
    TimestampTz last = period.end;
    if (last != DT_NOEND || find_newest(person, &last)) period.begin = last - n_days * USECS_PER_DAY;
    if (period.end == DT_NOEND && last != DT_NOEND) ++period.begin;  // else it were the days and one reading
  }
  if (period.begin >= period.end)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the period has no time in it"),
                    errhint("\"start_at\" must be before \"end_at\".")));
  return period;
}

Samples read_samples(const Person& person, const Period& period) {
  const Readings readings = read_readings(&person.id, period.begin == DT_NOBEGIN ? DT_NOBEGIN : period.begin - 1,
                                          period.end == DT_NOEND ? DT_NOEND : period.end - 1,
                                          settings::max_train_bytes(), CurrentMemoryContext);
  Samples samples{static_cast<SensorValue*>(MemoryContextAllocHuge(
                      CurrentMemoryContext, sizeof(SensorValue) * (static_cast<Size>(readings.n) + 1))),
                  static_cast<size_t>(readings.n)};
  for (size_t i = 0; i < samples.n; ++i) samples.rows[i] = {readings.rows[i].measured_at, readings.rows[i].mg_dl};
  pfree(readings.rows);
  // A view of an application's own may show rows in its order and twice.
  guarded([&] { samples.n = glucose::settle({samples.rows, samples.n}, 0); });
  return samples;
}

}  // namespace glucose::pg
