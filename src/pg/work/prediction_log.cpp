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
#include "pg/work/sources.hpp"

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
    "$19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31)",
    31,
    {PGG_LOG_TYPES, BYTEAOID, BYTEAOID}};

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

void set_inputs(LogRow& row, const Served& served, const Answer& answer) {
  if (settings::audit_inputs == settings::kInputsNone) return;
  uint8 digest[kSha256Bytes];
  sha256(answer.seen.data(), sizeof(float) * static_cast<size_t>(answer.n_seen), digest);
  row.set(kLogInputsDigest, bytes_datum(digest, sizeof digest));
  if (settings::audit_inputs != settings::kInputsFull) return;
  auto* inputs = static_cast<Datum*>(palloc(sizeof(Datum) * kMostSeen));
  for (int i = 0; i < answer.n_seen; ++i) inputs[i] = Float4GetDatum(answer.seen[static_cast<size_t>(i)]);
  row.set(kLogInputs, PointerGetDatum(construct_array(inputs, answer.n_seen, FLOAT4OID, sizeof(float4), true, 'i')));
  row.set(kLogSources, sources_datum(near_sources(served.known, served.asking->question.at, served.asking->subject)));
}

void set_model(LogRow& row, const Served& served) {
  row.set(kLogModelType, CStringGetTextDatum(served.asking->model_type));
  row.set(kLogVersion, CStringGetTextDatum(served.row.version));
  // What the model has not said must not count as its own.
  if (!served.is_baseline) row.set(kLogSha256, bytes_datum(served.row.sha256, sizeof served.row.sha256));
  row.set(kLogSource, CStringGetTextDatum(source_of(served)));
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

void set_question(LogRow& row, const Asking& asking) {
  if (asking.meal_id != nullptr) row.set(kLogMeal, UUIDPGetDatum(asking.meal_id));
  row.set(kLogAskedAt, TimestampTzGetDatum(asking.question.at));
  row.set(kLogLevel, Float4GetDatum(static_cast<float4>(asking.question.level)));
  row.set(kLogUnit, CStringGetTextDatum(unit_name_of(asking)));
}

void set_answer(LogRow& row, const Served& served, const Answer& answer, Jsonb* predictions, Datum said) {
  const Trial& trial = served.trial;
  set_inputs(row, served, answer);
  row.set(kLogScore, Float4GetDatum(lowest_score(answer)));
  row.set(kLogPredictions, JsonbPGetDatum(predictions));
  if (trial.arm != nullptr) {
    row.set(kLogExperiment, CStringGetTextDatum(trial.experiment));
    row.set(kLogArm, CStringGetTextDatum(trial.arm));
  }
  set_shadow(row, served);
  if (!served.repeated.has_key) return;
  row.set(kLogQuestion, UUIDPGetDatum(&served.repeated.key));
  row.set(kLogSaid, said);
}

float elapsed_ms(instr_time started) {
  instr_time elapsed;
  INSTR_TIME_SET_CURRENT(elapsed);
  INSTR_TIME_SUBTRACT(elapsed, started);
  return static_cast<float>(INSTR_TIME_GET_MILLISEC(elapsed));
}

void add_signature(Parameters& p, const LogRow& row) {
  if (keys_of(audit_key) == 0) {
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

}  // namespace

const pg_uuid_t* log_prediction(const Served& served, const Answer* answer, Jsonb* predictions, Datum said,
                                instr_time started) {
  const Asking& asking = *served.asking;
  // Whoever may ask is logged, at every level of sharing.
  if (XactReadOnly || RecoveryInProgress()) return nullptr;
  LogRow row = empty_log_row();
  row.set(kLogPerson, UUIDPGetDatum(&asking.person.id));
  row.set(kLogId, DirectFunctionCall1(gen_random_uuid, 0));  // which takes no argument
  set_asker(row);
  set_model(row, served);
  set_question(row, asking);
  // Of a repetition the log says who asked which model what and when; the rest is in the row it points to.
  if (served.repeated.found)
    row.set(kLogCachedFrom, UUIDPGetDatum(&served.repeated.whole));
  else
    set_answer(row, served, *answer, predictions, said);
  row.set(kLogIssuedAt, TimestampTzGetDatum(GetCurrentTimestamp()));
  row.set(kLogLatency, Float4GetDatum(elapsed_ms(started)));
  Parameters p;
  for (int column = 0; column < kLogColumns; ++column) p.add_or_null(!row.nulls[column], row.values[column]);
  add_signature(p, row);
  insert_row(p, asking.person.id);
  return served.repeated.found ? &served.repeated.whole : DatumGetUUIDP(row.values[kLogId]);
}

}  // namespace glucose::pg
