// SPDX-License-Identifier: PostgreSQL
#include "pg/work/drift.hpp"

#include <algorithm>

#include "core/watching/days_watch.hpp"
#include "pg/boundary/owned.hpp"
#include "pg/boundary/settings.hpp"
#include "pg/tables/identity.hpp"
#include "pg/tables/material.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/subject.hpp"
#include "pg/work/reference.hpp"
#include "pg/work/rows.hpp"

namespace glucose::pg {

namespace {

constexpr Micros kUsualSpan = 30 * kDay;
constexpr int64 kMostPersons = 200;  // of a population, evenly spaced ones
constexpr int kMostMinutes = 64;

// Answers of this version alone, each moment once; what it had learnt from is no measure of it. The horizons are
// chosen before outcomes are looked up.
Query logged{
    "SELECT DISTINCT ON (o.asked_at, o.minutes_ahead) o.asked_at, o.minutes_ahead, o.value, o.outcome "
    "FROM glucose.prediction_outcome o WHERE o.person_id OPERATOR(pg_catalog.=) $1 "
    "AND o.model_type OPERATOR(pg_catalog.=) $2 AND o.version OPERATOR(pg_catalog.=) $3 "
    "AND o.source OPERATOR(pg_catalog.=) 'personal' AND o.asked_at OPERATOR(pg_catalog.>=) $4 "
    "AND o.asked_at OPERATOR(pg_catalog.<) $5 AND NOT o.in_training "
    "AND o.minutes_ahead OPERATOR(pg_catalog.=) ANY ($6) "
    "ORDER BY o.asked_at USING OPERATOR(pg_catalog.<), o.minutes_ahead USING OPERATOR(pg_catalog.<), "
    "o.issued_at USING OPERATOR(pg_catalog.<)",
    6,
    {UUIDOID, TEXTOID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT4ARRAYOID}};

/// What is compared: a version's sketches, and since when rows count.
struct Comparison {
  ModelRow row;
  const AnyModel* model;
  const std::vector<KeptSketch>* kept;
  TimestampTz from, until;
};

[[noreturn]] void raise_no_reference(const ModelRow& row) {
  ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                  errmsg("model version \"%s\" does not say what it was trained on", row.version),
                  errhint("Imported versions, and those of before drift was told, do not: train again.")));
  pg_unreachable();
}

[[noreturn]] void raise_no_population_model(const char* model_type) {
  ereport(ERROR, (errcode(kNoModel), errmsg("no active population model of type \"%s\"", clipped(model_type)),
                  errhint("Run SELECT glucose.train_population_model(), or name a person.")));
  pg_unreachable();
}

Comparison read_comparison(const DriftRequest& request, MemoryContext context) {
  Comparison c;
  c.row = request.person_id != nullptr ? require_model(request.person_id, request.model_type, nullptr)
                                       : read_population_model(request.model_type);
  if (!c.row.found) raise_no_population_model(request.model_type);
  c.kept = read_sketches(c.row, request.person_id, request.model_type, context);
  if (c.kept == nullptr) raise_no_reference(c.row);
  c.until = std::min(request.until, GetCurrentTimestamp());
  const TimestampTz since = TIMESTAMP_IS_NOBEGIN(request.since) ? moved(c.until, -kUsualSpan) : request.since;
  c.from = std::max(since, moved(c.row.training_end, 1));
  c.model = load_model(*request.task, c.row, request.person_id, request.model_type);
  return c;
}

/// Rows and days as they are now.
struct Current {
  WatchedRows* rows = nullptr;
  WatchedRows* days;
};

// What the person's rows of the period are, by the task's way to measure.
void add_current(Current& current, const DriftRequest& request, const Comparison& c, const Person& person,
                 std::size_t place, std::size_t persons, MemoryContext context, MemoryContext scratch) {
  const bool of_many = request.person_id == nullptr;
  Reach reach;
  guarded([&] { reach = request.task->scoring_reach(*c.model); });
  const Subject subject = read_subject(*request.task, request.model_type, scratch);
  const Material material = read_material(person, subject, reach, c.from, c.until, scratch);
  const Rows* rows = rows_of(material, scratch, [&] { return request.task->scoring_rows(*c.model); });
  guarded([&] { show_days(material, place, *current.days); });
  if (current.rows == nullptr)
    current.rows = owned<WatchedRows>(context, [&] {
      return WatchedRows(rows->watched(), persons * rows->size(), of_many, {.from = c.from, .until = c.until});
    });
  PersonOfMany person_of_many(*current.rows, place);
  show_all(*rows, person_of_many);
}

