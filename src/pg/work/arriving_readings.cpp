// SPDX-License-Identifier: PostgreSQL
#include "pg/work/arriving_readings.hpp"

#include <algorithm>
#include <cmath>

#include "pg/tables/query.hpp"
#include "pg/tables/relations.hpp"

namespace glucose::pg {

namespace {

constexpr int64 kAtMostAhead = USECS_PER_DAY;  // a sensor's clock, and a phone's zone

constexpr int64 kLongestGap = USECS_PER_DAY;  // within one search of what is there

#define ARRIVED "FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3)) AS v (at, mg_dl)"
#define READING_TYPES UUIDOID, TIMESTAMPTZARRAYOID, FLOAT4ARRAYOID

// Each stretch of time is one place of the index, whatever else there is of the person; OFFSET keeps it so.
Query find{
    "SELECT r.* FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3)) AS s (since, until) CROSS JOIN LATERAL ("
    "SELECT r.measured_at::pg_catalog.timestamptz, r.mg_dl::pg_catalog.float4 FROM glucose.glucose_reading r "
    "WHERE r.person_id OPERATOR(pg_catalog.=) $1 AND r.measured_at OPERATOR(pg_catalog.>=) s.since "
    "AND r.measured_at OPERATOR(pg_catalog.<=) s.until OFFSET 0) AS r",
    3,
    {UUIDOID, TIMESTAMPTZARRAYOID, TIMESTAMPTZARRAYOID},
    nullptr,
    true};
// In the order of the array, which is that of the key: two imports of the same rows wait for each other in turn.
Query add_rows{"INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl) SELECT $1, v.at, v.mg_dl " ARRIVED
               " ON CONFLICT DO NOTHING",
               3,
               {READING_TYPES},
               nullptr,
               true};
Query add_recorded_rows{
    "INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl, recorded_at) "
    "SELECT $1, v.at, v.mg_dl, $4 " ARRIVED " ON CONFLICT DO NOTHING",
    4,
    {READING_TYPES, TIMESTAMPTZOID},
    nullptr,
    true};
// In order, too, whatever plan the update takes.
Query lock_rows{
    "SELECT 1 FROM pg_catalog.unnest($2) AS v (at) CROSS JOIN LATERAL ("
    "SELECT 1 FROM glucose.glucose_reading r WHERE r.person_id OPERATOR(pg_catalog.=) $1 "
    "AND r.measured_at OPERATOR(pg_catalog.=) v.at OFFSET 0 FOR NO KEY UPDATE) AS r",
    2,
    {UUIDOID, TIMESTAMPTZARRAYOID},
    nullptr,
    true};
#define CORRECTION                                                                              \
  ARRIVED                                                                                       \
  " WHERE r.person_id OPERATOR(pg_catalog.=) $1 AND r.measured_at OPERATOR(pg_catalog.=) v.at " \
  "AND r.measured_at OPERATOR(pg_catalog.>=) ($2)[1] "                                          \
  "AND r.measured_at OPERATOR(pg_catalog.<=) ($2)[pg_catalog.cardinality($2)] "                 \
  "AND (r.mg_dl OPERATOR(pg_catalog.<>) v.mg_dl) IS NOT FALSE"
Query correct_rows{
    "UPDATE glucose.glucose_reading AS r SET mg_dl = v.mg_dl " CORRECTION, 3, {READING_TYPES}, nullptr, true};
Query correct_recorded_rows{"UPDATE glucose.glucose_reading AS r SET mg_dl = v.mg_dl, recorded_at = $4 " CORRECTION,
                            4,
                            {READING_TYPES, TIMESTAMPTZOID},
                            nullptr,
                            true};

class ArrivingReadings final : public Arrivals {
 public:
  const pg_uuid_t* person_id;
  const ImportOptions* options;
  const ArrivingReading* rows;

  void look(bool at_newest) override {
    run(find, stretches(), at_newest ? Mode::write : Mode::read);
    for (int i = 0; i < n; ++i)
      if (found[i] != Found::settled) found[i] = Found::nothing;
    for (uint64 k = 0; k < SPI_processed; ++k) {
      CHECK_FOR_INTERRUPTS();
      const TimestampTz at = DatumGetTimestampTz(value(k, 1));
      const ArrivingReading* row = std::lower_bound(
          rows, rows + n, at, [](const ArrivingReading& a, TimestampTz moment) { return a.at < moment; });
      if (row == rows + n || row->at != at) continue;
      Found& what = found[row - rows];
      if (what == Found::settled || what == Found::the_same) continue;
      bool is_null;
      const Datum mg_dl = column(k, 2, &is_null);
      what = !is_null && DatumGetFloat4(mg_dl) == row->mg_dl ? Found::the_same : Found::another;
    }
  }

  uint64 add() override { return write(Found::nothing, options->names_recorded_at ? add_recorded_rows : add_rows); }

  uint64 correct() override {
    if (is_table("glucose_reading")) run(lock_rows, keys(Found::another), Mode::write);
    return write(Found::another, options->names_recorded_at ? correct_recorded_rows : correct_rows);
  }

