// SPDX-License-Identifier: PostgreSQL
#include "pg/work/prediction_log.hpp"

#include <algorithm>

#include "pg/boundary/attempt.hpp"
#include "pg/boundary/json.hpp"
#include "pg/boundary/settings.hpp"
#include "pg/tables/identity.hpp"
#include "pg/tables/log_row.hpp"
#include "pg/tables/query.hpp"
#include "pg/work/document.hpp"

extern "C" {
#include "access/xlog.h"
#include "utils/acl.h"
#include "utils/inet.h"
}

namespace glucose::pg {

namespace {

Query insert_prediction{
    "INSERT INTO glucose.prediction (" PGG_LOG_COLUMNS
    ", values_digest, mac) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, "
    "$19, $20, $21, $22, $23, $24, $25, $26, $27, $28)",
    28,
    {PGG_LOG_TYPES, BYTEAOID, BYTEAOID}};

// The newest rows of the artifact, and of each that is about the same question the whole row it is or points to, if
// that is of the time that counts and says the same. What is compared stands where it cannot lead to another way than
// by the key: a join by issued_at would go through everybody's rows.
#define PGG_SAME(column, number) \
  "(f." column " OPERATOR(pg_catalog.=) $" number " OR f." column " IS NULL AND $" number " IS NULL) "
Query newest_and_same{
    "WITH r AS MATERIALIZED (SELECT p.issued_at, CASE WHEN p.asked_at OPERATOR(pg_catalog.=) $3 "
    "AND p.level OPERATOR(pg_catalog.=) $4 THEN coalesce(p.cached_from, p.prediction_id) END AS whole "
    "FROM glucose.prediction p WHERE p.person_id OPERATOR(pg_catalog.=) $1 AND p.sha256 OPERATOR(pg_catalog.=) $2 "
    "ORDER BY p.issued_at USING OPERATOR(pg_catalog.>) LIMIT 8) "
    "SELECT (SELECT r.issued_at FROM r LIMIT 1), (SELECT w.id FROM (SELECT (SELECT CASE "
    "WHEN f.issued_at OPERATOR(pg_catalog.>) $5 AND f.cached_from IS NULL AND f.purged_at IS NULL "
    "AND f.predictions OPERATOR(pg_catalog.=) $6 AND " PGG_SAME("inputs_digest", "7") "AND " PGG_SAME("meal_id", "8")
    "AND " PGG_SAME("model_type", "9") "AND " PGG_SAME("version", "10") "AND " PGG_SAME("source", "11")
    "AND " PGG_SAME("unit", "12") "AND " PGG_SAME("score", "13") "AND " PGG_SAME("experiment", "14")
    "AND " PGG_SAME("arm", "15") "AND " PGG_SAME("shadow_version", "16") "THEN f.prediction_id END "
    "FROM glucose.prediction f WHERE f.person_id OPERATOR(pg_catalog.=) $1 "
    "AND f.prediction_id OPERATOR(pg_catalog.=) r.whole) AS id FROM r WHERE r.whole IS NOT NULL OFFSET 0) w "
    "WHERE w.id IS NOT NULL LIMIT 1)",
    16,
    {UUIDOID, BYTEAOID, TIMESTAMPTZOID, FLOAT4OID, TIMESTAMPTZOID, JSONBOID, BYTEAOID, UUIDOID, TEXTOID, TEXTOID, TEXTOID,
     TEXTOID, FLOAT4OID, TEXTOID, TEXTOID, TEXTOID},
    nullptr,
    true};

Query newest_use{
    "SELECT issued_at FROM glucose.prediction WHERE person_id OPERATOR(pg_catalog.=) $1 "
    "AND sha256 OPERATOR(pg_catalog.=) $2 ORDER BY issued_at USING OPERATOR(pg_catalog.>) LIMIT 1",
    2,
    {UUIDOID, BYTEAOID}};

bool may_read_log() {
  const Oid table = get_relname_relid("prediction", get_namespace_oid("glucose", false));
  return OidIsValid(table) && pg_class_aclcheck(table, GetUserId(), ACL_SELECT) == ACLCHECK_OK;
}

// Whatever goes wrong with a shadow is undone and noted: the person gets the stable answer all the same.
const char* shadow_text(const Served& served) {
  const char* text = nullptr;
  const ErrorData* failure =
      attempt([&] { text = predictions_text(served, *compute_shadow(served), GlucoseUnit::mg_dl); });
  if (failure == nullptr) return text;
  ereport(LOG, (errcode(failure->sqlerrcode),
                errmsg("shadow of experiment \"%s\" failed: %s", served.trial.experiment, failure->message)));
  return nullptr;
}

Datum name_of(Oid role) {
  auto* name = static_cast<NameData*>(palloc(sizeof(NameData)));
  namestrcpy(name, GetUserNameFromId(role, false));
  return NameGetDatum(name);
}

// Of the connection, so the same for a session's life.
void set_client(LogRow& row) {
  LOCAL_FCINFO(call, 0);
  InitFunctionCallInfoData(*call, nullptr, 0, InvalidOid, nullptr, nullptr);
  const Datum address = inet_client_addr(call);
  if (!call->isnull) row.set(kLogClient, address);
}

void set_asker(LogRow& row) {
  const char* identity = current_identity();
  if (identity != nullptr) row.set(kLogIssuedTo, CStringGetTextDatum(identity));
  row.set(kLogRole, name_of(GetUserId()));
  row.set(kLogSessionRole, name_of(GetSessionUserId()));
  set_client(row);
}

void set_inputs(LogRow& row, const Answer& answer) {
  if (settings::audit_inputs == settings::kInputsNone) return;
  uint8 digest[kSha256Bytes];
  sha256(answer.seen.data(), sizeof(float) * static_cast<size_t>(answer.n_seen), digest);
  row.set(kLogInputsDigest, bytes_datum(digest, sizeof digest));
  if (settings::audit_inputs != settings::kInputsFull) return;
  auto* inputs = static_cast<Datum*>(palloc(sizeof(Datum) * kMostSeen));
  for (int i = 0; i < answer.n_seen; ++i) inputs[i] = Float4GetDatum(answer.seen[static_cast<size_t>(i)]);
  row.set(kLogInputs, PointerGetDatum(construct_array(inputs, answer.n_seen, FLOAT4OID, sizeof(float4), true, 'i')));
}

void set_model(LogRow& row, const Served& served) {
  row.set(kLogModelType, CStringGetTextDatum(served.asking->model_type));
  row.set(kLogVersion, CStringGetTextDatum(served.row.version));
  // What the model has not said must not count as its own.
  if (!served.is_baseline) row.set(kLogSha256, bytes_datum(served.row.sha256, sizeof served.row.sha256));
  row.set(kLogSource, CStringGetTextDatum(source_of(served)));
  const Trial& trial = served.trial;
  if (trial.arm == nullptr) return;
  row.set(kLogExperiment, CStringGetTextDatum(trial.experiment));
  row.set(kLogArm, CStringGetTextDatum(trial.arm));
}

void set_shadow(LogRow& row, const Served& served) {
  const Trial& trial = served.trial;
  const char* shadow = trial.arm != nullptr && trial.shadow.found ? shadow_text(served) : nullptr;
  if (shadow == nullptr) return;
  row.set(kLogShadowVersion, CStringGetTextDatum(trial.shadow.version));
  row.set(kLogShadowSha256, bytes_datum(trial.shadow.sha256, sizeof trial.shadow.sha256));
  row.set(kLogShadowPredictions, JsonbPGetDatum(to_jsonb(shadow)));
}

float lowest_score(const Answer& answer) {
  float lowest = 1;
  for (int k = 0; k < answer.n; ++k) lowest = std::min(lowest, answer.expected[static_cast<size_t>(k)].score);
  return std::clamp(lowest, 0.0F, 1.0F);
}

void set_answer(LogRow& row, const Served& served, const Answer& answer, const char* predictions) {
  const Asking& asking = *served.asking;
  if (asking.meal_id != nullptr) row.set(kLogMeal, UUIDPGetDatum(asking.meal_id));
  row.set(kLogAskedAt, TimestampTzGetDatum(asking.question.at));
  row.set(kLogLevel, Float4GetDatum(static_cast<float4>(asking.question.level)));
  row.set(kLogUnit, CStringGetTextDatum(unit_name_of(asking)));
  row.set(kLogScore, Float4GetDatum(lowest_score(answer)));
  row.set(kLogPredictions, JsonbPGetDatum(to_jsonb(predictions)));
}

float elapsed_ms(instr_time started) {
  instr_time elapsed;
  INSTR_TIME_SET_CURRENT(elapsed);
  INSTR_TIME_SUBTRACT(elapsed, started);
  return static_cast<float>(INSTR_TIME_GET_MILLISEC(elapsed));
}

void add_signature(Parameters& p, const LogRow& row) {
  if (audit_keys() == 0) {
    p.add_null();
    p.add_null();
    return;
  }
  uint8 values_digest[kSha256Bytes], mac[kSha256Bytes];
  sign_values(row, 0, values_digest);
  sign_row(row, values_digest, 0, mac);
  p.add(bytes_datum(values_digest, sizeof values_digest));
  p.add(bytes_datum(mac, sizeof mac));
}

// The person may be erased while its forecast is computed; what the foreign key then finds is that it is not there.
void insert_row(const Parameters& row, const pg_uuid_t& person_id) {
  MemoryContext context = CurrentMemoryContext;
  PG_TRY();
  { run(insert_prediction, row, Mode::as_owner); }
  PG_CATCH();
  {
    if (geterrcode() != ERRCODE_FOREIGN_KEY_VIOLATION) PG_RE_THROW();
    MemoryContextSwitchTo(context);
    FlushErrorState();
    ereport(ERROR,
            (errcode(ERRCODE_NO_DATA_FOUND),
             errmsg("person %s not found", DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(&person_id))))));
  }
  PG_END_TRY();
}

