// SPDX-License-Identifier: PostgreSQL
// evaluate_model, feature_importance: read the version and the history, measure, write the rows.
#include <cmath>

#include "pg/boundary/arguments.hpp"
#include "pg/boundary/owned.hpp"
#include "pg/boundary/request.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/rate_limits.hpp"
#include "pg/work/measuring.hpp"
#include "pg/work/serving.hpp"

using namespace glucose::pg;
using glucose::Evaluation;
using glucose::Evaluator;
using glucose::Importance;
using glucose::ImportanceWork;

namespace {

constexpr uint64 kSeed = 1;  // of the shuffles

/// Whose model is measured, and how.
struct Request {
  const char* model_type;
  const glucose::Task* task;
  Person person;
  ModelRow row;
  const glucose::AnyModel* model;
};

// Between begin() and end().
template <class Function>
Request read_request(FunctionCallInfo fcinfo, Function* glucose::Task::*needed, const char* what) {
  Request r;
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  r.model_type = text_argument(fcinfo, 1, "model_type");
  const char* version = PG_ARGISNULL(2) ? nullptr : text_to_cstring(PG_GETARG_TEXT_PP(2));
  r.task = &require_task(r.model_type);
  require_capability(r.task->*needed != nullptr, r.model_type, what);
  r.person = read_person(person_id);
  r.row = require_serving_model(person_id, *r.task, r.model_type, version);
  return r;
}

/// The parts of a history seen from a version, in time order, and where all but the first begin.
struct Parts {
  int n;
  std::array<const char*, 5> names;
  std::array<TimestampTz, 4> starts;
};

Parts parts_of(const Request& r, const Boundaries& b) {
  if (!r.row.is_population)
    return {5,
            {"before", "train", "validation", "test", "later"},
            {b.training_start, b.validation_start, b.test_start, b.test_end}};
  // What a population's model has learnt from, it says only for all: who shares data may be among them.
  return {2, {r.person.shares_data ? "train" : "before", "later"}, {r.row.training_end + 1}};
}

void put_part(ReturnSetInfo* result, const char* part, const std::vector<Evaluation>& evaluations) {
  for (const Evaluation& evaluation : evaluations) {
    const auto& e = evaluation.errors;
    const double numbers[] = {e.mae, e.rmse, e.r2, e.mape, e.bias, evaluation.coverage};
    Datum values[9] = {CStringGetTextDatum(part), Int32GetDatum(evaluation.minutes_ahead), Int32GetDatum(e.n)};
    bool nulls[9] = {};
    for (int i = 0; i < 6; ++i) {
      values[3 + i] = Float8GetDatum(numbers[i]);
      nulls[3 + i] = !std::isfinite(numbers[i]);
    }
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
  }
}

}  // namespace

COUNTED_FUNCTION(evaluate_model, expensive) {
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  InitMaterializedSRF(fcinfo, 0);
  begin(Volatility::stable);
  MemoryContext work = CurrentMemoryContext;
  const Request r = read_request(fcinfo, &glucose::Task::score, "evaluated");
  const Boundaries bounds = r.row.is_population ? Boundaries{DT_NOBEGIN, DT_NOEND, DT_NOEND, DT_NOEND}
                                                : read_boundaries(r.row, &r.person.id, r.model_type);
  const TimestampTz start_at = PG_ARGISNULL(3) ? bounds.training_start : PG_GETARG_TIMESTAMPTZ(3);
  const TimestampTz end_at = PG_ARGISNULL(4) ? DT_NOEND : PG_GETARG_TIMESTAMPTZ(4);
  const glucose::AnyModel* model = load_model(*r.task, r.row, &r.person.id, r.model_type);
  const glucose::Rows* rows = read_rows_for(*r.task, r.model_type, *model, r.person, start_at, end_at, work);
  const Parts parts = parts_of(r, bounds);
  auto* evaluator = owned<Evaluator>(work, [&] {
    return Evaluator(r.task->score(*model, *rows, start_at), {parts.starts.begin(), parts.starts.begin() + parts.n - 1},
                     start_at, end_at);
  });
  run_to_end(evaluator);
  const auto* evaluations = owned<std::vector<std::vector<Evaluation>>>(work, [&] { return evaluator->take(); });
  for (size_t part = 0; part < static_cast<size_t>(parts.n); ++part)
    put_part(result, parts.names[part], (*evaluations)[part]);
  end(Volatility::stable);
  return static_cast<Datum>(0);
}

COUNTED_FUNCTION(feature_importance, expensive) {
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  InitMaterializedSRF(fcinfo, 0);
  begin(Volatility::stable);
  MemoryContext work = CurrentMemoryContext;
  const Request r = read_request(fcinfo, &glucose::Task::importance, "asked what they rely on");
  // The test rows of a person's version; of a population's, the person's rows after all it has learnt from.
  Boundaries test;
  if (r.row.is_population)
    test = {0, 0, r.row.training_end + 1, DT_NOEND};
  else
    test = read_boundaries(r.row, &r.person.id, r.model_type);
  if (test.test_start < DT_NOEND && (r.row.is_population || test.test_end < DT_NOEND)) {
    const glucose::AnyModel* model = load_model(*r.task, r.row, &r.person.id, r.model_type);
    const glucose::Rows* rows =
        read_rows_for(*r.task, r.model_type, *model, r.person, test.test_start, test.test_end, work);
    auto* measuring = owned<std::unique_ptr<ImportanceWork>>(
        work, [&] { return r.task->importance(*model, *rows, test.test_start, kSeed); });
    run_to_end(measuring->get());
    for (const Importance& i : *owned<std::vector<Importance>>(work, [&] { return (*measuring)->take(); })) {
      Datum values[4] = {CStringGetTextDatum(i.feature.data()), Int32GetDatum(i.minutes_ahead),
                         Float4GetDatum(i.increase), Int32GetDatum(i.n)};
      bool nulls[4] = {};
      tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
    }
  }
  end(Volatility::stable);
  return static_cast<Datum>(0);
}
