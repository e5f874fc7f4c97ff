// SPDX-License-Identifier: PostgreSQL
// Models as values: who may see them, out of the database and into it.
#include <cmath>

#include "pg/boundary/arguments.hpp"
#include "pg/boundary/guard.hpp"
#include "pg/boundary/json.hpp"
#include "pg/boundary/owned.hpp"
#include "pg/tables/model_store.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/read.hpp"
#include "pg/tables/write.hpp"
#include "pg/work/trained_model.hpp"

extern "C" {
#include "tcop/utility.h"
}

using namespace glucose::pg;

namespace {

void take_import_option(const char* key, const JsonbValue& value, void* state) {
  auto* request = static_cast<TrainRequest*>(state);
  if (strcmp(key, "model_type") == 0)
    require_model_type(text_value(key, value), request->model_type);
  else if (strcmp(key, "deploy") == 0)
    request->deploy = bool_value(key, value) ? TrainRequest::Deploy::yes : TrainRequest::Deploy::no;
  else
    raise_unknown_option(key, "model_type and deploy");
}

const glucose::Model* decoded(const bytea* artifact, MemoryContext context) {
  return owned<glucose::Model>(context, [&] {
    return glucose::decode(
        {reinterpret_cast<const uint8*>(VARDATA_ANY(artifact)), static_cast<size_t>(VARSIZE_ANY_EXHDR(artifact))});
  });
}

// Whether what a model remembers are meals of this person.
bool remembers_person(const glucose::Model& model, const Person& person) {
  const auto& remembered = model.memory.meals;
  if (remembered.empty()) return true;
  const Meals meals =
      read_meals(person, remembered.front().eaten_at, remembered.back().eaten_at + 1, CurrentMemoryContext);
  int64 next = 0;
  for (const glucose::RememberedMeal& meal : remembered) {
    while (next < meals.n && meals.rows[next].eaten_at < meal.eaten_at) ++next;
    if (next == meals.n || meals.rows[next].eaten_at != meal.eaten_at) return false;
  }
  return true;
}

bytea* without_memory(const glucose::Model& model, MemoryContext context) {
  const auto* stranger = owned<glucose::Model>(context, [&] {
    glucose::Model copy = model;
    copy.memory.meals.clear();
    return copy;
  });
  return artifact_of(*stranger, context);
}

Jsonb* imported_hyperparameters(const glucose::Model& model) {
  StringInfoData out;
  initStringInfo(&out);
  appendStringInfo(&out, "{\"imported\": true, \"horizons\": [");
  for (size_t k = 0; k < model.horizons_min.size(); ++k)
    appendStringInfo(&out, "%s%d", k > 0 ? ", " : "", model.horizons_min[k]);
  appendStringInfoString(&out, "]}");
  return to_jsonb(out.data);
}

// Nobody has measured it on this person, and it learnt from none of the person's meals.
TrainedModel unmeasured(const glucose::Model& imported, bytea* artifact) {
  TrainedModel model = {};
  strlcpy(model.algorithm, glucose::name_of(imported.algorithm).data(), sizeof model.algorithm);
  model.feature_schema = (imported.is_rich() ? glucose::kRichSchema : glucose::kFeatureSchema).data();
  model.artifact = artifact;
  model.first_meal_at = model.last_meal_at = DT_NOBEGIN;
  model.mae = model.rmse = model.r2 = glucose::kUnknown;
  Datum issue = CStringGetTextDatum("imported, not measured on this person");
  model.quality_issues = construct_array(&issue, 1, TEXTOID, -1, false, TYPALIGN_INT);
  model.hyperparameters = imported_hyperparameters(imported);
  model.metadata = to_jsonb("{\"extension_version\": \"" PGG_VERSION "\"}");
  model.data_digest = "";
  return model;
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
  begin(Volatility::stable);
  read_person(person_id);
  bytea* artifact = read_artifact(require_model(person_id, model_type, version), person_id, model_type, caller);
  end(Volatility::stable);
  PG_RETURN_BYTEA_P(artifact);
}

SQL_FUNCTION(import_model) {
  PreventCommandIfReadOnly("import_model()");
  TrainRequest request;
  request.person_id = *uuid_argument(fcinfo, 0, "person_id");
  request.deploy = TrainRequest::Deploy::no;
  strlcpy(request.model_type, "glucose", sizeof request.model_type);
  require_argument(fcinfo, 1, "artifact");
  bytea* artifact = PG_GETARG_BYTEA_P(1);
  for_each_key(jsonb_argument(fcinfo, 2, "options"), "options", take_import_option, &request);
  const glucose::Model* model = decoded(artifact, CurrentMemoryContext);
  begin(Volatility::is_volatile);
  const Person person = read_person(&request.person_id);
  // What somebody else's meals did says nothing about this person.
  if (!remembers_person(*model, person)) artifact = without_memory(*model, CurrentMemoryContext);
  const StoredModel stored = store_model(request, unmeasured(*model, artifact));
  end(Volatility::is_volatile);
  PG_RETURN_TEXT_P(cstring_to_text(stored.version));
}
