// SPDX-License-Identifier: PostgreSQL
// prediction_sources: what a logged answer rested on, and what became of it.
#include "core/asking/finite.hpp"
#include "pg/boundary/arguments.hpp"
#include "pg/boundary/attempt.hpp"
#include "pg/boundary/digest.hpp"
#include "pg/boundary/owned.hpp"
#include "pg/tables/identity.hpp"
#include "pg/tables/log_row.hpp"
#include "pg/tables/material.hpp"
#include "pg/tables/models.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/rate_limits.hpp"
#include "pg/tables/recorded.hpp"
#include "pg/tables/subject.hpp"
#include "pg/work/question.hpp"
#include "pg/work/sources.hpp"

using namespace glucose::pg;
using glucose::AnyModel;
using glucose::Known;

namespace {

#define PGG_WHOLE                                                                                                      \
  "SELECT w.person_id, w.prediction_id, w.model_type, w.version, w.sha256, w.meal_id, w.asked_at, w.issued_at, "       \
  "w.inputs_digest, w.sources, w.purged_at IS NOT NULL, (SELECT pg_catalog.array_agg((h.value "                        \
  "OPERATOR(pg_catalog.->>) 'minutes_ahead')::pg_catalog.float8) FROM pg_catalog.jsonb_array_elements(w.predictions) " \
  "AS h (value)), w.level FROM glucose.prediction w WHERE "
glucose::pg::Query row_of_person{PGG_WHOLE
                                 "w.person_id OPERATOR(pg_catalog.=) $1 AND w.prediction_id OPERATOR(pg_catalog.=) $2",
                                 2,
                                 {UUIDOID, UUIDOID}};
glucose::pg::Query model_of_person{
    "SELECT v.version, v.sha256 FROM glucose.model_version v WHERE v.person_id OPERATOR(pg_catalog.=) $1 "
    "AND v.model_type OPERATOR(pg_catalog.=) $2 AND (v.sha256 OPERATOR(pg_catalog.=) $3 OR $3 IS NULL "
    "AND v.version OPERATOR(pg_catalog.=) $4) AND v.artifact IS NOT NULL LIMIT 1",
    4,
    {UUIDOID, TEXTOID, BYTEAOID, TEXTOID}};
glucose::pg::Query model_of_population{
    "SELECT v.version, v.sha256 FROM glucose.population_model v WHERE v.model_type OPERATOR(pg_catalog.=) $1 "
    "AND (v.sha256 OPERATOR(pg_catalog.=) $2 OR $2 IS NULL AND v.version OPERATOR(pg_catalog.=) $3) "
    "AND v.artifact IS NOT NULL LIMIT 1",
    3,
    {TEXTOID, BYTEAOID, TEXTOID}};

/// What the log says of an answer.
struct Logged {
  pg_uuid_t person_id, meal_id;
  char model_type[kLongestName], version[kLongestVersion];
  bytea* sha256 = nullptr;  // nullptr: what answered was no model's own
  bool has_meal;
  TimestampTz asked_at, issued_at;
  const uint8* digest;
  Sources sources;
  bool has_sources;
  double minutes[glucose::kMostAnswers];
  int n_minutes = 0;
};

[[noreturn]] void raise_no_digest(const pg_uuid_t* id, bool is_purged) {
  const char* name = DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(id)));
  if (is_purged)
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("what prediction %s was about has been purged", name),
                    errhint("The log keeps values for glucose.values_retention.")));
  ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                  errmsg("the log has no digest of the inputs of prediction %s", name),
                  errhint("It is kept of answers that are given while glucose.audit_inputs is digest or full.")));
  pg_unreachable();
}

void take_minutes(Datum array, Logged& logged) {
  Datum* numbers;
  bool* nulls;
  int n;
  deconstruct_array(DatumGetArrayTypeP(array), FLOAT8OID, sizeof(float8), true, 'd', &numbers, &nulls, &n);
  for (int i = 0; i < std::min(n, glucose::kMostAnswers); ++i)
    if (!nulls[i]) logged.minutes[logged.n_minutes++] = DatumGetFloat8(numbers[i]);
}

