// SPDX-License-Identifier: PostgreSQL
#include "pg/work/prediction_log.hpp"

#include "pg/boundary/attempt.hpp"
#include "pg/boundary/json.hpp"
#include "pg/boundary/settings.hpp"
#include "pg/tables/identity.hpp"
#include "pg/tables/query.hpp"
#include "pg/work/document.hpp"

extern "C" {
#include "access/xlog.h"
#include "utils/acl.h"
}

namespace glucose::pg {

namespace {

Query insert_prediction{
    "INSERT INTO glucose.prediction (person_id, meal_id, model_type, version, sha256, inputs_digest, predictions, "
    "latency_ms, issued_to, level, experiment, arm, shadow_version, shadow_sha256, shadow_predictions) "
    "VALUES ($1, $2, $3, $4, $5, pg_catalog.sha256($6), $7, $8, $9, $10, $11, $12, $13, $14, $15) "
    "RETURNING prediction_id, (SELECT o.issued_at FROM glucose.prediction o WHERE o.person_id OPERATOR(pg_catalog.=) "
    "$1 "
    "AND o.sha256 OPERATOR(pg_catalog.=) $5 ORDER BY o.issued_at USING OPERATOR(pg_catalog.>) LIMIT 1)",
    15,
    {UUIDOID, UUIDOID, TEXTOID, TEXTOID, BYTEAOID, BYTEAOID, JSONBOID, FLOAT4OID, TEXTOID, FLOAT4OID, TEXTOID, TEXTOID,
     TEXTOID, BYTEAOID, JSONBOID}};

Query newest_use{
    "SELECT issued_at FROM glucose.prediction WHERE person_id OPERATOR(pg_catalog.=) $1 "
    "AND sha256 OPERATOR(pg_catalog.=) $2 ORDER BY issued_at USING OPERATOR(pg_catalog.>) LIMIT 1",
    2,
    {UUIDOID, BYTEAOID}};

bool may_read_log() {
  const Oid table = get_relname_relid("prediction", get_namespace_oid("glucose", false));
  return OidIsValid(table) && pg_class_aclcheck(table, GetUserId(), ACL_SELECT) == ACLCHECK_OK;
}

// Whoever may ask is logged, at every level of sharing.
bool is_logged(const Asking& asking) {
  return asking.log && settings::log_predictions && !XactReadOnly && !RecoveryInProgress();
}

Datum bytes_datum(const void* data, size_t size) {
  auto* bytes = static_cast<bytea*>(palloc(size + VARHDRSZ));
  SET_VARSIZE(bytes, size + VARHDRSZ);
  memcpy(VARDATA(bytes), data, size);
  return PointerGetDatum(bytes);
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

void add_trial(Parameters& p, const Served& served) {
  const Trial& trial = served.trial;
  if (trial.arm == nullptr) {
    for (int i = 0; i < 5; ++i) p.add_null();
    return;
  }
  p.add(CStringGetTextDatum(trial.experiment));
  p.add(CStringGetTextDatum(trial.arm));
  const char* shadow = trial.shadow.found ? shadow_text(served) : nullptr;
  if (shadow == nullptr) {
    for (int i = 0; i < 3; ++i) p.add_null();
    return;
  }
  p.add(CStringGetTextDatum(trial.shadow.version));
  p.add(bytes_datum(trial.shadow.sha256, sizeof trial.shadow.sha256));
  p.add(JsonbPGetDatum(to_jsonb(shadow)));
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

TimestampTz last_use(const Served& served) {
  if (served.is_baseline || !may_read_log()) return DT_NOBEGIN;
  Parameters p;
  p.add(UUIDPGetDatum(&served.asking->person.id));
  p.add(bytes_datum(served.row.sha256, sizeof served.row.sha256));
  run(newest_use, p, Mode::read);
  return SPI_processed == 0 ? DT_NOBEGIN : DatumGetTimestampTz(value(0, 1));
}

}  // namespace

const pg_uuid_t* log_prediction(Served& served, const Answer& answer, const char* predictions, instr_time started) {
  const Asking& asking = *served.asking;
  if (!is_logged(asking)) {
    served.last_used = last_use(served);
    return nullptr;
  }
  const char* identity = current_identity();
  instr_time elapsed;
  INSTR_TIME_SET_CURRENT(elapsed);
  INSTR_TIME_SUBTRACT(elapsed, started);
  Parameters p;
  p.add(UUIDPGetDatum(&asking.person.id));
  p.add_or_null(asking.meal_id != nullptr, UUIDPGetDatum(asking.meal_id));
  p.add(CStringGetTextDatum(asking.model_type));
  p.add(CStringGetTextDatum(served.row.version));
  // What the model has not said must not count as its own.
  p.add_or_null(!served.is_baseline, bytes_datum(served.row.sha256, sizeof served.row.sha256));
  p.add(bytes_datum(answer.seen.data(), sizeof(float) * static_cast<size_t>(answer.n_seen)));
  p.add(JsonbPGetDatum(to_jsonb(predictions)));
  p.add(Float4GetDatum(static_cast<float4>(INSTR_TIME_GET_MILLISEC(elapsed))));
  p.add_or_null(identity != nullptr, identity != nullptr ? CStringGetTextDatum(identity) : 0);
  p.add(Float4GetDatum(static_cast<float4>(asking.question.level)));
  add_trial(p, served);
  insert_row(p, asking.person.id);
  auto* id = static_cast<pg_uuid_t*>(palloc(sizeof(pg_uuid_t)));
  *id = *DatumGetUUIDP(value(0, 1));
  bool is_first;
  const Datum last_used = column(0, 2, &is_first);
  if (!is_first && may_read_log()) served.last_used = DatumGetTimestampTz(last_used);
  return id;
}

}  // namespace glucose::pg
