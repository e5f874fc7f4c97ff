// SPDX-License-Identifier: PostgreSQL
// compare_versions: read two versions and the history, measure both on the same rows. train_and_settle: train a
// candidate and let it serve when it is better.
#include <algorithm>
#include <cmath>

#include "core/math/paired.hpp"
#include "pg/boundary/arguments.hpp"
#include "pg/boundary/locks.hpp"
#include "pg/boundary/owned.hpp"
#include "pg/boundary/request.hpp"
#include "pg/tables/identity.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/rate_limits.hpp"
#include "pg/work/measuring.hpp"
#include "pg/work/retraining.hpp"

extern "C" {
#include "tcop/utility.h"
}

using namespace glucose::pg;
using glucose::PairedComparison;
using glucose::UnitErrors;

namespace {

using Horizons = std::vector<int>;
using Units = std::vector<UnitErrors::Unit>;

/// Whose versions are compared, over which period.
struct Request {
  const char* model_type;
  const glucose::Task* task;
  Person person;
  TimestampTz start_at, end_at;
};

// A decoded model is only valid until the next one is loaded: what is needed of it is taken out before.
const Horizons* horizons_of(const Request& r, const ModelRow& row, MemoryContext context) {
  const glucose::AnyModel* model = load_model(*r.task, row, &r.person.id, r.model_type);
  return owned<Horizons>(context, [&] { return r.task->facts(*model).horizons_min; });
}

// What stands behind a version number, or behind one of two names: what serves whoever has no model, and what serves
// where a model is no better.
struct Rival {
  ModelRow row;
  bool is_baseline = false;
};

Rival require_rival(const Request& r, const ModelRow& of, const char* version) {
  if (strcmp(version, "baseline") == 0) {
    if (r.task->baseline == nullptr)
      ereport(ERROR,
              (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("models of type \"%s\" have no baseline", r.model_type)));
    return {of, true};
  }
  if (strcmp(version, "population") != 0) return {require_model(&r.person.id, r.model_type, version)};
  const ModelRow population = read_population_model(r.model_type);
  if (!population.found) {
    failing_plainly();
    ereport(ERROR, (errcode(kNoModel), errmsg("no population model of type \"%s\"", r.model_type),
                    errhint("A steward makes one: glucose.train_population_model().")));
  }
  return {population};
}

const Units* errors_of(const Request& r, const Rival& rival, const Horizons& horizons, MemoryContext context) {
  const glucose::AnyModel* model = load_model(*r.task, rival.row, &r.person.id, r.model_type);
  if (rival.is_baseline)
    model = owned<std::unique_ptr<glucose::AnyModel>>(context, [&] { return r.task->baseline(*model); })->get();
  return glucose::pg::errors_of(*r.task, r.model_type, *model, r.person, horizons, r.start_at, r.end_at, context);
}

Datum settlement_row(FunctionCallInfo fcinfo, const Settlement& s) {
  TupleDesc row;
  if (get_call_result_type(fcinfo, nullptr, &row) != TYPEFUNC_COMPOSITE) elog(ERROR, "return type must be a row type");
  const double numbers[] = {s.mae_current, s.mae_candidate, s.ci_low, s.ci_high};
  constexpr int kPlaces[] = {3, 4, 6, 7};
  Datum values[8] = {CStringGetTextDatum(s.status), CStringGetTextDatum(s.version), CStringGetTextDatum(s.reason)};
  bool nulls[8] = {};
  nulls[1] = s.version[0] == '\0';
  for (int i = 0; i < 4; ++i) {
    values[kPlaces[i]] = Float8GetDatum(numbers[i]);
    nulls[kPlaces[i]] = std::isnan(numbers[i]);
  }
  values[5] = Int32GetDatum(s.n);
  nulls[5] = s.n < 0;
  return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), values, nulls));
}

// What `settle` comes to for a person the caller manages.
template <class Settle>
Datum settled(FunctionCallInfo fcinfo, const Retraining& retraining, Settle&& settle) {
  MemoryContext caller = CurrentMemoryContext;
  begin(Volatility::is_volatile);
  read_person(&retraining.person_id);
  require_manager(&retraining.person_id);
  const Settlement settlement = settle();
  MemoryContextSwitchTo(caller);
  const Datum result = settlement_row(fcinfo, settlement);
  end(Volatility::is_volatile);
  return result;
}

