// SPDX-License-Identifier: PostgreSQL
// compare_versions: read two versions and the history once, measure both on the same meals.
#include <cmath>

#include "core/tasks/meal/training/paired.hpp"
#include "pg/boundary/arguments.hpp"
#include "pg/boundary/locks.hpp"
#include "pg/boundary/owned.hpp"
#include "pg/tables/history.hpp"
#include "pg/tables/model_store.hpp"
#include "pg/tables/query.hpp"

using namespace glucose::pg;
using glucose::PairedComparison;

namespace {

using Horizons = std::vector<int>;
using Errors = std::vector<double>;

// A decoded model is only valid until the next one is loaded: what is needed of it is taken out before.
const Horizons* horizons_of(const ModelRow& row, const pg_uuid_t* person_id, const char* model_type,
                            MemoryContext context) {
  const glucose::Model* model = load_model(row, person_id, model_type);
  return owned<Horizons>(context, [&] { return model->horizons_min; });
}

const Errors* errors_of(const ModelRow& row, const pg_uuid_t* person_id, const char* model_type,
                        const std::vector<glucose::Sample>& samples, const Horizons& horizons, TimestampTz from,
                        MemoryContext context) {
  const glucose::Model* model = load_model(row, person_id, model_type);
  return owned<Errors>(context, [&] { return glucose::meal_errors(*model, samples, horizons, from); });
}

Datum comparison_row(FunctionCallInfo fcinfo, const PairedComparison& c) {
  TupleDesc row;
  if (get_call_result_type(fcinfo, nullptr, &row) != TYPEFUNC_COMPOSITE) elog(ERROR, "return type must be a row type");
  const double numbers[] = {c.mean_a, c.mean_b, c.difference, c.ci_low, c.ci_high};
  Datum values[6] = {Int32GetDatum(c.n)};
  bool nulls[6] = {};
  for (int i = 0; i < 5; ++i) {
    values[1 + i] = Float8GetDatum(numbers[i]);
    nulls[1 + i] = std::isnan(numbers[i]);
  }
  return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), values, nulls));
}

}  // namespace

SQL_FUNCTION(compare_versions) {
  MemoryContext caller = CurrentMemoryContext;
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  const char* model_type = text_argument(fcinfo, 1, "model_type");
  const char* version_a = text_argument(fcinfo, 2, "version_a");
  const char* version_b = text_argument(fcinfo, 3, "version_b");
  begin(Volatility::stable);
  MemoryContext work = CurrentMemoryContext;
  read_person(person_id);
  const ModelRow a = require_model(person_id, model_type, version_a);
  const ModelRow b = require_model(person_id, model_type, version_b);
  // The first moment of which neither has learnt.
  const TimestampTz learnt_until = a.training_end > b.training_end ? a.training_end : b.training_end;
  const TimestampTz after = TIMESTAMP_NOT_FINITE(learnt_until) ? learnt_until : learnt_until + 1;
  const TimestampTz start_at = PG_ARGISNULL(4) ? after : PG_GETARG_TIMESTAMPTZ(4);
  const TimestampTz end_at = PG_ARGISNULL(5) ? DT_NOEND : PG_GETARG_TIMESTAMPTZ(5);
  const Horizons* of_a = horizons_of(a, person_id, model_type, work);
  const Horizons* of_b = horizons_of(b, person_id, model_type, work);
  const auto* common = owned<Horizons>(work, [&] { return glucose::common_horizons(*of_a, *of_b); });
  PairedComparison comparison;
  if (common->empty()) {
    guarded([&] { comparison = glucose::compare_paired({}, {}); });
  } else {
    const History history = read_history(person_id, remembering_from(start_at), end_at, common->back(), work);
    const auto* samples = build_samples(history, common->data(), static_cast<int>(common->size()), work, Outcomes::any);
    const Errors* errors_a = errors_of(a, person_id, model_type, *samples, *common, start_at, work);
    const Errors* errors_b = errors_of(b, person_id, model_type, *samples, *common, start_at, work);
    guarded([&] { comparison = glucose::compare_paired(*errors_a, *errors_b); });
  }
  MemoryContextSwitchTo(caller);
  const Datum result = comparison_row(fcinfo, comparison);
  end(Volatility::stable);
  PG_RETURN_DATUM(result);
}

SQL_FUNCTION(try_lock_person) {
  PG_RETURN_BOOL(try_transaction_lock(kPersonLock, uuid_argument(fcinfo, 0, "person_id")));
}
