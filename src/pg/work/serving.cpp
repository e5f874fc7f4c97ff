// SPDX-License-Identifier: PostgreSQL
#include "pg/work/serving.hpp"

#include <algorithm>

#include "pg/boundary/guard.hpp"
#include "pg/tables/material.hpp"
#include "pg/tables/models.hpp"

namespace glucose::pg {

namespace {

[[noreturn]] void raise_no_model(const Task& task, const char* model_type) {
  TrainOptions usual;
  guarded([&] { usual = task.defaults(false); });
  const char* meals = task.asks_about_meals ? psprintf(" and %d meals with a known outcome", usual.min_meals) : "";
  ereport(ERROR,
          (errcode(kNoModel), errmsg("no model of type \"%s\" for this person", model_type),
           errhint("Run SELECT glucose.train_model(person_id, '%s'); it needs %d days of readings%s. There is no "
                   "population model either: a steward makes one by glucose.train_population_model('%s').",
                   model_type, usual.min_days, meals, model_type)));
  pg_unreachable();
}

ModelRow require_version(const pg_uuid_t* person_id, const char* model_type, const char* version) {
  const ModelRow row = require_model(person_id, model_type, version);
  if (strcmp(row.status, "rejected") == 0)
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("model version \"%s\" was rejected when it was trained", clipped(version)),
                    errhint("Choose a version whose status is ready.")));
  return row;
}

Choice choose_model(const Asking& asking) {
  if (asking.version[0] != '\0') return {require_version(&asking.person.id, asking.model_type, asking.version), {}};
  const Choice choice = choose_serving_model(&asking.person.id, asking.model_type);
  if (!choice.row.found) raise_no_model(*asking.task, asking.model_type);
  return choice;
}

const Answer* ask(const Asking& asking, const AnyModel& model, const Known& known) {
  auto* answer = static_cast<Answer*>(palloc(sizeof(Answer)));
  guarded([&] { *answer = asking.task->ask(model, known, asking.question); });
  return answer;
}

}  // namespace

Served read_served(const Asking& asking, MemoryContext context) {
  Served served;
  served.asking = &asking;
  const Choice choice = choose_model(asking);
  served.row = choice.row;
  served.trial = choice.trial;
  served.model = load_model(*asking.task, served.row, &asking.person.id, asking.model_type);
  Reach reach;
  guarded([&] { reach = asking.task->asking_reach(*served.model, asking.question); });
  served.known = read_known(asking.person, reach, asking.question.at, context);
  return served;
}

const Answer* compute(const Served& served) {
  return ask(*served.asking, *served.model, served.known);
}

const Answer* compute_shadow(const Served& served) {
  const Asking& asking = *served.asking;
  const AnyModel* model = load_model(*asking.task, served.trial.shadow, &asking.person.id, asking.model_type);
  Reach reach;
  guarded([&] { reach = asking.task->asking_reach(*model, asking.question); });
  return ask(asking, *model, read_known(asking.person, reach, asking.question.at, CurrentMemoryContext));
}

Shown shown(const Question& question, const Expected& e) {
  const float centre = question.head == Head::mean ? e.mean : e.value;
  return {centre, std::min(e.lower, centre), std::max(e.upper, centre)};
}

ModelRow require_serving_model(const pg_uuid_t* person_id, const Task& task, const char* model_type,
                               const char* version) {
  if (version != nullptr) return require_model(person_id, model_type, version);
  const ModelRow own = read_model(person_id, model_type, nullptr);
  if (own.found) return own;
  const ModelRow shared = read_population_model(model_type);
  if (!shared.found) raise_no_model(task, model_type);
  return shared;
}

}  // namespace glucose::pg