Current read_current(const DriftRequest& request, const Comparison& c, MemoryContext context) {
  const bool of_many = request.person_id == nullptr;
  Current current{nullptr, owned<WatchedRows>(context, [&] { return WatchedRows(watched_of_days(), 0, of_many, {}); })};
  if (!of_many) {
    add_current(current, request, c, read_person(request.person_id), 0, 1, context, context);
    return current;
  }
  const Persons persons = read_sharing_persons();
  const int64 n = std::min<int64>(persons.n, kMostPersons);
  MemoryContext scratch = AllocSetContextCreate(context, "pg_glucose person", ALLOCSET_DEFAULT_SIZES);
  for (int64 i = 0; i < n; ++i) {
    CHECK_FOR_INTERRUPTS();
    add_current(current, request, c, persons.rows[i * persons.n / n], static_cast<std::size_t>(i),
                static_cast<std::size_t>(n), context, scratch);
    MemoryContextReset(scratch);
  }
  return current;
}

ArrayType* minutes_of(const std::vector<KeptSketch>& kept) {
  Datum minutes[kMostMinutes];
  int n = 0;
  for (const KeptSketch& one : kept)
    if (one.kind == DriftKind::prediction && n < kMostMinutes) minutes[n++] = Int32GetDatum(atoi(one.name.c_str()));
  return construct_array(minutes, n, INT4OID, sizeof(int32), true, TYPALIGN_INT);
}

// What the log says of the version's answers about the period.
const WatchedForecasts* read_logged(const DriftRequest& request, const Comparison& c, MemoryContext context) {
  auto* seen = owned<WatchedForecasts>(context, [] { return WatchedForecasts(); });
  if (request.person_id == nullptr) return seen;
  Parameters p;
  p.add(UUIDPGetDatum(request.person_id));
  p.add(CStringGetTextDatum(request.model_type));
  p.add(CStringGetTextDatum(c.row.version));
  p.add(TimestampTzGetDatum(c.from));
  p.add(TimestampTzGetDatum(c.until));
  p.add(PointerGetDatum(minutes_of(*c.kept)));
  run(logged, p, Mode::read);
  for (uint64 i = 0; i < SPI_processed; ++i) {
    bool is_null;
    const TimestampTz at = DatumGetTimestampTz(value(i, 1));
    const int minutes = DatumGetInt32(value(i, 2));
    const float said = DatumGetFloat4(value(i, 3));
    const Datum outcome = column(i, 4, &is_null);
    const float came = is_null ? kUnknown : DatumGetFloat4(outcome);
    guarded([&] { seen->see(at, minutes, said, came, true); });
  }
  return seen;
}

}  // namespace

const Drifts* find_drifts(const DriftRequest& request, MemoryContext context) {
  if (request.person_id != nullptr)
    read_person(request.person_id);
  else
    require_steward("population models");
  const Comparison c = read_comparison(request, context);
  auto* drifts = owned<Drifts>(context, [] { return Drifts(); });
  if (c.from >= c.until) return drifts;
  const WatchedForecasts* seen = read_logged(request, c, context);
  const Current current = read_current(request, c, context);
  const bool is_long_enough = c.until - c.from >= kShortestSpan;
  guarded([&] {
    const auto take = [&](std::vector<Drift> some) { drifts->insert(drifts->end(), some.begin(), some.end()); };
    if (current.rows != nullptr) take(drifts_of(*c.kept, *current.rows));
    take(drifts_of(*c.kept, *current.days));
    take(drifts_of(*c.kept, *seen));
    if (is_long_enough)
      judge_drifts(*drifts, settings::drift_effect);
    else
      withhold(*drifts);
  });
  return drifts;
}

}  // namespace glucose::pg
