// SPDX-License-Identifier: PostgreSQL
// Which version serves: deploy, go back, delete; of a person and of the population.
#include "pg/boundary/arguments.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/versions.hpp"

extern "C" {
#include "tcop/utility.h"
}

using namespace glucose::pg;

namespace {

void take_type(TrainRequest& of, const char* model_type) {
  of.task = &require_task(model_type);
  strlcpy(of.model_type, model_type, sizeof of.model_type);
}

TrainRequest of_person(FunctionCallInfo fcinfo) {
  TrainRequest of;
  of.person_id = *uuid_argument(fcinfo, 0, "person_id");
  take_type(of, text_argument(fcinfo, 1, "model_type"));
  return of;
}

TrainRequest of_population(FunctionCallInfo fcinfo) {
  TrainRequest of;
  of.of_population = true;
  take_type(of, text_argument(fcinfo, 0, "model_type"));
  return of;
}

const char* optional_text(FunctionCallInfo fcinfo, int i) {
  return PG_ARGISNULL(i) ? nullptr : text_to_cstring(PG_GETARG_TEXT_PP(i));
}

using Change = const char* (*)(const TrainRequest&, const char* version, const char* reason);

Datum changed(const TrainRequest& of, Change change, const char* version, const char* reason) {
  MemoryContext caller = CurrentMemoryContext;
  begin(Volatility::is_volatile);
  const char* serves = MemoryContextStrdup(caller, change(of, version, reason));
  end(Volatility::is_volatile);
  return PointerGetDatum(cstring_to_text(serves));
}

const char* go_back(const TrainRequest& of, const char* to_version, const char* /*reason*/) {
  return roll_back(of, to_version);
}

}  // namespace

SQL_FUNCTION(deploy_model) {
  PreventCommandIfReadOnly("deploy_model()");
  const TrainRequest of = of_person(fcinfo);
  return changed(of, deploy_version, text_argument(fcinfo, 2, "version"), optional_text(fcinfo, 3));
}

SQL_FUNCTION(deploy_population_model) {
  PreventCommandIfReadOnly("deploy_population_model()");
  const TrainRequest of = of_population(fcinfo);
  return changed(of, deploy_version, text_argument(fcinfo, 1, "version"), optional_text(fcinfo, 2));
}

SQL_FUNCTION(rollback_model) {
  PreventCommandIfReadOnly("rollback_model()");
  return changed(of_person(fcinfo), go_back, optional_text(fcinfo, 2), nullptr);
}

SQL_FUNCTION(rollback_population_model) {
  PreventCommandIfReadOnly("rollback_population_model()");
  return changed(of_population(fcinfo), go_back, optional_text(fcinfo, 1), nullptr);
}

SQL_FUNCTION(delete_model) {
  PreventCommandIfReadOnly("delete_model()");
  const TrainRequest of = of_person(fcinfo);
  const char* version = text_argument(fcinfo, 2, "version");
  begin(Volatility::is_volatile);
  const bool deleted = delete_version(of, version);
  end(Volatility::is_volatile);
  PG_RETURN_BOOL(deleted);
}