TimestampTz last_use(const Served& served, Mode mode) {
  if (served.is_baseline || !may_read_log()) return DT_NOBEGIN;
  Parameters p;
  p.add(UUIDPGetDatum(&served.asking->person.id));
  p.add(bytes_datum(served.row.sha256, sizeof served.row.sha256));
  run(newest_use, p, mode);
  return SPI_processed == 0 ? DT_NOBEGIN : DatumGetTimestampTz(value(0, 1));
}

// How long a whole row is there for others to point to.
int ttl_s(const Asking& asking) {
  return asking.task->subjects == Subjects::metrics ? settings::cache_ttl_daily_s : settings::cache_ttl_s;
}

// Sets served.last_used. out: the row of the log that has this answer to this question, else nullptr
const pg_uuid_t* find_same(const LogRow& row, Served& served) {
  if (row.nulls[kLogSha256] || !may_read_log()) return nullptr;
  const TimestampTz ttl = ttl_s(*served.asking) * USECS_PER_SEC;
  if (ttl == 0) {
    served.last_used = last_use(served, Mode::read_as_owner);
    return nullptr;
  }
  Parameters p;
  const auto add = [&](LogColumn column) { p.add_or_null(!row.nulls[column], row.values[column]); };
  for (const LogColumn column : {kLogPerson, kLogSha256, kLogAskedAt, kLogLevel}) add(column);
  p.add(TimestampTzGetDatum(DatumGetTimestampTz(row.values[kLogIssuedAt]) - ttl));
  for (const LogColumn column : {kLogPredictions, kLogInputsDigest, kLogMeal, kLogModelType, kLogVersion, kLogSource,
                                 kLogUnit, kLogScore, kLogExperiment, kLogArm})
    add(column);
  // Its own shadow, which is not asked again where the answer was the same.
  const Trial& trial = served.trial;
  const bool has_shadow = trial.arm != nullptr && trial.shadow.found;
  p.add_or_null(has_shadow, has_shadow ? CStringGetTextDatum(trial.shadow.version) : 0);
  run(newest_and_same, p, Mode::read_as_owner);
  bool is_first, is_new;
  const Datum last_used = column(0, 1, &is_first), same = column(0, 2, &is_new);
  if (!is_first) served.last_used = DatumGetTimestampTz(last_used);
  return is_new ? nullptr : DatumGetUUIDP(same);
}

