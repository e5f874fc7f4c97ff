// SPDX-License-Identifier: PostgreSQL
// simulate_person: compute in small steps, then write person, meals, readings and values of days.
#include <cmath>

#include "core/simulation/simulate.hpp"
#include "pg/boundary/arguments.hpp"
#include "pg/boundary/json.hpp"
#include "pg/boundary/owned.hpp"
#include "pg/boundary/values.hpp"
#include "pg/tables/identity.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/rate_limits.hpp"

extern "C" {
#include "tcop/utility.h"
}

using namespace glucose::pg;
using glucose::SimulatedMeal;
using glucose::SimulatedValue;
using glucose::Simulator;

namespace {

// Day 0 of every simulated person: Monday 2026-01-05 00:00 UTC, in days since PostgreSQL's epoch 2000-01-01.
constexpr glucose::Micros kFirstDay = 9501 * glucose::kDay;

glucose::pg::Query insert_person{
    "INSERT INTO glucose.person (person_id, owner, time_zone, diabetes_type) VALUES ($1, $2, 'UTC', $3) "
    "ON CONFLICT (person_id) DO NOTHING",
    3,
    {UUIDOID, TEXTOID, TEXTOID}};
glucose::pg::Query insert_meals{
    "INSERT INTO glucose.meal (person_id, meal_id, eaten_at, meal_type, calories, carbs_g, protein_g, fat_g, fiber_g) "
    "SELECT $1, m.id, m.at, m.type, m.n1, m.n2, m.n3, m.n4, m.n5 FROM ROWS FROM (pg_catalog.unnest($2), "
    "pg_catalog.unnest($3), pg_catalog.unnest($4), pg_catalog.unnest($5), pg_catalog.unnest($6), "
    "pg_catalog.unnest($7), pg_catalog.unnest($8), pg_catalog.unnest($9)) AS m (id, at, type, n1, n2, n3, n4, n5)",
    9,
    {UUIDOID, UUIDARRAYOID, TIMESTAMPTZARRAYOID, TEXTARRAYOID, FLOAT4ARRAYOID, FLOAT4ARRAYOID, FLOAT4ARRAYOID,
     FLOAT4ARRAYOID, FLOAT4ARRAYOID}};
glucose::pg::Query insert_readings{
    "INSERT INTO glucose.glucose_reading (person_id, measured_at, mg_dl) SELECT $1, r.at, r.mg_dl "
    "FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3)) AS r (at, mg_dl)",
    3,
    {UUIDOID, TIMESTAMPTZARRAYOID, FLOAT4ARRAYOID}};
glucose::pg::Query insert_values{
    "INSERT INTO glucose.daily_metric (person_id, day, metric, source, value, unit) "
    "SELECT $1, v.day, v.metric, v.source, v.value, m.unit FROM ROWS FROM (pg_catalog.unnest($2), "
    "pg_catalog.unnest($3), pg_catalog.unnest($4), pg_catalog.unnest($5)) AS v (day, metric, source, value) "
    "JOIN glucose.metric m ON m.name OPERATOR(pg_catalog.=) v.metric "
    "ORDER BY v.day USING OPERATOR(pg_catalog.<), m.name USING OPERATOR(pg_catalog.<)",
    5,
    {UUIDOID, DATEARRAYOID, TEXTARRAYOID, TEXTARRAYOID, FLOAT4ARRAYOID}};

/// One array parameter in the making.
struct Column {
  Datum* values;
  int n = 0;
  explicit Column(size_t capacity) : values(static_cast<Datum*>(palloc(sizeof(Datum) * (capacity + 1)))) {}
  void add(Datum value) { values[n++] = value; }
  Datum array(Oid type, int length, bool by_value, char align) const {
    return PointerGetDatum(construct_array(values, n, type, length, by_value, align));
  }
};

// Meal ids follow from the person, so that the same person has the same meals.
pg_uuid_t* meal_id(const pg_uuid_t* person_id, int row) {
  const char* name =
      psprintf("%s meal %d", DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(person_id))), row);
  return name_key(name, strlen(name));
}

