// SPDX-License-Identifier: PostgreSQL
#include "pg/tables/seals.hpp"

#include "pg/boundary/locks.hpp"
#include "pg/tables/query.hpp"

extern "C" {
#include "port/pg_bswap.h"
}

namespace glucose::pg {

namespace {

constexpr int kMostRowsOfASeal = 10000;

Query newest_seal{
    "SELECT seal_no, mac FROM glucose.audit_seal ORDER BY seal_no USING OPERATOR(pg_catalog.>) LIMIT 1", 0, {}};
Query unsealed_persons{
    "SELECT person_id FROM glucose.prediction WHERE seal_no IS NULL AND mac IS NOT NULL GROUP BY person_id "
    "HAVING pg_catalog.min(issued_at) OPERATOR(pg_catalog.<=) $1 "
    "ORDER BY person_id USING OPERATOR(pg_catalog.<) LIMIT 10000",
    1,
    {TIMESTAMPTZOID}};
// Whoever erases the person waits, or is not waited for.
Query hold_person{
    "SELECT FROM glucose.person WHERE person_id OPERATOR(pg_catalog.=) $1 FOR KEY SHARE SKIP LOCKED", 1, {UUIDOID}};
Query mark_rows{
    "WITH sealed AS (UPDATE glucose.prediction p SET seal_no = $2 FROM (SELECT o.prediction_id "
    "FROM glucose.prediction o WHERE o.person_id OPERATOR(pg_catalog.=) $1 AND o.seal_no IS NULL AND o.mac IS NOT NULL "
    "ORDER BY o.issued_at USING OPERATOR(pg_catalog.<) LIMIT $3) AS o "
    "WHERE p.person_id OPERATOR(pg_catalog.=) $1 AND p.prediction_id OPERATOR(pg_catalog.=) o.prediction_id "
    "AND p.seal_no IS NULL RETURNING p.prediction_id, p.issued_at, p.mac) SELECT prediction_id, mac FROM sealed "
    "ORDER BY issued_at USING OPERATOR(pg_catalog.<), prediction_id USING OPERATOR(pg_catalog.<)",
    3,
    {UUIDOID, INT8OID, INT4OID}};
Query insert_seal{
    "INSERT INTO glucose.audit_seal (seal_no, sealed_at, subject, n_rows, digest, mac) VALUES ($1, $2, $3, $4, $5, $6)",
    6,
    {INT8OID, TIMESTAMPTZOID, UUIDOID, INT4OID, BYTEAOID, BYTEAOID}};
Query seal_to_release{"SELECT " PGG_SEAL_COLUMNS
                      "WHERE s.seal_no OPERATOR(pg_catalog.=) $1 AND s.subject IS NOT NULL FOR UPDATE OF s",
                      1,
                      {INT8OID}};
Query mark_released{
    "UPDATE glucose.audit_seal SET subject = NULL, released_mac = $2 WHERE seal_no OPERATOR(pg_catalog.=) $1",
    2,
    {INT8OID, BYTEAOID}};
Query seals_of_nobody{
    "SELECT seal_no FROM glucose.audit_seal WHERE subject IS NOT NULL "
    "AND subject OPERATOR(pg_catalog.<>) ALL ($1) ORDER BY seal_no USING OPERATOR(pg_catalog.<) LIMIT $2",
    2,
    {UUIDARRAYOID, INT4OID}};
Query seals_of_person{
    "SELECT seal_no FROM glucose.audit_seal WHERE subject OPERATOR(pg_catalog.=) ANY ($1) "
    "ORDER BY seal_no USING OPERATOR(pg_catalog.<)",
    1,
    {UUIDARRAYOID}};
Query all_persons{"SELECT person_id FROM glucose.person", 0, {}};

void put_int64(StringInfo out, int64 number) {
  const uint64 ordered = pg_hton64(static_cast<uint64>(number));
  appendBinaryStringInfo(out, reinterpret_cast<const char*>(&ordered), sizeof ordered);
}

void put(StringInfo out, const void* bytes, int size) {
  appendBinaryStringInfo(out, static_cast<const char*>(bytes), size);
}

// All parts have a fixed size.
StringInfoData bytes_of_seal(const Seal& seal) {
  StringInfoData out;
  initStringInfo(&out);
  appendStringInfoString(&out, "seal of the log, 1");
  put_int64(&out, seal.seal_no);
  put_int64(&out, seal.sealed_at);
  put(&out, seal.subject.data, UUID_LEN);
  put_int64(&out, seal.n_rows);
  put(&out, seal.digest, kSha256Bytes);
  if (seal.has_previous) put(&out, seal.previous, kSha256Bytes);
  return out;
}

StringInfoData bytes_of_release(const Seal& seal) {
  StringInfoData out;
  initStringInfo(&out);
  appendStringInfoString(&out, "released seal of the log, 1");
  put_int64(&out, seal.seal_no);
  put_int64(&out, seal.sealed_at);
  put_int64(&out, seal.n_rows);
  put(&out, seal.digest, kSha256Bytes);
  put(&out, seal.mac, kSha256Bytes);
  return out;
}

bool fits(const StringInfoData& bytes, const uint8* mac) {
  return keyed_hash_fits(audit_key, bytes.data, static_cast<size_t>(bytes.len), mac);
}

bool copy_digest(Datum bytes, uint8* out) {
  const uint8* digest = digest_in(bytes);
  if (digest != nullptr) memcpy(out, digest, kSha256Bytes);
  return digest != nullptr;
}

Seal read_newest() {
  Seal newest;
  run(newest_seal, Parameters(), Mode::as_owner);
  if (SPI_processed == 0) return newest;
  newest.seal_no = DatumGetInt64(value(0, 1));
  if (!copy_digest(value(0, 2), newest.mac)) elog(ERROR, "a seal's mac has a wrong length");
  return newest;
}

bool hold(const pg_uuid_t* person_id) {
  Parameters p;
  p.add(UUIDPGetDatum(person_id));
  run(hold_person, p, Mode::as_owner);
  return SPI_processed == 1;
}

void write_seal(Seal& seal) {
  const StringInfoData bytes = bytes_of_seal(seal);
  keyed_hash(audit_key, 0, bytes.data, static_cast<size_t>(bytes.len), seal.mac);
  Parameters p;
  p.add(Int64GetDatum(seal.seal_no));
  p.add(TimestampTzGetDatum(seal.sealed_at));
  p.add(UUIDPGetDatum(&seal.subject));
  p.add(Int32GetDatum(seal.n_rows));
  p.add(bytes_datum(seal.digest, kSha256Bytes));
  p.add(bytes_datum(seal.mac, kSha256Bytes));
  run(insert_seal, p, Mode::as_owner);
}

// One seal of a person, after `newest`, which it then is; how many rows it counts.
int64 seal_person(const pg_uuid_t* person_id, Seal& newest) {
  Seal seal;
  seal.seal_no = newest.seal_no + 1;
  Parameters p;
  p.add(UUIDPGetDatum(person_id));
  p.add(Int64GetDatum(seal.seal_no));
  p.add(Int32GetDatum(kMostRowsOfASeal));
  run(mark_rows, p, Mode::as_owner);
  if (SPI_processed == 0) return 0;
  RowsDigest digest;
  digest.begin();
  for (uint64 row = 0; row < SPI_processed; ++row) {
    const uint8* mac = digest_in(value(row, 2));
    if (mac == nullptr) elog(ERROR, "a row of the log has a mac of a wrong length");
    digest.add(DatumGetUUIDP(value(row, 1)), mac);
  }
  digest.end(seal.digest);
  seal.n_rows = static_cast<int32>(SPI_processed);
  seal.sealed_at = GetCurrentTimestamp();
  seal.has_subject = true;
  seal.subject = subject_of(person_id, 0);
  seal.has_previous = newest.seal_no > 0;
  memcpy(seal.previous, newest.mac, kSha256Bytes);
  write_seal(seal);
  newest = seal;
  return seal.n_rows;
}

// The persons of a result's first column, palloc'ed: the statements run for each of them have results of their own.
const pg_uuid_t* ids_of_result(uint64* n) {
  *n = SPI_processed;
  auto* ids = static_cast<pg_uuid_t*>(palloc(sizeof(pg_uuid_t) * (*n + 1)));
  for (uint64 row = 0; row < *n; ++row) ids[row] = *DatumGetUUIDP(value(row, 1));
  return ids;
}

int release_all_of_result() {
  const uint64 n = SPI_processed;
  auto* numbers = static_cast<int64*>(palloc(sizeof(int64) * (n + 1)));
  for (uint64 row = 0; row < n; ++row) numbers[row] = DatumGetInt64(value(row, 1));
  int released = 0;
  for (uint64 i = 0; i < n; ++i) released += release_seal(numbers[i]) ? 1 : 0;
  return released;
}

}  // namespace

pg_uuid_t subject_of(const pg_uuid_t* person_id, int key) {
  StringInfoData bytes;
  initStringInfo(&bytes);
  appendStringInfoString(&bytes, "subject of the log, 1");
  put(&bytes, person_id->data, UUID_LEN);
  uint8 mac[kSha256Bytes];
  keyed_hash(audit_key, key, bytes.data, static_cast<size_t>(bytes.len), mac);
  pfree(bytes.data);
  pg_uuid_t subject;
  memcpy(subject.data, mac, UUID_LEN);
  return subject;
}

Datum subjects_of(const pg_uuid_t* persons, uint64 n) {
  const auto keys = static_cast<uint64>(keys_of(audit_key));
  auto* ids = static_cast<pg_uuid_t*>(palloc(sizeof(pg_uuid_t) * (n * keys + 1)));
  auto* subjects = static_cast<Datum*>(palloc(sizeof(Datum) * (n * keys + 1)));
  for (uint64 i = 0; i < n * keys; ++i) {
    ids[i] = subject_of(&persons[i / keys], static_cast<int>(i % keys));
    subjects[i] = UUIDPGetDatum(&ids[i]);
  }
  return PointerGetDatum(
      construct_array(subjects, static_cast<int>(n * keys), UUIDOID, UUID_LEN, false, TYPALIGN_CHAR));
}

void RowsDigest::begin() {
  hash_ = pg_cryptohash_create(PG_SHA256);
  if (hash_ == nullptr || pg_cryptohash_init(hash_) < 0) elog(ERROR, "could not compute SHA-256");
}

void RowsDigest::add(const pg_uuid_t* id, const uint8* mac) {
  if (pg_cryptohash_update(hash_, id->data, UUID_LEN) < 0 || pg_cryptohash_update(hash_, mac, kSha256Bytes) < 0)
    elog(ERROR, "could not compute SHA-256");
}

void RowsDigest::end(uint8* out) {
  if (pg_cryptohash_final(hash_, out, kSha256Bytes) < 0) elog(ERROR, "could not compute SHA-256");
  pg_cryptohash_free(hash_);
  hash_ = nullptr;
}

bool fits_seal(const Seal& seal) {
  if (seal.is_released) return seal.fits_release;
  // The first seal has none before it, and no other may do without.
  return seal.has_subject && seal.has_previous == (seal.seal_no > 1) && fits(bytes_of_seal(seal), seal.mac);
}

bool seal_in(const SPITupleTable* rows, uint64 row, Seal* seal) {
  bool is_null;
  seal->seal_no = DatumGetInt64(value(rows, row, 1));
  seal->sealed_at = DatumGetTimestampTz(value(rows, row, 2));
  const Datum subject = column(rows, row, 3, &is_null);
  seal->has_subject = !is_null;
  if (!is_null) seal->subject = *DatumGetUUIDP(subject);
  seal->n_rows = DatumGetInt32(value(rows, row, 4));
  bool sound = copy_digest(value(rows, row, 5), seal->digest) && copy_digest(value(rows, row, 6), seal->mac);
  const Datum released = column(rows, row, 7, &is_null);
  seal->is_released = !is_null;
  const uint8* released_mac = is_null ? nullptr : digest_in(released);
  seal->fits_release = sound && released_mac != nullptr && fits(bytes_of_release(*seal), released_mac);
  const Datum previous = column(rows, row, 8, &is_null);
  seal->has_previous = !is_null;
  if (!is_null) sound = copy_digest(previous, seal->previous) && sound;
  return sound;
}

Sealed seal_rows(TimestampTz until, int64 max_rows) {
  Sealed sealed;
  (void)require_keys_of(audit_key);
  const pg_uuid_t all{};
  if (!try_transaction_lock(kSealLock, &all)) return sealed;
  Seal newest = read_newest();
  Parameters p;
  p.add(TimestampTzGetDatum(until));
  run(unsealed_persons, p, Mode::as_owner);
  uint64 n;
  const pg_uuid_t* persons = ids_of_result(&n);
  for (uint64 i = 0; i < n && sealed.rows < max_rows; ++i) {
    CHECK_FOR_INTERRUPTS();
    if (!hold(&persons[i])) continue;
    while (sealed.rows < max_rows) {
      const int64 rows = seal_person(&persons[i], newest);
      sealed.rows += rows;
      sealed.seals += rows > 0 ? 1 : 0;
      if (rows < kMostRowsOfASeal) break;
    }
  }
  return sealed;
}

bool release_seal(int64 seal_no) {
  Parameters p;
  p.add(Int64GetDatum(seal_no));
  run(seal_to_release, p, Mode::as_owner);
  if (SPI_processed == 0) return false;
  Seal seal;
  // Whoever has changed a seal, or lost its key, does not get a new signature for it.
  if (!seal_in(SPI_tuptable, 0, &seal) || !fits_seal(seal)) return false;
  const StringInfoData bytes = bytes_of_release(seal);
  uint8 mac[kSha256Bytes];
  keyed_hash(audit_key, 0, bytes.data, static_cast<size_t>(bytes.len), mac);
  p.add(bytes_datum(mac, sizeof mac));
  run(mark_released, p, Mode::as_owner);
  return true;
}

int release_orphans(int most) {
  if (keys_of(audit_key) == 0) return 0;
  run(all_persons, Parameters(), Mode::as_owner);
  uint64 n;
  const pg_uuid_t* persons = ids_of_result(&n);
  Parameters p;
  p.add(subjects_of(persons, n));
  p.add(Int32GetDatum(most));
  run(seals_of_nobody, p, Mode::as_owner);
  return release_all_of_result();
}

int release_seals_of(const pg_uuid_t* person_id) {
  if (keys_of(audit_key) == 0) return 0;
  Parameters p;
  p.add(subjects_of(person_id, 1));
  run(seals_of_person, p, Mode::as_owner);
  return release_all_of_result();
}

}  // namespace glucose::pg