// Of a repetition the log says who asked which model what and when; the rest is in the row it points to.
void make_pointer(LogRow& row, const pg_uuid_t* same) {
  row.set(kLogCachedFrom, UUIDPGetDatum(same));
  for (const LogColumn column : {kLogInputsDigest, kLogExperiment, kLogArm, kLogScore, kLogInputs, kLogPredictions})
    row.nulls[column] = true;
}

}  // namespace

const pg_uuid_t* log_prediction(Served& served, const Answer& answer, const char* predictions, instr_time started) {
  const Asking& asking = *served.asking;
  // Whoever may ask is logged, at every level of sharing.
  if (XactReadOnly || RecoveryInProgress()) {
    served.last_used = last_use(served, Mode::read);
    return nullptr;
  }
  LogRow row = empty_log_row();
  row.set(kLogPerson, UUIDPGetDatum(&asking.person.id));
  row.set(kLogId, DirectFunctionCall1(gen_random_uuid, 0));  // which takes no argument
  set_asker(row);
  set_inputs(row, answer);
  set_model(row, served);
  set_answer(row, served, answer, predictions);
  row.set(kLogIssuedAt, TimestampTzGetDatum(GetCurrentTimestamp()));
  const pg_uuid_t* same = find_same(row, served);
  served.is_cached = same != nullptr;
  if (served.is_cached)
    make_pointer(row, same);
  else
    set_shadow(row, served);
  row.set(kLogLatency, Float4GetDatum(elapsed_ms(started)));
  Parameters p;
  for (int column = 0; column < kLogColumns; ++column) p.add_or_null(!row.nulls[column], row.values[column]);
  add_signature(p, row);
  insert_row(p, asking.person.id);
  return served.is_cached ? same : DatumGetUUIDP(row.values[kLogId]);
}

}  // namespace glucose::pg