 private:
  // From the first to the last of rows with no long gap between them, of all that are not settled.
  Parameters stretches() const {
    auto* since = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(n + 1)));
    auto* until = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(n + 1)));
    int k = 0;
    for (int i = 0; i < n; ++i) {
      if (found[i] == Found::settled) continue;
      if (k == 0 || rows[i].at - DatumGetTimestampTz(until[k - 1]) > kLongestGap)
        since[k++] = TimestampTzGetDatum(rows[i].at);
      until[k - 1] = TimestampTzGetDatum(rows[i].at);
    }
    Parameters p;
    p.add(UUIDPGetDatum(person_id));
    p.add(array_of(since, nullptr, k, TIMESTAMPTZOID));
    p.add(array_of(until, nullptr, k, TIMESTAMPTZOID));
    return p;
  }

  Parameters keys(Found what) const {
    auto* times = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(n + 1)));
    int k = 0;
    for (int i = 0; i < n; ++i)
      if (found[i] == what) times[k++] = TimestampTzGetDatum(rows[i].at);
    Parameters p;
    p.add(UUIDPGetDatum(person_id));
    p.add(array_of(times, nullptr, k, TIMESTAMPTZOID));
    return p;
  }

  uint64 write(Found what, Query& statement) const {
    Parameters p = keys(what);
    auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(n + 1)));
    int k = 0;
    for (int i = 0; i < n; ++i)
      if (found[i] == what) values[k++] = Float4GetDatum(rows[i].mg_dl);
    p.add(array_of(values, nullptr, k, FLOAT4OID));
    if (options->names_recorded_at)
      p.add_or_null(!options->is_recorded_when_measured, TimestampTzGetDatum(options->recorded_at));
    run(statement, p, Mode::write);
    return SPI_processed;
  }
};

/// One array argument, taken apart.
struct Elements {
  Datum* values;
  bool* nulls;
  int n;
};

Elements take_apart(ArrayType* array, const char* name, Oid type, int16 length) {
  if (ARR_NDIM(array) > 1)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"%s\" must be an array of one dimension", name),
                    errdetail("It has %d dimensions.", ARR_NDIM(array))));
  Elements all;
  deconstruct_array(array, type, length, true, length == 8 ? TYPALIGN_DOUBLE : TYPALIGN_INT, &all.values, &all.nulls,
                    &all.n);
  return all;
}

// Whether the row is taken; else it is refused.
bool take(ArrivingReading& row, double given, const ImportOptions& options, Tally& tally) {
  const auto refuse = [&](Refusal why) {
    tally.refuse(why, row.place);
    return false;
  };
  if (!std::isfinite(given) || TIMESTAMP_NOT_FINITE(row.at)) return refuse(Refusal::not_finite);
  const bool is_mmol_l = options.unit == GlucoseUnit::mmol_l;
  row.mg_dl = static_cast<float>(is_mmol_l ? given * kMgDlPerMmolL : given);
  if (!is_mmol_l && given > 0 && given < static_cast<double>(kGlucoseLow)) return refuse(Refusal::looks_like_mmol_l);
  if (!(row.mg_dl >= kGlucoseLow && row.mg_dl <= kGlucoseHigh)) return refuse(Refusal::out_of_range);
  if (!is_credible_time(row.at, kAtMostAhead)) return refuse(Refusal::time_out_of_range);
  return true;
}

int by_time(const ArrivingReading& a, const ArrivingReading& b) {
  if (a.at != b.at) return a.at < b.at ? -1 : 1;
  return a.place - b.place;
}

// In the order of the key, the last of each moment.
int in_order(ArrivingReading* rows, int n, Tally& tally) {
  sort_rows<by_time>(rows, n);
  int k = 0;
  for (int i = 0; i < n; ++i)
    if (i + 1 == n || rows[i + 1].at != rows[i].at) rows[k++] = rows[i];
  tally.duplicates += n - k;
  return k;
}

}  // namespace

GivenReadings read_given_readings(ArrayType* measured_at, ArrayType* mg_dl, const ImportOptions& options,
                                  Tally& tally) {
  const Elements times = take_apart(measured_at, "measured_at", TIMESTAMPTZOID, 8);
  const Elements values = take_apart(mg_dl, "mg_dl", FLOAT4OID, 4);
  if (times.n != values.n)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("\"measured_at\" and \"mg_dl\" must have as many elements as each other"),
                    errdetail("They have %d and %d.", times.n, values.n)));
  require_few_rows(times.n);
  GivenReadings given{static_cast<ArrivingReading*>(palloc(sizeof(ArrivingReading) * static_cast<Size>(times.n + 1))),
                      0};
  for (int i = 0; i < times.n; ++i) {
    CHECK_FOR_INTERRUPTS();
    ArrivingReading& row = given.rows[given.n];
    row.place = i + 1;
    if (times.nulls[i] || values.nulls[i]) {
      tally.refuse(Refusal::missing, row.place);
      continue;
    }
    row.at = DatumGetTimestampTz(times.values[i]);
    given.n += take(row, static_cast<double>(DatumGetFloat4(values.values[i])), options, tally);
  }
  given.n = in_order(given.rows, given.n, tally);
  return given;
}

void import_readings(const pg_uuid_t* person_id, const GivenReadings& given, const ImportOptions& options,
                     Tally& tally) {
  ArrivingReadings arriving;
  arriving.person_id = person_id;
  arriving.options = &options;
  arriving.rows = given.rows;
  arriving.begin(given.rows, given.n);
  settle(arriving, options, tally);
}

}  // namespace glucose::pg
