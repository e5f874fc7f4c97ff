// SPDX-License-Identifier: PostgreSQL
// Models as values: who may see them, out of the database and into it.
#include "core/model/artifact.hpp"
#include "pg/boundary/arguments.hpp"
#include "pg/boundary/guard.hpp"
#include "pg/boundary/json.hpp"
#include "pg/boundary/owned.hpp"
#include "pg/tables/models.hpp"
#include "pg/tables/query.hpp"
#include "pg/work/trained.hpp"

extern "C" {
#include "tcop/utility.h"
}

using namespace glucose::pg;

namespace {

void take_import_option(const char* key, const JsonbValue& value, void* state) {
  auto* request = static_cast<TrainRequest*>(state);
  if (strcmp(key, "model_type") == 0) {
    const char* model_type = text_value(key, value);
    request->task = &require_task(model_type);
    strlcpy(request->model_type, model_type, sizeof request->model_type);
  } else if (strcmp(key, "deploy") == 0) {
    request->deploy = bool_value(key, value) ? TrainRequest::Deploy::yes : TrainRequest::Deploy::no;
  } else {
    raise_unknown_option(key, "model_type and deploy");
  }
}

std::span<const uint8> bytes_in(const bytea* artifact) {
  return {reinterpret_cast<const uint8*>(VARDATA_ANY(artifact)), static_cast<size_t>(VARSIZE_ANY_EXHDR(artifact))};
}

// Unless the caller says of which type the model is, its bytes do.
void take_type_of(TrainRequest& request, const bytea* artifact) {
  guarded([&] { request.task = glucose::task_of(bytes_in(artifact)); });
}

// A model of one metric is none of another.
void settle_type(TrainRequest& request, const glucose::ModelFacts& facts) {
  const char* own = request.task->name.data();
  if (!facts.subject.empty()) own = psprintf("%s:%s", own, facts.subject.c_str());
  if (request.model_type[0] == '\0') strlcpy(request.model_type, own, sizeof request.model_type);
  if (!facts.subject.empty() && std::string_view(request.model_type) != own)
    ereport(ERROR, (errcode(kModelMismatch), errmsg("the artifact is a model of type \"%s\"", clipped(own)),
                    errhint("Leave the option model_type out.")));
}

// The bytes for this person: what a model remembers of somebody else's meals is left out.
bytea* adopted(const glucose::Task& task, const glucose::AnyModel& model, const Person& person, bytea* artifact) {
  const glucose::MomentsKept kept = task.remembers(model);
  if (!kept.any) return artifact;
  const Meals meals = read_meals(person, kept.first, kept.last + 1, CurrentMemoryContext);
  const auto* bytes = owned<std::vector<uint8>>(CurrentMemoryContext, [&] {
    return task.adopted(model, {meals.rows, static_cast<size_t>(meals.n)});
  });
  return bytes->empty() ? artifact : bytes_of(*bytes);
}

}  // namespace

SQL_FUNCTION(require_person) {
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  begin(Volatility::stable);
  read_person(person_id);
  end(Volatility::stable);
  PG_RETURN_VOID();
}

SQL_FUNCTION(export_model) {
  MemoryContext caller = CurrentMemoryContext;
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  const char* model_type = text_argument(fcinfo, 1, "model_type");
  const char* version = PG_ARGISNULL(2) ? nullptr : text_to_cstring(PG_GETARG_TEXT_PP(2));
  (void)require_task(model_type);
  begin(Volatility::stable);
  read_person(person_id);
  bytea* artifact = read_artifact(require_model(person_id, model_type, version), person_id, model_type, caller);
  end(Volatility::stable);
  if (artifact == nullptr)
    ereport(ERROR, (errcode(ERRCODE_NO_DATA_FOUND), errmsg("the model version has been deleted meanwhile")));
  PG_RETURN_BYTEA_P(artifact);
}

SQL_FUNCTION(import_model) {
  PreventCommandIfReadOnly("import_model()");
  TrainRequest request;
  request.person_id = *uuid_argument(fcinfo, 0, "person_id");
  request.deploy = TrainRequest::Deploy::no;
  require_argument(fcinfo, 1, "artifact");
  bytea* artifact = PG_GETARG_BYTEA_P(1);
  for_each_key(jsonb_argument(fcinfo, 2, "options"), "options", take_import_option, &request);
  if (request.task == nullptr) take_type_of(request, artifact);
  const auto* model = owned<std::unique_ptr<glucose::AnyModel>>(
      CurrentMemoryContext, [&] { return request.task->decode(bytes_in(artifact)); });
  const auto* facts = owned<glucose::ModelFacts>(CurrentMemoryContext, [&] { return request.task->facts(**model); });
  settle_type(request, *facts);
  begin(Volatility::is_volatile);
  const Person person = read_person(&request.person_id);
  artifact = adopted(*request.task, **model, person, artifact);
  const StoredModel stored = store_version(request, imported_in_server_terms(*facts, artifact));
  end(Volatility::is_volatile);
  PG_RETURN_TEXT_P(cstring_to_text(stored.version));
}
