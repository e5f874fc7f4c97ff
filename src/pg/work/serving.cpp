// SPDX-License-Identifier: PostgreSQL
#include "pg/work/serving.hpp"

#include <algorithm>

#include "core/asking/finite.hpp"
#include "pg/boundary/guard.hpp"
#include "pg/boundary/key_file.hpp"
#include "pg/boundary/owned.hpp"
#include "pg/boundary/settings.hpp"
#include "pg/tables/identity.hpp"
#include "pg/tables/kept.hpp"
#include "pg/tables/models.hpp"
#include "pg/tables/sight.hpp"

extern "C" {
#include "access/xlog.h"
#include "common/hashfn.h"
}

namespace glucose::pg {

namespace {

// Of what a training needs so and so many.
const char* counted_in_trainings(const Task& task) {
  switch (task.subjects) {
    case Subjects::none:
      return "days of readings";
    case Subjects::metrics:
      return "known days";
    default:
      return "evenings or meals with a known outcome, whichever the event is about";
  }
}

[[noreturn]] void raise_no_model(const Task& task, const char* model_type) {
  TrainOptions usual;
  guarded([&] { usual = task.defaults(false); });
  const char* meals = task.asks_about_meals ? psprintf(" and %d meals with a known outcome", usual.min_meals) : "";
  failing_plainly();
  ereport(ERROR, (errcode(kNoModel), errmsg("no model of type \"%s\" for this person", model_type),
                  errhint("Run SELECT glucose.train_model(person_id, '%s'); it needs %d %s%s. There is no "
                          "population model either: a steward makes one by glucose.train_population_model('%s').",
                          model_type, usual.min_days, counted_in_trainings(task), meals, model_type)));
  pg_unreachable();
}

ModelRow require_version(const pg_uuid_t* person_id, const char* model_type, const char* version) {
  const ModelRow row = require_model(person_id, model_type, version);
  if (strcmp(row.status, "rejected") != 0) return row;
  failing_plainly();
  ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                  errmsg("model version \"%s\" was rejected when it was trained", clipped(version)),
                  errhint("Choose a version whose status is ready.")));
  pg_unreachable();
}

void serve_baseline_of(const ModelRow& row, Served& served) {
  served.row = row;
  served.is_baseline = true;
  served.trial = {};
  strlcpy(served.instead_of, row.version, sizeof served.instead_of);
}

// A training that was rejected has measured how far glucose strays from where it is: more than nothing.
void choose_without_model(const Asking& asking, Served& served) {
  const ModelRow rejected =
      asking.task->baseline != nullptr ? read_rejected_model(&asking.person.id, asking.model_type) : ModelRow();
  if (!rejected.found) raise_no_model(*asking.task, asking.model_type);
  serve_baseline_of(rejected, served);
}

void choose_something_better(const Asking& asking, Served& served) {
  const ModelRow population = read_population_model(asking.model_type);
  if (population.found && !population.loses) {
    strlcpy(served.instead_of, served.row.version, sizeof served.instead_of);
    served.row = population;
    served.trial = {};
  } else if (asking.task->baseline != nullptr) {
    serve_baseline_of(ModelRow(served.row), served);
  }
}

/// Who answers, for a statement that asks again.
struct Chosen {
  uint64 seen = 0;  // sight_of_rows()
  pg_uuid_t person_id;
  char model_type[kLongestName];
  Choice choice;
};
constexpr size_t kMostChosen = 64;
Chosen chosen[kMostChosen];

Choice choice_for(const Asking& asking) {
  const pg_uuid_t* person_id = &asking.person.id;
  Chosen& c = chosen[hash_bytes(person_id->data, UUID_LEN) % kMostChosen];
  const uint64 now = sight_of_rows();
  if (now != 0 && c.seen == now && memcmp(c.person_id.data, person_id->data, UUID_LEN) == 0 &&
      strcmp(c.model_type, asking.model_type) == 0)
    return c.choice;
  c.seen = 0;
  c.choice = choose_serving_model(person_id, asking.model_type);
  c.person_id = *person_id;
  strlcpy(c.model_type, asking.model_type, sizeof c.model_type);
  c.seen = now;
  return c.choice;
}

void choose_model(const Asking& asking, Served& served) {
  if (asking.version[0] != '\0') {
    served.row = require_version(&asking.person.id, asking.model_type, asking.version);
    return;
  }
  const Choice choice = choice_for(asking);
  served.row = choice.row;
  served.trial = choice.trial;
  if (!choice.row.found)
    choose_without_model(asking, served);
  else if (!choice.row.is_population && choice.row.loses)
    choose_something_better(asking, served);
}

const AnyModel* load_chosen(const Asking& asking, const Served& served, MemoryContext context) {
  const AnyModel* model = load_model(*asking.task, served.row, &asking.person.id, asking.model_type);
  if (!served.is_baseline) return model;
  return owned<std::unique_ptr<AnyModel>>(context, [&] { return asking.task->baseline(*model); })->get();
}

const Answer* ask(const Asking& asking, const AnyModel& model, const Known& known) {
  auto* answer = static_cast<Answer*>(palloc(sizeof(Answer)));
  guarded([&] {
    *answer = asking.task->ask(model, known, asking.question);
    require_finite(*answer);
  });
  return answer;
}

// With glucose.require_audit nobody is answered off the record but who works for all.
void require_row_of_log(const Asking& asking) {
  if (!asking.is_logged) return require_steward("forecasts that are not logged");
  (void)require_keys_of(audit_key);
  if (!XactReadOnly && !RecoveryInProgress()) return;
  ereport(ERROR, (errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
                  errmsg("a forecast needs a row of the log, and nothing can be written here"),
                  errhint("Ask in a transaction that may write, on the primary server: glucose.require_audit is on.")));
}

}  // namespace

Served read_served(const Asking& asking, MemoryContext context) {
  if (settings::require_audit) require_row_of_log(asking);
  Served served;
  served.asking = &asking;
  choose_model(asking, served);
  served.model = load_chosen(asking, served, context);
  Reach reach;
  guarded([&] { reach = asking.task->asking_reach(*served.model, asking.question); });
  if (asking.is_logged) look_for_repetition(served, reach, context);
  if (!served.has_known && !served.is_answered())
    served.known = read_kept(asking.person, asking.subject, reach, asking.question.at, context);
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
  return ask(asking, *model, read_kept(asking.person, asking.subject, reach, asking.question.at, CurrentMemoryContext));
}

const char* architecture_of(const Served& served) {
  return served.is_baseline ? "baseline" : served.row.algorithm;
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
