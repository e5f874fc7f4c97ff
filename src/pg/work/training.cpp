// SPDX-License-Identifier: PostgreSQL
#include "pg/work/training.hpp"

#include <algorithm>

#include "core/watching/days_watch.hpp"
#include "pg/boundary/attempt.hpp"
#include "pg/boundary/boosting.hpp"
#include "pg/boundary/digest.hpp"
#include "pg/boundary/settings.hpp"
#include "pg/tables/identity.hpp"
#include "pg/tables/material.hpp"
#include "pg/tables/models.hpp"
#include "pg/tables/rate_limits.hpp"
#include "pg/tables/subject.hpp"
#include "pg/work/measured.hpp"
#include "pg/work/rows.hpp"
#include "pg/work/trained.hpp"

namespace glucose::pg {

namespace {

/// What a training may take beside what has been read for it.
std::size_t bytes_left(const TrainingRun& run) {
  const std::size_t read = run.material.readings.size_bytes() + run.material.meals.size_bytes();
  return settings::max_train_bytes() - std::min(settings::max_train_bytes(), read);
}

std::unique_ptr<RowsMaker>* make_maker(const TrainingRun& run, int persons) {
  const TrainRequest& r = *run.request;
  return owned<std::unique_ptr<RowsMaker>>(run.context, [&] {
    return r.task->training_rows(r.algorithm, r.options, bytes_left(run), r.of_population, persons);
  });
}

// The server's hashing wants a transaction to account for it: a short one, where none is open.
const char* digest_of(const Rows& rows, MemoryContext context) {
  const auto* parts = owned<std::vector<std::span<const std::byte>>>(context, [&] { return rows.content(); });
  const bool needs_transaction = !IsTransactionState();
  if (needs_transaction) StartTransactionCommand();
  MemoryContext inside = MemoryContextSwitchTo(context);
  StringInfoData digests;
  initStringInfo(&digests);
  for (const auto& part : *parts) appendStringInfoString(&digests, sha256_hex(part.data(), part.size()));
  const char* digest = sha256_hex(digests.data, static_cast<size_t>(digests.len));
  if (needs_transaction) CommitTransactionCommand();
  MemoryContextSwitchTo(needs_transaction ? context : inside);
  return digest;
}

void take_rows(TrainingRun& run, std::unique_ptr<RowsMaker>& maker) {
  run.rows = owned<std::unique_ptr<Rows>>(run.context, [&] { return maker->take(); });
  run.data_digest = digest_of(**run.rows, run.context);
}

void find_boosting_for(TrainingRun& run) {
  bool uses = false;
  guarded([&] { uses = run.request->task->uses_boosting(run.request->algorithm, run.request->of_population); });
  if (uses) run.boosting = find_boosting();
}

// Of a person; a population's are there already.
void make_rows(TrainingRun& run) {
  if (run.rows != nullptr) return;
  auto* maker = make_maker(run, 1);
  add_person(maker->get(), run.material);
  take_rows(run, *maker);
}

/// A training's period in moments, of one person's clock.
struct Period {
  TimestampTz start_at, end_at;
};

Period period_of(const TrainRequest& request, const Person& person) {
  return {request.start_is_local ? moment_of(request.start_at, person.clock) : request.start_at,
          request.end_is_local ? moment_of(request.end_at, person.clock) : request.end_at};
}

void settle_period(TrainRequest& request, const Person& person) {
  const Period period = period_of(request, person);
  request.start_at = period.start_at;
  request.end_at = period.end_at;
  request.start_is_local = request.end_is_local = false;
  require_period(request);
}

// What has not been yet is a clock that was wrong, and nothing that was measured on it is known.
void note_future(const Material& material, Outcome& outcome, Micros now) {
  const auto later = [now](Micros at) { return at > now + kDay; };
  const auto readings = std::count_if(material.readings.begin(), material.readings.end(),
                                      [&](const Reading& r) { return later(r.measured_at); });
  const auto meals =
      std::count_if(material.meals.begin(), material.meals.end(), [&](const Meal& m) { return later(m.eaten_at); });
  if (readings == 0 && meals == 0) return;
  outcome.quality_issues.push_back(std::to_string(readings) + " readings and " + std::to_string(meals) +
                                   " meals lie in the future");
  outcome.production_ready = false;
}

TrainingRun begun(const TrainRequest& request, MemoryContext context) {
  require_counted();
  TrainingRun run{};
  INSTR_TIME_SET_CURRENT(run.started);
  run.request = &request;
  run.context = context;
  run.reference = make_reference(request.of_population, context);
  return run;
}

TrainingRun begun_of_person(TrainRequest& request, MemoryContext context) {
  TrainingRun run = begun(request, context);
  const Person person = read_person(&request.person_id);
  require_manager(&request.person_id);
  settle_period(request, person);
  const Subject subject = read_subject(*request.task, request.model_type, context);
  run.material =
      read_material(person, subject, request.task->reach(request.options), request.start_at, request.end_at, context);
  return run;
}

void stand_on(TrainingRun& run, const ModelRow& row) {
  const TrainRequest& r = *run.request;
  run.population = load_model(*r.task, row, &r.person_id, r.model_type);
  strlcpy(run.population_version, row.version, sizeof run.population_version);
}

// In its place in the outcome's notes, which become metadata.
void note_reference(TrainingRun& run) {
  Outcome& outcome = *run.outcome;
  guarded([&] {
    Notes notes = finish_reference(*run.reference, outcome.learnt_until);
    if (!notes.empty()) outcome.notes.push_back({"reference", std::move(notes)});
  });
}

}  // namespace

TrainingRun read_training(TrainRequest& request, MemoryContext context) {
  TrainingRun run = begun_of_person(request, context);
  find_boosting_for(run);
  if (!request.task->uses_population(request.algorithm)) return run;
  const ModelRow row = read_population_model(request.model_type);
  if (row.found) stand_on(run, row);
  return run;
}

TrainingRun read_update(TrainRequest& request, const Refreshed& of, const char* population_version,
                        MemoryContext context) {
  TrainingRun run = begun_of_person(request, context);
  run.refreshed = &of;
  if (population_version[0] == '\0') return run;
  const ModelRow row = read_population_version(request.model_type, population_version);
  if (row.found && row.has_artifact) stand_on(run, row);
  strlcpy(run.population_version, population_version, sizeof run.population_version);
  return run;
}

namespace {

// Persons whose rows cannot be read: an own table without our limits, or more than fits. They do not stop the others.
struct LeftOut {
  int64 n = 0;
  ErrorData* first = nullptr;
};

bool read_of_population(const TrainRequest& request, const Person& person, const Subject& subject,
                        MemoryContext scratch, Material* material, LeftOut* left_out) {
  const Period period = period_of(request, person);
  ErrorData* failure = attempt_plainly(
      [&] {
        *material = read_material(person, subject, request.task->reach(request.options), period.start_at, period.end_at,
                                  scratch);
      },
      true);
  if (failure == nullptr) return true;
  ++left_out->n;
  if (left_out->first == nullptr) left_out->first = failure;
  return false;
}

void tell(const LeftOut& left_out, int members) {
  if (left_out.n == 0) return;
  if (members == 0) ReThrowError(left_out.first);
  ereport(WARNING, (errmsg("%lld persons who share data are left out: their rows cannot be read",
                           static_cast<long long>(left_out.n)),
                    errdetail("The first: %s.", left_out.first->message)));
}

}  // namespace

TrainingRun read_population_training(TrainRequest& request, MemoryContext context) {
  TrainingRun run = begun(request, context);
  require_steward("population models");
  const Subject subject = read_subject(*request.task, request.model_type, context);
  const Persons sharing = choose_persons(request.model_type);
  run.persons_sharing = sharing.n;
  run.members.ids =
      static_cast<Datum*>(MemoryContextAlloc(context, sizeof(Datum) * (static_cast<size_t>(sharing.n) + 1)));
  auto* maker = make_maker(run, static_cast<int>(sharing.n));
  MemoryContext scratch = AllocSetContextCreate(context, "pg_glucose person", ALLOCSET_DEFAULT_SIZES);
  LeftOut left_out;
  for (int64 i = 0; i < sharing.n; ++i) {
    CHECK_FOR_INTERRUPTS();
    Material material;
    if (read_of_population(request, sharing.rows[i], subject, scratch, &material, &left_out) &&
        add_person(maker->get(), material)) {
      run.members.ids[run.members.n++] = UUIDPGetDatum(&sharing.rows[i].id);
      guarded([&] { show_days(material, static_cast<std::size_t>(i), run.reference->days); });
    }
    MemoryContextReset(scratch);
  }
  MemoryContextDelete(scratch);
  tell(left_out, run.members.n);
  // Of nobody, the task says what there is and what is needed.
  if (run.members.n > 0) require_enough_persons(request.model_type, run.members);
  take_rows(run, *maker);
  find_boosting_for(run);
  return run;
}

void start_training(TrainingRun& run) {
  const TrainRequest& r = *run.request;
  make_rows(run);
  add_rows(*run.reference, **run.rows, r.of_population, run.context);
  run.trainer = owned<std::unique_ptr<Trainer>>(run.context, [&] {
    const TrainingBasis basis{r.algorithm, r.options, bytes_left(run), run.population, run.boosting};
    if (run.refreshed != nullptr)
      return r.task->refresh(std::move(*run.rows), {basis, run.refreshed->model, run.refreshed->learnt_until,
                                                    run.population_version[0] != '\0'});
    return (r.of_population ? r.task->train_population : r.task->train)(std::move(*run.rows), basis);
  });
}

bool step_training(TrainingRun& run) {
  return guarded_step(run.trainer->get());
}

void finish_training(TrainingRun& run) {
  run_to_end(run.trainer->get());
}

std::unique_ptr<Tuner>* start_tuning(TrainingRun& run, const SearchGrid& grid) {
  const TrainRequest& r = *run.request;
  make_rows(run);
  return owned<std::unique_ptr<Tuner>>(run.context, [&] {
    const TrainingBasis basis{r.algorithm, r.options, bytes_left(run), run.population, run.boosting};
    return r.task->tune(std::move(*run.rows), basis, grid);
  });
}

void measure_training(TrainingRun& run) {
  run.outcome = owned<Outcome>(run.context, [&] {
    Outcome outcome = (*run.trainer)->take();
    run.trainer->reset();  // its rows are many, and those to measure on come next
    return outcome;
  });
  const TimestampTz now = GetCurrentTimestamp();
  guarded([&] { note_future(run.material, *run.outcome, now); });
  if (run.outcome->splits.known) {
    measure_outcome(*run.request->task, run.material, *run.outcome, run.reference->forecasts, run.context);
    guarded([&] { show_days(run.material, 0, run.reference->days); });
  }
  note_reference(run);
}

double milliseconds_of(const TrainingRun& run) {
  instr_time elapsed;
  INSTR_TIME_SET_CURRENT(elapsed);
  INSTR_TIME_SUBTRACT(elapsed, run.started);
  return INSTR_TIME_GET_MILLISEC(elapsed);
}

StoredTraining store_training(TrainingRun& run) {
  StoredTraining stored;
  stored.trained = in_server_terms(run, *run.outcome);
  guarded([&] { stored.course = course_of(*run.outcome); });
  if (run.request->of_population) hold_members(run.members);
  stored.model = store_version(*run.request, stored.trained);
  if (run.request->of_population) store_members(run.request->model_type, stored.model.version, run.members);
  return stored;
}

}  // namespace glucose::pg