void write_meals(const pg_uuid_t* person_id, const std::vector<SimulatedMeal>& meals) {
  const size_t n = meals.size();
  Column ids(n), times(n), types(n);
  std::array<float*, 5> nutrients;
  for (auto& column : nutrients) column = static_cast<float*>(palloc(sizeof(float) * (n + 1)));
  for (const SimulatedMeal& meal : meals) {
    const int row = ids.n;
    const auto& eaten = meal.nutrition;
    const float values[5] = {eaten.calories, eaten.carbs_g, eaten.protein_g, eaten.fat_g, eaten.fiber_g};
    for (size_t i = 0; i < nutrients.size(); ++i) nutrients[i][row] = values[i];
    ids.add(UUIDPGetDatum(meal_id(person_id, row)));
    times.add(TimestampTzGetDatum(kFirstDay + meal.eaten_at));
    types.add(CStringGetTextDatum(glucose::kMealTypeNames[static_cast<size_t>(meal.type)]));
  }
  Parameters p;
  p.add(UUIDPGetDatum(person_id));
  p.add(ids.array(UUIDOID, UUID_LEN, false, TYPALIGN_CHAR));
  p.add(times.array(TIMESTAMPTZOID, 8, true, TYPALIGN_DOUBLE));
  p.add(types.array(TEXTOID, -1, false, TYPALIGN_INT));
  for (const float* column : nutrients) p.add(real_array(column, ids.n));
  run(insert_meals, p, Mode::write);
}

void write_readings(const pg_uuid_t* person_id, const std::vector<glucose::Reading>& readings) {
  Column times(readings.size()), values(readings.size());
  for (const glucose::Reading& reading : readings) {
    times.add(TimestampTzGetDatum(kFirstDay + reading.measured_at));
    values.add(Float4GetDatum(reading.mg_dl));
  }
  Parameters p;
  p.add(UUIDPGetDatum(person_id));
  p.add(times.array(TIMESTAMPTZOID, 8, true, TYPALIGN_DOUBLE));
  p.add(values.array(FLOAT4OID, 4, true, TYPALIGN_INT));
  run(insert_readings, p, Mode::write);
}

void write_values(const pg_uuid_t* person_id, const std::vector<SimulatedValue>& values) {
  const size_t n = values.size();
  Column days(n), metrics(n), sources(n), amounts(n);
  for (const SimulatedValue& value : values) {
    days.add(Int32GetDatum(static_cast<int32>(kFirstDay / glucose::kDay) + value.day));
    metrics.add(PointerGetDatum(cstring_to_text_with_len(value.metric.data(), static_cast<int>(value.metric.size()))));
    sources.add(PointerGetDatum(cstring_to_text_with_len(value.source.data(), static_cast<int>(value.source.size()))));
    amounts.add(Float4GetDatum(value.value));
  }
  Parameters p;
  p.add(UUIDPGetDatum(person_id));
  p.add(days.array(DATEOID, 4, true, TYPALIGN_INT));
  p.add(metrics.array(TEXTOID, -1, false, TYPALIGN_INT));
  p.add(sources.array(TEXTOID, -1, false, TYPALIGN_INT));
  p.add(amounts.array(FLOAT4OID, 4, true, TYPALIGN_INT));
  run(insert_values, p, Mode::write);
}

// False when the person is there already.
bool write_person(const pg_uuid_t* person_id, const char* owner, const char* profile) {
  Parameters p;
  p.add(UUIDPGetDatum(person_id));
  p.add(CStringGetTextDatum(owner));
  p.add(CStringGetTextDatum(profile));
  run(insert_person, p, Mode::write);
  return SPI_processed == 1;
}

}  // namespace

COUNTED_FUNCTION(simulate_person, expensive) {
  require_argument(fcinfo, 0, "seed");
  require_argument(fcinfo, 1, "days");
  PreventCommandIfReadOnly("simulate_person()");
  const int64 seed = PG_GETARG_INT64(0);
  const int wanted_days = PG_GETARG_INT32(1);
  const char* profile = text_argument(fcinfo, 2, "profile");
  const char* owner = current_identity();
  if (owner == nullptr) raise_no_identity();
  const char* name =
      psprintf("simulated for %s: seed " INT64_FORMAT ", %d days, %s", owner, seed, wanted_days, profile);
  pg_uuid_t* person_id = name_key(name, strlen(name));
  auto* simulator = owned<Simulator>(CurrentMemoryContext, [&] {
    return Simulator(static_cast<std::uint64_t>(seed), wanted_days, glucose::parse_profile(profile));
  });
  begin(Volatility::is_volatile);
  if (write_person(person_id, owner, profile)) {
    while (!simulator->done()) {
      CHECK_FOR_INTERRUPTS();
      guarded([&] { simulator->step(); });
    }
    write_meals(person_id, simulator->meals());
    write_readings(person_id, simulator->readings());
    write_values(person_id, simulator->values());
  } else {
    ereport(NOTICE, (errmsg("this simulated person is there already")));
  }
  end(Volatility::is_volatile);
  PG_RETURN_UUID_P(person_id);
}