Logged read_logged(const pg_uuid_t* prediction_id, const pg_uuid_t* person_id) {
  pg_uuid_t whose, whole;
  if (!find_whole_answer(prediction_id, person_id, &whose, &whole)) raise_not_found("prediction", prediction_id);
  Parameters p;
  p.add(UUIDPGetDatum(&whose));
  p.add(UUIDPGetDatum(&whole));
  run(row_of_person, p, Mode::read);
  if (SPI_processed == 0) raise_not_found("prediction", prediction_id);
  Logged l;
  l.person_id = whose;
  copy_text(0, 3, l.model_type, sizeof l.model_type);
  copy_text(0, 4, l.version, sizeof l.version);
  bool no_sha, no_meal, no_moment, no_digest, no_sources, no_minutes;
  const Datum sha = column(0, 5, &no_sha), meal = column(0, 6, &no_meal), at = column(0, 7, &no_moment),
              digest = column(0, 9, &no_digest), sources = column(0, 10, &no_sources),
              minutes = column(0, 12, &no_minutes);
  const bool is_purged = DatumGetBool(value(0, 11));
  if (is_purged || no_digest || no_moment || digest_in(digest) == nullptr) raise_no_digest(prediction_id, is_purged);
  if (!no_sha) l.sha256 = DatumGetByteaPCopy(sha);
  l.has_meal = !no_meal;
  if (l.has_meal) l.meal_id = *DatumGetUUIDP(meal);
  l.asked_at = DatumGetTimestampTz(at);
  l.issued_at = DatumGetTimestampTz(value(0, 8));
  l.digest = digest_in(PointerGetDatum(DatumGetByteaPCopy(digest)));
  l.has_sources = !no_sources;
  if (l.has_sources) l.sources = sources_of(sources);
  if (!no_minutes) take_minutes(minutes, l);
  return l;
}

// The bytes that answered, wherever they are now; not found: they are not there any more.
ModelRow find_model(const Logged& l) {
  ModelRow row;
  for (const bool is_population : {false, true}) {
    Parameters p;
    if (!is_population) p.add(UUIDPGetDatum(&l.person_id));
    p.add(CStringGetTextDatum(l.model_type));
    p.add_or_null(l.sha256 != nullptr, PointerGetDatum(l.sha256));
    p.add(CStringGetTextDatum(l.version));
    run(is_population ? model_of_population : model_of_person, p, is_population ? Mode::read_as_owner : Mode::read);
    if (SPI_processed == 0) continue;
    const uint8* digest = digest_in(value(0, 2));
    if (digest == nullptr) continue;
    row.found = true;
    row.is_population = is_population;
    copy_text(0, 1, row.version, sizeof row.version);
    memcpy(row.sha256, digest, sizeof row.sha256);
    return row;
  }
  return row;
}

/// The question again, and what is known of it now.
struct Again {
  Asking asking;
  Known known;
  bool is_asked = false;  // whether it can be asked: the meal and the model are there
  bool meal_is_gone = false;
  bool is_same = false;  // and what the model looks at is what it was
};

// The horizons that were asked for say how far back is looked.
void set_horizons(Asking& asking, const Logged& l) {
  if (asking.task->set_minutes == nullptr || l.n_minutes == 0) return;
  guarded([&] { asking.task->set_minutes(asking.question, {l.minutes, static_cast<size_t>(l.n_minutes)}, true); });
}

bool ask_as_then(Again& again, const Logged& l) {
  Asking& asking = again.asking;
  ask_about_moment(asking, &l.person_id, l.asked_at);
  if (!asking.task->asks_about_meals) return true;
  if (!l.has_meal) return false;  // a meal that was described, and is not stored
  const ErrorData* failure = attempt_plainly([&] { ask_about_meal(asking, read_meal(&l.meal_id, &l.person_id)); });
  again.meal_is_gone = failure != nullptr;
  return !again.meal_is_gone;
}

void look_again(Again& again, const Logged& l) {
  Asking& asking = again.asking;
  const bool has_question = ask_as_then(again, l);
  const ModelRow row = find_model(l);
  glucose::Reach reach{.before = kNearMeals, .meals = true, .days = asking.task->subjects != glucose::Subjects::none};
  const AnyModel* model = nullptr;
  if (row.found) {
    model = load_model(*asking.task, row, &l.person_id, l.model_type);
    if (l.sha256 == nullptr)
      model = asking.task->baseline == nullptr ? nullptr : owned<std::unique_ptr<AnyModel>>(CurrentMemoryContext, [&] {
                                                             return asking.task->baseline(*model);
                                                           })->get();
  }
  if (model != nullptr) guarded([&] { reach = asking.task->asking_reach(*model, asking.question); });
  again.known = read_known(asking.person, asking.subject, reach, l.asked_at, CurrentMemoryContext);
  if (again.known.daily != nullptr) again.known.until = std::min(l.asked_at, l.issued_at);
  again.is_asked = has_question && model != nullptr;
  if (!again.is_asked) return;
  Known known = again.known;
  if (asking.question.at != l.asked_at)
    known = read_known(asking.person, asking.subject, reach, asking.question.at, CurrentMemoryContext);
  auto* answer = static_cast<glucose::Answer*>(palloc(sizeof(glucose::Answer)));
  guarded([&] { *answer = asking.task->ask(*model, known, asking.question); });
  uint8 digest[kSha256Bytes];
  sha256(answer->seen.data(), sizeof(float) * static_cast<size_t>(answer->n_seen), digest);
  again.is_same = memcmp(digest, l.digest, sizeof digest) == 0;
}

