// SPDX-License-Identifier: PostgreSQL
// train_model, train_population_model: read what is known, train in small steps, write the version.
#include "pg/boundary/about.hpp"
#include "pg/boundary/arguments.hpp"
#include "pg/boundary/guard.hpp"
#include "pg/boundary/owned.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/rate_limits.hpp"
#include "pg/work/trained.hpp"
#include "pg/work/training.hpp"

extern "C" {
#include "tcop/utility.h"
}

using namespace glucose::pg;

namespace {

using Read = TrainingRun (*)(TrainRequest&, MemoryContext);

Datum train(FunctionCallInfo fcinfo, TrainRequest request, Read read) {
  MemoryContext caller = CurrentMemoryContext;
  About about;
  const bool of_person = !request.of_population;
  if (of_person) begin_about(about, "training of person", &request.person_id);
  begin(Volatility::is_volatile);
  TrainingRun run = read(request, CurrentMemoryContext);
  start_training(run);
  finish_training(run);
  measure_training(run);
  const StoredTraining stored = store_training(run);
  MemoryContextSwitchTo(caller);
  const Datum result = result_row(fcinfo, request, stored, milliseconds_of(run));
  end(Volatility::is_volatile);
  if (of_person) end_about(about);
  return result;
}

}  // namespace

COUNTED_FUNCTION(train_model, expensive) {
  PreventCommandIfReadOnly("train_model()");
  return train(fcinfo, read_train_request(fcinfo), read_training);
}

COUNTED_FUNCTION(train_population_model, expensive) {
  PreventCommandIfReadOnly("train_population_model()");
  const char* model_type = text_argument(fcinfo, 0, "model_type");
  const char* algorithm = text_argument(fcinfo, 1, "algorithm");
  return train(fcinfo, make_train_request(nullptr, model_type, algorithm, jsonb_argument(fcinfo, 2, "options")),
               read_population_training);
}

SQL_FUNCTION(algorithms) {
  const glucose::Task& task = require_task(text_argument(fcinfo, 0, "model_type"));
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  InitMaterializedSRF(fcinfo, 0);
  const auto* all =
      owned<std::vector<glucose::AlgorithmInfo>>(CurrentMemoryContext, [&] { return task.algorithms(false); });
  for (const glucose::AlgorithmInfo& info : *all) {
    Datum values[3] = {CStringGetTextDatum(glucose::name_of(info.algorithm).data()),
                       CStringGetTextDatum(info.description.data()), JsonbPGetDatum(default_options(task, info))};
    bool nulls[3] = {};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
  }
  return static_cast<Datum>(0);
}

SQL_FUNCTION(task_name) {
  const glucose::Task* task = glucose::find_task(text_to_cstring(PG_GETARG_TEXT_PP(0)));
  if (task == nullptr) PG_RETURN_NULL();
  PG_RETURN_TEXT_P(cstring_to_text_with_len(task->name.data(), static_cast<int>(task->name.size())));
}

SQL_FUNCTION(model_types) {
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  InitMaterializedSRF(fcinfo, 0);
  for (const glucose::Task* task : glucose::tasks()) {
    Datum values[5] = {CStringGetTextDatum(task->name.data()), CStringGetTextDatum(task->unit.data()),
                       BoolGetDatum(task->asks_about_meals), CStringGetTextDatum(task->rows_are.data()),
                       CStringGetTextDatum(task->units_are.data())};
    bool nulls[5] = {};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
  }
  return static_cast<Datum>(0);
}
