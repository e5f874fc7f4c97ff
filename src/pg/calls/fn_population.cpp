// SPDX-License-Identifier: PostgreSQL
// train_population_model: read the persons who share their data one after the other, train, write the version.
#include "pg/boundary/arguments.hpp"
#include "pg/boundary/guard.hpp"
#include "pg/boundary/json.hpp"
#include "pg/tables/model_store.hpp"
#include "pg/tables/population_store.hpp"
#include "pg/tables/query.hpp"
#include "pg/work/cgm_request.hpp"
#include "pg/work/cgm_training_run.hpp"
#include "pg/work/population_run.hpp"
#include "pg/work/trained_model.hpp"
#include "pg/work/training_result.hpp"

extern "C" {
#include "portability/instr_time.h"
#include "tcop/utility.h"
}

using namespace glucose::pg;

namespace {

/// What a population training was asked for, and what came of it.
struct Trained {
  TrainRequest request;
  TrainedModel model;
};

// Counts only: the ids of persons stay where they are.
Jsonb* cgm_metadata(const glucose::CgmOutcome& outcome, const CgmData& data, int64 sharing, const char* digest) {
  StringInfoData out;
  initStringInfo(&out);
  appendStringInfoChar(&out, '{');
  json_number(&out, "persons", data.persons);
  json_number(&out, "persons_sharing", static_cast<double>(sharing));
  add_cgm_metadata(&out, outcome, digest);
  appendStringInfoChar(&out, '}');
  return to_jsonb(out.data);
}

// Every person gets the same share of the rows that fit the memory allowed; whoever has fewer leaves the rest.
CgmData read_population(const TrainRequest& request, const Persons& persons, MemoryContext work) {
  CgmData data = no_cgm_data(work);
  MemoryContext scratch = AllocSetContextCreate(work, "pg_glucose person", ALLOCSET_DEFAULT_SIZES);
  const size_t share = most_cgm_rows() / static_cast<size_t>(persons.n > 0 ? persons.n : 1);
  for (int64 i = 0; i < persons.n; ++i) {
    CHECK_FOR_INTERRUPTS();
    add_cgm_person(data, request, persons.rows[i], share > 0 ? share : 1, scratch);
    MemoryContextReset(scratch);
  }
  if (data.persons == 0)
    ereport(
        ERROR,
        (errcode(kTooLittleHistory), errmsg("too little history to train: no person who shares data has enough"),
         errdetail("At least %d days of readings of one person are needed; " INT64_FORMAT " persons share their data.",
                   request.options.min_days, persons.n),
         errhint("A person takes part when shares_data is true and the caller may see it.")));
  return data;
}

Trained train_cgm_population(const char* algorithm, Jsonb* options) {
  MemoryContext work = CurrentMemoryContext;
  Trained trained;
  trained.request = make_cgm_train_request(nullptr, algorithm, options);
  require_population_writer();
  const Persons persons = read_sharing_persons();
  CgmData data = read_population(trained.request, persons, work);
  const char* digest = digest_of(*data.rows);
  const glucose::CgmOutcome* outcome = train_cgm(data, trained.request, nullptr, work);
  trained.model = cgm_in_server_terms(trained.request, *outcome, data, digest, work);
  trained.model.metadata = cgm_metadata(*outcome, data, persons.n, digest);
  return trained;
}

constexpr int kMealsOfOnePerson = 10;  // fewer say little about a person, but the population may still use them

Trained train_meal_population(const char* algorithm, Jsonb* options) {
  MemoryContext work = CurrentMemoryContext;
  Trained trained;
  const pg_uuid_t nobody = {};
  glucose::TrainOptions defaults;
  defaults.min_meals = kMealsOfOnePerson;
  trained.request = make_train_request(&nobody, "glucose", algorithm, options, defaults);
  require_population_writer();
  const PopulationData data = read_population_data(trained.request, work);
  const char* digest = digest_of(data);
  const int persons = static_cast<int>(data.persons->size());
  const glucose::TrainingOutcome* outcome = train_population(data, trained.request, work);
  trained.model = population_in_server_terms(trained.request, *outcome, data, persons, digest, work);
  return trained;
}

// One branch for each model type.
Trained train_population(const char* model_type, const char* algorithm, Jsonb* options) {
  if (strcmp(model_type, kCgmType) == 0) return train_cgm_population(algorithm, options);
  if (strcmp(model_type, "glucose") == 0) return train_meal_population(algorithm, options);
  ereport(ERROR,
          (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unrecognized model_type \"%s\"", clipped(model_type)),
           errhint("The model types are glucose and cgm.")));
  pg_unreachable();
}

}  // namespace

SQL_FUNCTION(train_population_model) {
  MemoryContext caller = CurrentMemoryContext;
  instr_time started, elapsed;
  INSTR_TIME_SET_CURRENT(started);
  PreventCommandIfReadOnly("train_population_model()");
  const char* model_type = text_argument(fcinfo, 0, "model_type");
  const char* algorithm = text_argument(fcinfo, 1, "algorithm");
  Jsonb* options = jsonb_argument(fcinfo, 2, "options");
  begin(Volatility::is_volatile);
  const Trained trained = train_population(model_type, algorithm, options);
  const StoredModel stored = store_population_model(trained.request, trained.model);
  INSTR_TIME_SET_CURRENT(elapsed);
  INSTR_TIME_SUBTRACT(elapsed, started);
  MemoryContextSwitchTo(caller);
  const Datum result = result_row(fcinfo, nullptr, model_type, trained.model, stored, INSTR_TIME_GET_MILLISEC(elapsed));
  end(Volatility::is_volatile);
  PG_RETURN_DATUM(result);
}
