// SPDX-License-Identifier: PostgreSQL
#include "pg/model_store.hpp"

#include "core/model_cache.hpp"
#include "pg/owned.hpp"
#include "pg/settings.hpp"

namespace glucose::pg {

namespace {

ModelCache& cache() {
  static ModelCache* instance = nullptr;
  if (instance == nullptr) {
    MemoryContext context = AllocSetContextCreate(TopMemoryContext, "pg_glucose models", ALLOCSET_SMALL_SIZES);
    instance = owned<ModelCache>(context, [] { return ModelCache(); });
  }
  return *instance;
}

// The key of the cache must be what the bytes really are, or a forged row could answer for another one.
void require_digest(const bytea* artifact, const uint8* sha256) {
  uint8 actual[PG_SHA256_DIGEST_LENGTH];
  pg_cryptohash_ctx* hash = pg_cryptohash_create(PG_SHA256);
  if (hash == nullptr || pg_cryptohash_init(hash) < 0 ||
      pg_cryptohash_update(hash, reinterpret_cast<const uint8*>(VARDATA_ANY(artifact)),
                           static_cast<size_t>(VARSIZE_ANY_EXHDR(artifact))) < 0 ||
      pg_cryptohash_final(hash, actual, sizeof actual) < 0)
    elog(ERROR, "could not compute SHA-256");
  pg_cryptohash_free(hash);
  if (memcmp(actual, sha256, sizeof actual) != 0)
    ereport(ERROR, (errcode(kModelMismatch), errmsg("model artifact does not match its sha256"),
                    errhint("Train the model again, or deploy another version.")));
}

}  // namespace

const Model* load_model(const ModelRow& row, const pg_uuid_t* person_id, const char* model_type) {
  Digest digest;
  memcpy(digest.data(), row.sha256, digest.size());
  const Model* model = nullptr;
  ModelCache& models = cache();
  guarded([&] { model = models.find(digest); });
  if (model != nullptr) return model;
  const bytea* artifact = read_artifact(row, person_id, model_type, CurrentMemoryContext);
  if (artifact == nullptr) elog(ERROR, "a model's row is gone");
  require_digest(artifact, row.sha256);
  const auto* bytes = reinterpret_cast<const uint8*>(VARDATA_ANY(artifact));
  const auto size = static_cast<size_t>(VARSIZE_ANY_EXHDR(artifact));
  const auto limit = static_cast<size_t>(settings::cache_size_kb) * 1024;
  guarded([&] { model = models.insert(digest, decode({bytes, size}), size, limit); });
  return model;
}

}  // namespace glucose::pg

using namespace glucose::pg;

SQL_FUNCTION(invalidate_cache) {
  int n = 0;
  glucose::ModelCache& models = cache();
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
