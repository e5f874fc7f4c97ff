// SPDX-License-Identifier: PostgreSQL
// evaluate_model: read the version and the history, measure, write the rows.
#include <cmath>

#include "core/tasks/meal/asking/evaluation.hpp"
#include "pg/boundary/arguments.hpp"
#include "pg/boundary/owned.hpp"
#include "pg/tables/history.hpp"
#include "pg/tables/model_store.hpp"
#include "pg/tables/query.hpp"

using namespace glucose::pg;
using glucose::Evaluation;
using glucose::Sample;

namespace {

glucose::pg::Query boundaries_of_version{
    "SELECT training_start, (metadata OPERATOR(pg_catalog.->>) 'validation_start')::pg_catalog.timestamptz, "
    "(metadata OPERATOR(pg_catalog.->>) 'test_start')::pg_catalog.timestamptz, "
    "(metadata OPERATOR(pg_catalog.->>) 'test_end')::pg_catalog.timestamptz FROM glucose.model_version "
    "WHERE person_id OPERATOR(pg_catalog.=) $1 AND model_type OPERATOR(pg_catalog.=) $2 "
    "AND version OPERATOR(pg_catalog.=) $3",
    3,
    {UUIDOID, TEXTOID, TEXTOID}};

/// The five parts of a history seen from a version, in time order: before, train, validation, test, later.
constexpr int kParts = 5;
constexpr std::array<const char*, kParts> kPartNames{"before", "train", "validation", "test", "later"};

/// Where parts 1 … 4 begin.
struct Boundaries {
  TimestampTz starts[kParts - 1];
};

Boundaries read_boundaries(const pg_uuid_t* person_id, const char* model_type, const char* version) {
  Parameters p;
  p.add(UUIDPGetDatum(person_id));
  p.add(CStringGetTextDatum(model_type));
  p.add(CStringGetTextDatum(version));
  run(boundaries_of_version, p, Mode::read);
  Boundaries b;
  for (int i = 0; i < kParts - 1; ++i) {
    bool is_null;
    const Datum at = column(0, i + 1, &is_null);
    b.starts[i] = is_null ? DT_NOEND : DatumGetTimestampTz(at);
  }
  if (b.starts[3] < DT_NOEND) ++b.starts[3];  // the last test meal itself is not later
  return b;
}

/// The samples [first, last), after those from `begin` on.
const std::vector<Evaluation>* evaluate_part(const glucose::Model* model, const Sample* begin, const Sample* first,
                                             const Sample* last) {
  auto* evaluator = owned<glucose::Evaluator>(CurrentMemoryContext, [&] {
    return glucose::Evaluator(*model, {begin, first}, {first, last});
  });
  run_to_end(evaluator);
  return owned<std::vector<Evaluation>>(CurrentMemoryContext, [&] { return evaluator->take(); });
}

void put_part(ReturnSetInfo* result, const char* part, const glucose::Model& model,
              const std::vector<Evaluation>& evaluations) {
  for (size_t k = 0; k < evaluations.size(); ++k) {
    const auto& e = evaluations[k].errors;
    if (e.n == 0) continue;  // meals whose outcome is not known
    const double numbers[] = {e.mae, e.rmse, e.r2, e.mape, e.bias, evaluations[k].coverage};
    Datum values[9] = {CStringGetTextDatum(part), Int32GetDatum(model.horizons_min[k]), Int32GetDatum(e.n)};
    bool nulls[9] = {};
    for (int i = 0; i < 6; ++i) {
      values[3 + i] = Float8GetDatum(numbers[i]);
      nulls[3 + i] = std::isnan(numbers[i]);
    }
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
  }
}

}  // namespace

SQL_FUNCTION(evaluate_model) {
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  const char* model_type = text_argument(fcinfo, 1, "model_type");
  const char* version = PG_ARGISNULL(2) ? nullptr : text_to_cstring(PG_GETARG_TEXT_PP(2));
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  InitMaterializedSRF(fcinfo, 0);
  begin(Volatility::stable);
  read_person(person_id);
  const ModelRow row = require_model(person_id, model_type, version);
  const Boundaries bounds = read_boundaries(person_id, model_type, row.version);
  const glucose::Model* model = load_model(row, person_id, model_type);
  const TimestampTz start_at = PG_ARGISNULL(3) ? bounds.starts[0] : PG_GETARG_TIMESTAMPTZ(3);
  const TimestampTz end_at = PG_ARGISNULL(4) ? DT_NOEND : PG_GETARG_TIMESTAMPTZ(4);
  const History history =
      read_history(person_id, remembering_from(start_at), end_at, model->horizons_min.back(), CurrentMemoryContext);
  const auto* samples =
      build_samples(history, model->horizons_min.data(), model->horizons(), CurrentMemoryContext, Outcomes::any);
  const Sample* begin = samples->data();
  const Sample* first = begin;
  const Sample* past_end = begin + samples->size();
  while (first < past_end && first->eaten_at < start_at) ++first;
  for (int part = 0; part < kParts; ++part) {
    const Sample* last = first;
    while (last < past_end && (part == kParts - 1 || last->eaten_at < bounds.starts[part])) ++last;
    if (last == first) continue;
    put_part(result, kPartNames[static_cast<size_t>(part)], *model, *evaluate_part(model, begin, first, last));
    first = last;
  }
  end(Volatility::stable);
  return static_cast<Datum>(0);
}