constexpr const char* kFates[] = {"same", "changed", "deleted", "added", "unknown"};

const char* name_of(SourceKind kind) {
  return kind == SourceKind::reading ? "reading" : kind == SourceKind::meal ? "meal" : "day";
}

// Columns: kind, at, day, name, value, logged_value, recorded_at, status.
void put_inputs(ReturnSetInfo* result, const Again& again, const Logged& l) {
  Datum values[8] = {CStringGetTextDatum("inputs"), TimestampTzGetDatum(l.asked_at)};
  bool nulls[8] = {false, false, true, true, true, true, true, false};
  values[7] = CStringGetTextDatum(again.meal_is_gone ? "changed"
                                  : !again.is_asked  ? "unknown"
                                  : again.is_same    ? "same"
                                                     : "changed");
  tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

// What was there and not looked at, since it came to be known after the moment that was asked about, is no news.
bool counts(const Fated& f, TimestampTz issued_at) {
  if (f.before != nullptr || f.now->is_known) return true;
  return f.now->recorded_at > issued_at && f.now->recorded_at <= GetCurrentTimestamp();
}

void put_row(ReturnSetInfo* result, const Fated& f, const char* target) {
  const Source& s = f.now != nullptr ? *f.now : *f.before;
  Datum values[8] = {CStringGetTextDatum(name_of(s.kind))};
  bool nulls[8] = {false, true, true, true, true, true, true, false};
  const auto set = [&](int i, Datum datum) {
    values[i] = datum;
    nulls[i] = false;
  };
  if (s.kind == SourceKind::day) {
    set(2, DateADTGetDatum(static_cast<DateADT>(s.at)));
    set(3, CStringGetTextDatum(
               s.input == glucose::kTarget ? target : glucose::kInputNames[static_cast<size_t>(s.input)].data()));
  } else {
    set(1, TimestampTzGetDatum(s.at));
  }
  if (s.kind == SourceKind::meal) {
    pg_uuid_t id;
    memcpy(id.data, s.id.data(), UUID_LEN);
    set(3, CStringGetTextDatum(DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(&id)))));
  }
  if (f.now != nullptr && f.now->value == f.now->value) set(4, Float4GetDatum(f.now->value));
  if (f.before != nullptr && f.before->value == f.before->value) set(5, Float4GetDatum(f.before->value));
  if (f.now != nullptr && !TIMESTAMP_NOT_FINITE(f.now->recorded_at)) set(6, TimestampTzGetDatum(f.now->recorded_at));
  values[7] = CStringGetTextDatum(kFates[static_cast<int>(f.fate)]);
  tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

}  // namespace

COUNTED_FUNCTION(prediction_sources, expensive) {
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  const pg_uuid_t* prediction_id = uuid_argument(fcinfo, 0, "prediction_id");
  const pg_uuid_t* person_id = optional_uuid_argument(fcinfo, 1);
  InitMaterializedSRF(fcinfo, 0);
  begin(Volatility::stable);
  const Logged logged = read_logged(prediction_id, person_id);
  Again again;
  again.asking.task = glucose::find_task(logged.model_type);
  if (again.asking.task == nullptr) elog(ERROR, "model type \"%s\" is not known", logged.model_type);
  strlcpy(again.asking.model_type, logged.model_type, sizeof again.asking.model_type);
  set_horizons(again.asking, logged);
  look_again(again, logged);
  put_inputs(result, again, logged);
  const Sources now = near_sources(again.known, logged.asked_at, again.asking.subject);
  const Fates fates = logged.has_sources ? compare(logged.sources, now) : judge(now, again.is_asked && again.is_same);
  for (size_t i = 0; i < fates.n; ++i)
    if (counts(fates.rows[i], logged.issued_at)) put_row(result, fates.rows[i], again.asking.subject.name.data());
  end(Volatility::stable);
  return static_cast<Datum>(0);
}
