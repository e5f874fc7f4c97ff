// SPDX-License-Identifier: PostgreSQL
#include "pg/tables/recorded.hpp"

#include <algorithm>

#include "core/readings/time_grid.hpp"
#include "pg/tables/identity.hpp"
#include "pg/tables/query.hpp"

namespace glucose::pg {

namespace {

constexpr int kMostPersonsNamed = 64;
constexpr TimestampTz kNever = 366 * 100 * kDay;  // after it was measured: no forecast has known it

Query whole_answer{
    "SELECT p.person_id, coalesce(p.cached_from, p.prediction_id) FROM glucose.prediction p "
    "WHERE p.prediction_id OPERATOR(pg_catalog.=) $1 AND ($2 IS NULL OR p.person_id OPERATOR(pg_catalog.=) ANY ($2)) "
    "AND ($3 IS NULL OR p.person_id OPERATOR(pg_catalog.=) $3) LIMIT 1",
    3,
    {UUIDOID, UUIDARRAYOID, UUIDOID}};
Query points_of_answer{
    "SELECT p.model_type, x.minutes_ahead, x.at FROM glucose.prediction p "
    "LEFT JOIN LATERAL glucose.prediction_points(p.predictions) x ON x.minutes_ahead IS NOT NULL "
    "WHERE p.person_id OPERATOR(pg_catalog.=) $1 AND p.prediction_id OPERATOR(pg_catalog.=) $2 "
    "ORDER BY x.minutes_ahead USING OPERATOR(pg_catalog.<)",
    2,
    {UUIDOID, UUIDOID}};
// The last word counts.
Query upsert_outcomes{
    "INSERT INTO glucose.recorded_outcome (person_id, prediction_id, minutes_ahead, value, recorded_by) "
    "SELECT $1, $2, o.minutes, o.value, $5 FROM ROWS FROM (pg_catalog.unnest($3), pg_catalog.unnest($4)) AS o "
    "(minutes, value) ON CONFLICT (person_id, prediction_id, minutes_ahead) DO UPDATE SET value = EXCLUDED.value, "
    "recorded_at = pg_catalog.clock_timestamp(), recorded_by = EXCLUDED.recorded_by",
    5,
    {UUIDOID, UUIDOID, INT4ARRAYOID, FLOAT4ARRAYOID, TEXTOID}};
// Of a moment that several answers spoke of, the last word.
Query recorded_glucose{
    "SELECT DISTINCT ON (h.at) h.at, r.value FROM glucose.recorded_outcome r "
    "JOIN glucose.prediction_horizon h ON h.person_id OPERATOR(pg_catalog.=) r.person_id "
    "AND h.prediction_id OPERATOR(pg_catalog.=) r.prediction_id "
    "AND h.minutes_ahead OPERATOR(pg_catalog.=) r.minutes_ahead WHERE r.person_id OPERATOR(pg_catalog.=) $1 "
    "AND pg_catalog.strpos(h.model_type, ':') OPERATOR(pg_catalog.=) 0 "
    "AND h.at OPERATOR(pg_catalog.>=) $2 AND h.at OPERATOR(pg_catalog.<) $3 "
    "ORDER BY h.at USING OPERATOR(pg_catalog.<), r.recorded_at USING OPERATOR(pg_catalog.>)",
    3,
    {UUIDOID, TIMESTAMPTZOID, TIMESTAMPTZOID}};

// Whether the tables say themselves what glucose was at a moment.
bool is_known(std::span<const Reading> readings, TimestampTz at) {
  const auto after =
      std::partition_point(readings.begin(), readings.end(), [&](const Reading& r) { return r.measured_at < at; });
  if (after == readings.end() || after->measured_at > at + kReachOfReading) return false;
  if (after->measured_at == at) return true;
  return after != readings.begin() && after[-1].measured_at >= at - kReachOfReading;
}

}  // namespace

bool find_whole_answer(const pg_uuid_t* prediction_id, const pg_uuid_t* person_id, pg_uuid_t* whose, pg_uuid_t* whole) {
  const ArrayType* few = person_id == nullptr ? few_visible_persons(kMostPersonsNamed) : nullptr;
  Parameters p;
  p.add(UUIDPGetDatum(prediction_id));
  p.add_or_null(few != nullptr, PointerGetDatum(few));
  p.add_or_null(person_id != nullptr, UUIDPGetDatum(person_id));
  run(whole_answer, p, Mode::read);
  if (SPI_processed == 0) return false;
  *whose = *DatumGetUUIDP(value(0, 1));
  *whole = *DatumGetUUIDP(value(0, 2));
  return true;
}

LoggedAnswer read_logged_answer(const pg_uuid_t* prediction_id, const pg_uuid_t* person_id) {
  LoggedAnswer answer{};
  if (person_id != nullptr) (void)read_person(person_id);
  if (!find_whole_answer(prediction_id, person_id, &answer.person_id, &answer.prediction_id))
    raise_not_found("prediction", prediction_id);
  Parameters p;
  p.add(UUIDPGetDatum(&answer.person_id));
  p.add(UUIDPGetDatum(&answer.prediction_id));
  run(points_of_answer, p, Mode::read);
  if (SPI_processed == 0) raise_not_found("prediction", prediction_id);
  answer.model_type = TextDatumGetCString(value(0, 1));
  answer.points = static_cast<LoggedAnswer::Point*>(palloc(sizeof(LoggedAnswer::Point) * SPI_processed));
  for (uint64 i = 0; i < SPI_processed; ++i) {
    bool is_null;
    const Datum minutes = column(i, 2, &is_null);
    if (!is_null) answer.points[answer.n++] = {DatumGetInt32(minutes), DatumGetTimestampTz(value(i, 3))};
  }
  return answer;
}

void write_outcomes(const pg_uuid_t* person_id, const pg_uuid_t* prediction_id, ArrayType* minutes, ArrayType* values,
                    const char* by) {
  Parameters p;
  p.add(UUIDPGetDatum(person_id));
  p.add(UUIDPGetDatum(prediction_id));
  p.add(PointerGetDatum(minutes));
  p.add(PointerGetDatum(values));
  p.add_or_null(by != nullptr, by != nullptr ? CStringGetTextDatum(by) : 0);
  run(upsert_outcomes, p, Mode::as_owner);
}

std::span<const Reading> with_recorded(std::span<const Reading> readings, const Person& person, TimestampTz start_at,
                                       TimestampTz end_at, MemoryContext context) {
  Parameters p;
  p.add(UUIDPGetDatum(&person.id));
  p.add(TimestampTzGetDatum(start_at));
  p.add(TimestampTzGetDatum(end_at));
  run(recorded_glucose, p, Mode::read);
  if (SPI_processed == 0) return readings;
  auto* all = static_cast<Reading*>(
      MemoryContextAllocHuge(context, sizeof(Reading) * (readings.size() + static_cast<size_t>(SPI_processed))));
  size_t n = 0;
  for (uint64 i = 0; i < SPI_processed; ++i) {
    const TimestampTz at = DatumGetTimestampTz(value(i, 1));
    if (!is_known(readings, at)) all[n++] = {at, at + kNever, DatumGetFloat4(value(i, 2))};
  }
  std::copy(readings.begin(), readings.end(), all + n);
  std::inplace_merge(all, all + n, all + n + readings.size(),
                     [](const Reading& a, const Reading& b) { return a.measured_at < b.measured_at; });
  return {all, n + readings.size()};
}

}  // namespace glucose::pg
