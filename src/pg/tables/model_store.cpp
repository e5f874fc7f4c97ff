// SPDX-License-Identifier: PostgreSQL
#include "pg/tables/model_store.hpp"

#include "core/model/model_cache.hpp"
#include "pg/boundary/digest.hpp"
#include "pg/boundary/owned.hpp"
#include "pg/boundary/settings.hpp"

namespace glucose::pg {

namespace {

AnyModelCache& cache() {
  static AnyModelCache* instance = nullptr;
  if (instance == nullptr) {
    MemoryContext context = AllocSetContextCreate(TopMemoryContext, "pg_glucose models", ALLOCSET_SMALL_SIZES);
    instance = owned<AnyModelCache>(context, [] { return AnyModelCache(); });
  }
  return *instance;
}

// The key of the cache must be what the bytes really are, or a forged row could answer for another one.
void require_digest(const bytea* artifact, const uint8* expected) {
  uint8 actual[kSha256Bytes];
  glucose::pg::sha256(VARDATA_ANY(artifact), static_cast<size_t>(VARSIZE_ANY_EXHDR(artifact)), actual);
  if (memcmp(actual, expected, sizeof actual) != 0)
    ereport(ERROR, (errcode(kModelMismatch), errmsg("model artifact does not match its sha256"),
                    errhint("Train the model again, or deploy another version.")));
}

/// The decoded model of a row; `decoded` makes one from bytes.
template <class M, class Decode>
const M* load(const ModelRow& row, const pg_uuid_t* person_id, const char* model_type, Decode decoded) {
  Digest digest;
  memcpy(digest.data(), row.sha256, digest.size());
  const AnyModel* model = nullptr;
  AnyModelCache& models = cache();
  guarded([&] { model = models.find(digest); });
  // Bytes of another kind are decoded again, and the decoder says that they do not fit.
  if (model != nullptr && std::holds_alternative<M>(*model)) return std::get_if<M>(model);
  const bytea* artifact = read_artifact(row, person_id, model_type, CurrentMemoryContext);
  if (artifact == nullptr) elog(ERROR, "a model's row is gone");
  require_digest(artifact, row.sha256);
  const auto* bytes = reinterpret_cast<const uint8*>(VARDATA_ANY(artifact));
  const auto size = static_cast<size_t>(VARSIZE_ANY_EXHDR(artifact));
  const auto limit = static_cast<size_t>(settings::cache_size_kb) * 1024;
  guarded([&] { model = models.insert(digest, decoded({bytes, size}), size, limit); });
  return std::get_if<M>(model);
}

}  // namespace

ModelRow require_model(const pg_uuid_t* person_id, const char* model_type, const char* version) {
  const ModelRow row = read_model(person_id, model_type, version);
  if (row.found) return row;
  if (version != nullptr)
    ereport(ERROR, (errcode(ERRCODE_NO_DATA_FOUND), errmsg("model version \"%s\" not found", clipped(version)),
                    errhint("Versions are listed by glucose.list_model_versions().")));
  ereport(ERROR, (errcode(kNoModel), errmsg("no active model of type \"%s\" for this person", model_type),
                  errhint("Run SELECT glucose.train_model(person_id), or name a version.")));
  pg_unreachable();
}

const Model* load_model(const ModelRow& row, const pg_uuid_t* person_id, const char* model_type) {
  if (strcmp(model_type, kCgmType) == 0)
    ereport(ERROR,
            (errcode(kModelMismatch),
             errmsg("a model of type \"%s\" forecasts from readings alone, not after meals", kCgmType),
             errhint("Use glucose.cgm_forecast(person_id, at); how good it is stands in glucose.model_metric.")));
  return load<Model>(row, person_id, model_type, decode);
}

const CgmModel* load_cgm_model(const ModelRow& row, const pg_uuid_t* person_id) {
  return load<CgmModel>(row, person_id, kCgmType, decode_cgm);
}

}  // namespace glucose::pg

using namespace glucose::pg;

SQL_FUNCTION(invalidate_cache) {
  int n = 0;
  glucose::AnyModelCache& models = cache();
  guarded([&] { n = models.clear(); });
  PG_RETURN_INT32(n);
}

SQL_FUNCTION(cache_stats) {
  TupleDesc row;
  if (get_call_result_type(fcinfo, nullptr, &row) != TYPEFUNC_COMPOSITE) elog(ERROR, "return type must be a row type");
  const auto stats = cache().stats();
  Datum values[5] = {Int64GetDatum(stats.entries), Int64GetDatum(stats.bytes), Int64GetDatum(stats.hits),
                     Int64GetDatum(stats.misses), Int64GetDatum(stats.evictions)};
  bool nulls[5] = {};
  PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), values, nulls)));
}