Datum comparison_row(FunctionCallInfo fcinfo, const PairedComparison& c) {
  TupleDesc row;
  if (get_call_result_type(fcinfo, nullptr, &row) != TYPEFUNC_COMPOSITE) elog(ERROR, "return type must be a row type");
  const double numbers[] = {c.mean_a, c.mean_b, c.difference, c.ci_low, c.ci_high, c.p_value};
  Datum values[7] = {Int32GetDatum(c.n)};
  bool nulls[7] = {};
  for (int i = 0; i < 6; ++i) {
    values[1 + i] = Float8GetDatum(numbers[i]);
    nulls[1 + i] = std::isnan(numbers[i]);
  }
  return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), values, nulls));
}

}  // namespace

COUNTED_FUNCTION(compare_versions, expensive) {
  MemoryContext caller = CurrentMemoryContext;
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  Request r;
  r.model_type = text_argument(fcinfo, 1, "model_type");
  const char* version_a = text_argument(fcinfo, 2, "version_a");
  const char* version_b = text_argument(fcinfo, 3, "version_b");
  r.task = &require_task(r.model_type);
  begin(Volatility::stable);
  MemoryContext work = CurrentMemoryContext;
  r.person = read_person(person_id);
  const ModelRow a = require_model(person_id, r.model_type, version_a);
  const Rival b = require_rival(r, a, version_b);
  // The first moment of which neither has learnt.
  const TimestampTz learnt_until = std::max(a.training_end, b.row.training_end);
  const TimestampTz after = TIMESTAMP_NOT_FINITE(learnt_until) ? learnt_until : learnt_until + 1;
  r.start_at = PG_ARGISNULL(4) ? after : PG_GETARG_TIMESTAMPTZ(4);
  r.end_at = PG_ARGISNULL(5) ? DT_NOEND : PG_GETARG_TIMESTAMPTZ(5);
  const Horizons* of_a = horizons_of(r, a, work);
  const Horizons* of_b = horizons_of(r, b.row, work);
  const auto* common = owned<Horizons>(work, [&] { return glucose::common_horizons(*of_a, *of_b); });
  PairedComparison comparison;
  if (common->empty()) {
    guarded([&] { comparison = glucose::compare_paired({}, {}); });
  } else {
    const Units* errors_a = errors_of(r, {a}, *common, work);
    const Units* errors_b = errors_of(r, b, *common, work);
    guarded([&] { comparison = glucose::compare_units(*errors_a, *errors_b); });
  }
  MemoryContextSwitchTo(caller);
  const Datum result = comparison_row(fcinfo, comparison);
  end(Volatility::stable);
  PG_RETURN_DATUM(result);
}

COUNTED_FUNCTION(settle_candidate, expensive) {
  PreventCommandIfReadOnly("settle_candidate()");
  Retraining retraining;
  retraining.person_id = *uuid_argument(fcinfo, 0, "person_id");
  retraining.model_type = text_argument(fcinfo, 1, "model_type");
  const char* version = text_argument(fcinfo, 2, "version");
  return settled(fcinfo, retraining, [&] { return settle_candidate(retraining, version); });
}

COUNTED_FUNCTION(train_and_settle, expensive) {
  PreventCommandIfReadOnly("retrain_model()");
  RetrainRequest wish;
  wish.retraining.person_id = *uuid_argument(fcinfo, 0, "person_id");
  wish.retraining.model_type = text_argument(fcinfo, 1, "model_type");
  wish.options = jsonb_argument(fcinfo, 2, "options");
  require_argument(fcinfo, 3, "force");
  wish.forced = PG_GETARG_BOOL(3);
  wish.retraining.has_as_of = !PG_ARGISNULL(4);
  if (wish.retraining.has_as_of) wish.retraining.as_of = PG_GETARG_TIMESTAMPTZ(4);
  return settled(fcinfo, wish.retraining, [&] { return retrain(wish); });
}

SQL_FUNCTION(try_lock_person) {
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  begin(Volatility::stable);
  read_person(person_id);
  require_manager(person_id);
  end(Volatility::stable);
  PG_RETURN_BOOL(try_transaction_lock(kPersonLock, person_id));
}
