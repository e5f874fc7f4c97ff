// SPDX-License-Identifier: PostgreSQL
#include "pg/work/updating.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "pg/boundary/attempt.hpp"
#include "pg/boundary/json.hpp"
#include "pg/boundary/locks.hpp"
#include "pg/boundary/owned.hpp"
#include "pg/tables/models.hpp"
#include "pg/tables/person_lock.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/read.hpp"
#include "pg/work/measuring.hpp"

namespace glucose::pg {

namespace {

constexpr int kFewestUnits = 5;  // fewer say nothing of which is better

// What serves and how it was trained; null where it was not (imported).
Query find_due{
    "SELECT c.needed, c.reasons, c.version, c.algorithm, c.settings, c.population_version, c.known_until, c.why_not, "
    "c.so_far "
    "FROM glucose.check_update($1, $2) AS c",
    2,
    {UUIDOID, TEXTOID}};
Query insert_update{
    "INSERT INTO glucose.model_update (person_id, model_type, status, reason, due_because, version, current_version, "
    "mae_current, mae_candidate, ci_low, ci_high, n) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    12,
    {UUIDOID, TEXTOID, TEXTOID, TEXTOID, TEXTARRAYOID, TEXTOID, TEXTOID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID,
     INT4OID}};

/// What there is to learn anew, and why.
struct Due {
  bool needed;
  ArrayType* reasons;
  const char *why_not, *so_far;  // nullptr: nothing is in the way; what there is, in words
  char version[kLongestVersion], algorithm[kLongestName], population_version[kLongestVersion];
  Jsonb* settings;
  TimestampTz known_until;  // the last row that its training had
};

Update nothing_known() {
  Update u;
  u.mae_current = u.mae_candidate = u.ci_low = u.ci_high = std::numeric_limits<double>::quiet_NaN();
  return u;
}

Due read_due(const UpdateRequest& request) {
  Parameters p;
  p.add(UUIDPGetDatum(&request.person_id));
  p.add(CStringGetTextDatum(request.model_type));
  run(find_due, p, Mode::write);
  Due due{};
  due.needed = DatumGetBool(value(0, 1));
  due.reasons = DatumGetArrayTypePCopy(value(0, 2));
  copy_text(0, 3, due.version, sizeof due.version);
  copy_text(0, 4, due.algorithm, sizeof due.algorithm);
  copy_text(0, 6, due.population_version, sizeof due.population_version);
  bool is_null;
  const Datum settings = column(0, 5, &is_null);
  if (!is_null) due.settings = DatumGetJsonbPCopy(settings);
  const Datum until = column(0, 7, &is_null);
  if (!is_null) due.known_until = DatumGetTimestampTz(until);
  const Datum why_not = column(0, 8, &is_null);
  if (!is_null)
    due.why_not = TextDatumGetCString(why_not);
  else
    due.so_far = TextDatumGetCString(value(0, 9));
  return due;
}

// Both on the rows that came since what serves was trained and that neither has learnt from, in pairs.
void compare(const UpdateRequest& request, const TrainingRun& run, const Due& due, Update& u) {
  const Outcome& outcome = *run.outcome;
  const Task& task = *request.task;
  const AnyModel* candidate =
      owned<std::unique_ptr<AnyModel>>(run.context, [&] { return task.decode(outcome.artifact); })->get();
  const TimestampTz from = std::max(
      {static_cast<TimestampTz>(outcome.splits.test_start), due.known_until + 1, run.refreshed->learnt_until + 1});
  const TimestampTz until = outcome.splits.test_end + 1;
  PairedComparison c;
  if (from >= until) {
    guarded([&] { c = compare_paired({}, {}); });
  } else {
    const Person person = read_person(&request.person_id);
    const auto errors = [&](const AnyModel& model) {
      return errors_of(task, request.model_type, model, person, outcome.horizons_min, from, until, run.context);
    };
    const auto *current = errors(*run.refreshed->model), *refreshed = errors(*candidate);
    guarded([&] { c = compare_units(*current, *refreshed); });
  }
  u.n = c.n;
  u.mae_current = c.mean_a;
  u.mae_candidate = c.mean_b;
  u.ci_low = c.ci_low;
  u.ci_high = c.ci_high;
}

// What the numbers say; true: it may serve.
bool judge(const UpdateRequest& request, const Outcome& outcome, Update& u) {
  const char *units = request.task->units_are.data(), *unit = request.task->unit.data();
  if (outcome.rejected) {
    u.reason = "no better than persistence";
  } else if (u.n < kFewestUnits) {
    u.reason = psprintf("only %d %s since to compare on", u.n, units);
  } else {
    const bool wins = u.mae_candidate <= u.mae_current;
    u.reason = psprintf("MAE %.1f instead of %.1f %s on %d %s since%s", u.mae_candidate, u.mae_current, unit, u.n,
                        units, wins ? "" : ", which is worse");
    return wins;
  }
  return false;
}

// Why what was learnt is not to serve after all; nullptr: nothing was decided meanwhile. A training is kept out by the
// lock of trainings; whoever deploys or rolls back holds the person's row, which is held from here on.
const char* overtaken_by(const UpdateRequest& request, const Due& due) {
  lock_person(&request.person_id);
  const Due now = read_due(request);
  if (now.version[0] != '\0' && strcmp(now.version, due.version) != 0) return "another version serves meanwhile";
  return now.why_not;
}

void learn(const UpdateRequest& request, const Due& due, Update& u, MemoryContext work) {
  const ModelRow row = require_model(&request.person_id, request.model_type, due.version);
  const Refreshed of{load_own_model(*request.task, row, &request.person_id, request.model_type, work),
                     row.training_end};
  TrainRequest recipe = make_train_request(&request.person_id, request.model_type, due.algorithm, due.settings);
  recipe.deploy = TrainRequest::Deploy::yes;
  strlcpy(recipe.patch_of, due.version, sizeof recipe.patch_of);
  TrainingRun run = read_update(recipe, of, due.population_version, work);
  start_training(run);
  finish_training(run);
  measure_training(run);
  if (!run.outcome->rejected) compare(request, run, due, u);
  strlcpy(u.status, "kept", sizeof u.status);
  if (!judge(request, *run.outcome, u)) return;
  if (const char* why_not = overtaken_by(request, due); why_not != nullptr) {
    u.reason = why_not;
    strlcpy(u.status, "skipped", sizeof u.status);
    return;
  }
  recipe.deployed_because = psprintf("update: %s", u.reason);
  strlcpy(u.version, store_training(run).model.version, sizeof u.version);
  strlcpy(u.status, "updated", sizeof u.status);
}

void write_log(const UpdateRequest& request, const Due& due, const Update& u) {
  Parameters p;
  p.add(UUIDPGetDatum(&request.person_id));
  p.add(CStringGetTextDatum(request.model_type));
  p.add(CStringGetTextDatum(u.status));
  p.add(CStringGetTextDatum(u.reason));
  p.add(PointerGetDatum(due.reasons));
  p.add_or_null(u.version[0] != '\0', CStringGetTextDatum(u.version));
  p.add(CStringGetTextDatum(u.current_version));
  for (const double number : {u.mae_current, u.mae_candidate, u.ci_low, u.ci_high})
    p.add_or_null(!std::isnan(number), Float8GetDatum(number));
  p.add_or_null(u.n >= 0, Int32GetDatum(u.n));
  run(insert_update, p, Mode::as_owner);
}

}  // namespace

Update update_model(const UpdateRequest& request) {
  auto* u = static_cast<Update*>(MemoryContextAllocZero(CurrentMemoryContext, sizeof(Update)));
  *u = nothing_known();
  if (request.task->refresh == nullptr) {
    u->reason = psprintf("models of type \"%s\" have nothing that is learnt between trainings", request.model_type);
    return *u;
  }
  if (!try_transaction_lock(kPersonLock, &request.person_id)) {
    u->reason = "another training of this person is under way";
    return *u;
  }
  const Due due = read_due(request);
  strlcpy(u->current_version, due.version, sizeof u->current_version);
  if (due.why_not != nullptr || !(due.needed || request.forced)) {
    u->reason = due.why_not != nullptr ? due.why_not : psprintf("not due: %s", due.so_far);
    return *u;
  }
  MemoryContext work = AllocSetContextCreate(CurrentMemoryContext, "pg_glucose update", ALLOCSET_DEFAULT_SIZES);
  const ErrorData* failure = attempt([&] { learn(request, due, *u, work); });
  if (failure != nullptr) {
    *u = nothing_known();
    strlcpy(u->current_version, due.version, sizeof u->current_version);
    u->reason = psprintf("%s: %s", unpack_sql_state(failure->sqlerrcode), failure->message);
  }
  MemoryContextDelete(work);
  lock_person(&request.person_id);
  write_log(request, due, *u);
  return *u;
}

}  // namespace glucose::pg
