// SPDX-License-Identifier: PostgreSQL
// train_model: read the history, train in small steps, write the version.
#include "core/tasks/meal/training/training.hpp"
#include "pg/boundary/arguments.hpp"
#include "pg/boundary/owned.hpp"
#include "pg/boundary/settings.hpp"
#include "pg/tables/history.hpp"
#include "pg/tables/model_store.hpp"
#include "pg/tables/query.hpp"
#include "pg/work/cgm_person.hpp"
#include "pg/work/trained_model.hpp"
#include "pg/work/training_result.hpp"
#include "pg/work/training_run.hpp"

extern "C" {
#include "portability/instr_time.h"
#include "tcop/utility.h"
}

using namespace glucose::pg;
using glucose::Sample;
using glucose::Training;
using glucose::TrainingOutcome;

namespace {

const TrainingOutcome* train(const std::vector<Sample>& samples, const TrainRequest& request,
                             const TrainingBasis& basis, MemoryContext context) {
  Training* training = start_training(samples, request, basis, context);
  while (!step_training(training)) CHECK_FOR_INTERRUPTS();
  return owned<TrainingOutcome>(context, [&] { return training->take(); });
}

constexpr std::array<const char*, glucose::kAlgorithms.size()> kDescriptions{
    "glucose stays what it is; what every other algorithm must beat",
    "the mean outcome of the training meals",
    "ridge regression of the change from the last glucose, on columns derived from the 28 features",
    "least absolute deviations on the same columns, with the same penalty",
    "ridge regression on 'meal/2', and gradient-boosted trees (XGBoost) on what it leaves",
    "LSTM over 12 steps of glucose with the static features; Adam, early stopping on validation; begins with the "
    "population's where there is one",
    "the population's model and, on top of it, what the person's own earlier meals teach, meal by meal",
    "an ensemble of these, weighted by how well they do on validation"};

}  // namespace

SQL_FUNCTION(train_model) {
  PreventCommandIfReadOnly("train_model()");
  if (!PG_ARGISNULL(1) && strcmp(text_argument(fcinfo, 1, "model_type"), kCgmType) == 0)
    return train_cgm_person(fcinfo);
  MemoryContext caller = CurrentMemoryContext;
  instr_time started, elapsed;
  INSTR_TIME_SET_CURRENT(started);
  const TrainRequest request = read_train_request(fcinfo);
  begin(Volatility::is_volatile);
  MemoryContext work = CurrentMemoryContext;
  const History history = read_history_for(request, work);
  const auto* samples = require_samples(history, request, work);
  const TrainingBasis basis = read_training_basis(request, work);
  const TrainingOutcome* outcome = train(*samples, request, basis, work);
  const TrainedModel trained = to_server_terms(request, basis, *outcome, *samples, work);
  const StoredModel stored = store_model(request, trained);
  INSTR_TIME_SET_CURRENT(elapsed);
  INSTR_TIME_SUBTRACT(elapsed, started);
  MemoryContextSwitchTo(caller);
  const Datum result =
      result_row(fcinfo, &request.person_id, request.model_type, trained, stored, INSTR_TIME_GET_MILLISEC(elapsed));
  end(Volatility::is_volatile);
  PG_RETURN_DATUM(result);
}

SQL_FUNCTION(algorithms) {
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  InitMaterializedSRF(fcinfo, 0);
  for (size_t i = 0; i < glucose::kAlgorithms.size(); ++i) {
    const glucose::Algorithm algorithm = glucose::kAlgorithms[i];
    Datum values[3] = {CStringGetTextDatum(glucose::name_of(algorithm).data()), CStringGetTextDatum(kDescriptions[i]),
                       JsonbPGetDatum(default_options(algorithm))};
    bool nulls[3] = {};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
  }
  return static_cast<Datum>(0);
}
