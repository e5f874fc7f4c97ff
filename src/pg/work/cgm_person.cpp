// SPDX-License-Identifier: PostgreSQL
// A person's model of readings alone: on top of the population's when there is one.
#include "pg/work/cgm_person.hpp"

#include "pg/boundary/arguments.hpp"
#include "pg/boundary/guard.hpp"
#include "pg/boundary/json.hpp"
#include "pg/tables/model_store.hpp"
#include "pg/tables/query.hpp"
#include "pg/work/cgm_request.hpp"
#include "pg/work/cgm_training_run.hpp"
#include "pg/work/training_result.hpp"

extern "C" {
#include "portability/instr_time.h"
}

namespace glucose::pg {

namespace {

void require_enough(const CgmData& data, const TrainRequest& request) {
  if (data.persons > 0) return;
  ereport(ERROR, (errcode(kTooLittleHistory), errmsg("too little history to train: %.1f days of readings", data.days),
                  errdetail("At least %d days are needed, with stretches of two hours without a gap of more than 45 "
                            "minutes.",
                            request.options.min_days),
                  errhint("Record more, or forecast with a population model until then.")));
}

// Which population model it stands on, where its splits lie, and at which horizons the person's own is served.
Jsonb* metadata(const CgmOutcome& outcome, const CgmData& data, const ModelRow& prior, const char* digest) {
  StringInfoData out;
  initStringInfo(&out);
  appendStringInfoChar(&out, '{');
  json_text(&out, "population_version", prior.found ? prior.version : nullptr);
  if (prior.found) {
    json_key(&out, "own_horizons");
    appendStringInfoChar(&out, '[');
    const char* separator = "";
    for (size_t k = 0; k < kCgmHorizons; ++k)
      if (outcome.own_share[k] > 0) {
        appendStringInfo(&out, "%s%d", separator, cgm_minutes(k));
        separator = ", ";
      }
    appendStringInfoChar(&out, ']');
  }
  json_time(&out, "test_start", data.test_start);
  add_cgm_metadata(&out, outcome, digest);
  appendStringInfoChar(&out, '}');
  return to_jsonb(out.data);
}

}  // namespace

Datum train_cgm_person(FunctionCallInfo fcinfo) {
  MemoryContext caller = CurrentMemoryContext;
  instr_time started, elapsed;
  INSTR_TIME_SET_CURRENT(started);
  const TrainRequest request =
      make_cgm_train_request(uuid_argument(fcinfo, 0, "person_id"), text_argument(fcinfo, 2, "algorithm"),
                             jsonb_argument(fcinfo, 3, "options"));
  begin(Volatility::is_volatile);
  MemoryContext work = CurrentMemoryContext;
  CgmData data = no_cgm_data(work);
  add_cgm_person(data, request, read_person(&request.person_id), most_cgm_rows(), work);
  require_enough(data, request);
  const char* digest = digest_of(*data.rows);
  RunningExperiment unused;
  const ModelRow prior = read_serving_population_model(kCgmType, &unused);
  const CgmModel* population = prior.found ? load_cgm_model(prior, &request.person_id) : nullptr;
  const CgmOutcome* outcome = train_cgm(data, request, population, work);
  TrainedModel trained = cgm_in_server_terms(request, *outcome, data, digest, work);
  trained.metadata = metadata(*outcome, data, prior, digest);
  const StoredModel stored = store_model(request, trained);
  INSTR_TIME_SET_CURRENT(elapsed);
  INSTR_TIME_SUBTRACT(elapsed, started);
  MemoryContextSwitchTo(caller);
  const Datum result =
      result_row(fcinfo, &request.person_id, request.model_type, trained, stored, INSTR_TIME_GET_MILLISEC(elapsed));
  end(Volatility::is_volatile);
  return result;
}

}  // namespace glucose::pg
