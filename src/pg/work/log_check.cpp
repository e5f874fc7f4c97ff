// SPDX-License-Identifier: PostgreSQL
#include "pg/work/log_check.hpp"

#include <algorithm>

#include "pg/boundary/guard.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/seals.hpp"

namespace glucose::pg {

namespace {

// After the signed columns.
enum { kDigestColumn = kLogColumns + 1, kMacColumn, kSealColumn, kPurgedAtColumn, kPurgedMacColumn };

constexpr int kSealsAtOnce = 10000;

// Read in the caller's snapshot, as the seals are: what is sealed meanwhile is in neither or in both.
Query rows_of_person{"SELECT " PGG_LOG_COLUMNS
                     ", values_digest, mac, seal_no, purged_at, purged_mac FROM glucose.prediction "
                     "WHERE person_id OPERATOR(pg_catalog.=) $1 ORDER BY seal_no USING OPERATOR(pg_catalog.<), "
                     "issued_at USING OPERATOR(pg_catalog.<), prediction_id USING OPERATOR(pg_catalog.<)",
                     1,
                     {UUIDOID}};
Query seals_of_person{"SELECT " PGG_SEAL_COLUMNS
                      "WHERE s.subject OPERATOR(pg_catalog.=) ANY ($1) ORDER BY s.seal_no USING OPERATOR(pg_catalog.<)",
                      1,
                      {UUIDARRAYOID}};
Query count_seals{"SELECT pg_catalog.count(*), coalesce(pg_catalog.max(seal_no), 0) FROM glucose.audit_seal", 0, {}};
Query some_seals{"SELECT " PGG_SEAL_COLUMNS
                 "WHERE s.seal_no OPERATOR(pg_catalog.>) $1 ORDER BY s.seal_no USING OPERATOR(pg_catalog.<) LIMIT $2",
                 2,
                 {INT8OID, INT4OID}};
Query mac_of_seal{
    "SELECT pg_catalog.encode(mac, 'hex') FROM glucose.audit_seal WHERE seal_no OPERATOR(pg_catalog.=) $1",
    1,
    {INT8OID}};

/// Something that is wrong.
struct Finding {
  const char* what;
  const char* detail;
  const pg_uuid_t* id = nullptr;
  int64 seal_no = 0;  // 0: none
  TimestampTz issued_at = DT_NOBEGIN;
};

void put(ReturnSetInfo* result, const Finding& f) {
  Datum values[5] = {CStringGetTextDatum(f.what), UUIDPGetDatum(f.id), Int64GetDatum(f.seal_no),
                     TimestampTzGetDatum(f.issued_at), CStringGetTextDatum(f.detail)};
  bool nulls[5] = {false, f.id == nullptr, f.seal_no == 0, TIMESTAMP_NOT_FINITE(f.issued_at), false};
  tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/// A row of the log as it is stored.
struct Stored {
  LogRow row;
  const uint8* values_digest;
  const uint8* mac;
  const uint8* purged_mac;
  int64 seal_no;  // 0: not sealed
  bool is_purged;
  TimestampTz purged_at;
};

const uint8* digest_at(const SPITupleTable* rows, uint64 row, int number) {
  bool is_null;
  const Datum bytes = column(rows, row, number, &is_null);
  return is_null ? nullptr : digest_in(bytes);
}

Stored stored_at(const SPITupleTable* rows, uint64 row) {
  Stored s;
  bool is_null;
  for (int i = 0; i < kLogColumns; ++i) s.row.values[i] = column(rows, row, i + 1, &s.row.nulls[i]);
  s.values_digest = digest_at(rows, row, kDigestColumn);
  s.mac = digest_at(rows, row, kMacColumn);
  s.purged_mac = digest_at(rows, row, kPurgedMacColumn);
  const Datum seal_no = column(rows, row, kSealColumn, &is_null);
  s.seal_no = is_null ? 0 : DatumGetInt64(seal_no);
  const Datum purged_at = column(rows, row, kPurgedAtColumn, &is_null);
  s.is_purged = !is_null;
  s.purged_at = is_null ? 0 : DatumGetTimestampTz(purged_at);
  return s;
}

bool has_no_values(const LogRow& row) {
  return std::all_of(row.nulls + kLogKept, row.nulls + kLogColumns, [](bool is_null) { return is_null; });
}

// nullptr: nothing.
const char* what_is_wrong(const Stored& s) {
  if (s.mac == nullptr && s.seal_no == 0) return "unsigned";
  if (s.mac == nullptr || s.values_digest == nullptr || !fits_mac(s.row, s.values_digest, s.mac)) return "changed";
  if (!s.is_purged) return s.purged_mac == nullptr && fits_values(s.row, s.values_digest) ? nullptr : "changed";
  const bool purged_by_us = s.purged_mac != nullptr && fits_purge(s.mac, s.purged_at, s.purged_mac);
  return purged_by_us && has_no_values(s.row) ? nullptr : "changed";
}

void check_row(const Stored& s, ReturnSetInfo* result) {
  const char* what = what_is_wrong(s);
  if (what == nullptr) return;
  put(result, {what, s.mac == nullptr ? "the row has no mac" : "the row is not the one that was signed",
               DatumGetUUIDP(s.row.values[kLogId]), s.seal_no, DatumGetTimestampTz(s.row.values[kLogIssuedAt])});
}

/// The rows that say they are of one seal.
struct Group {
  int64 seal_no = 0;
  int64 n = 0;
  uint8 digest[kSha256Bytes];
};

void check_group(const Group& group, const Seal* seal, ReturnSetInfo* result) {
  Finding f{"missing seal", "rows name a seal that is not there", nullptr, group.seal_no};
  if (seal == nullptr) return put(result, f);
  if (group.n == seal->n_rows && memcmp(group.digest, seal->digest, kSha256Bytes) == 0) return;
  const int64 missing = seal->n_rows - group.n;
  f.what = missing > 0 ? "deleted" : missing < 0 ? "added" : "reordered";
  f.detail = missing > 0   ? psprintf(INT64_FORMAT " of %d sealed rows are not there", missing, seal->n_rows)
             : missing < 0 ? psprintf(INT64_FORMAT " rows more than the %d that were sealed", -missing, seal->n_rows)
                           : "the rows, or their order, are not those that were sealed";
  put(result, f);
}

void check_seal(const Seal& seal, bool is_sound, ReturnSetInfo* result) {
  if (!seal.has_previous && seal.seal_no > 1)
    put(result, {"missing seal", "the seal before this one is not there", nullptr, seal.seal_no});
  else if (!is_sound || !fits_seal(seal))
    put(result, {"changed seal", "the seal is not the one that was made", nullptr, seal.seal_no});
}

// What is between the first and the last seal is looked at with each of them; the newest may be missing at the end.
void check_count(ReturnSetInfo* result) {
  run(count_seals, Parameters(), Mode::read_as_owner);
  const int64 missing = DatumGetInt64(value(0, 2)) - DatumGetInt64(value(0, 1));
  if (missing != 0) put(result, {"missing seal", psprintf(INT64_FORMAT " numbers of seals are not there", missing)});
}

struct Seals {
  Seal* rows;
  uint64 n;
};

Seals read_seals_of(const pg_uuid_t* person_id, ReturnSetInfo* result) {
  Parameters p;
  p.add(subjects_of(person_id, 1));
  run(seals_of_person, p, Mode::read_as_owner);
  Seals seals{static_cast<Seal*>(palloc_extended(sizeof(Seal) * (SPI_processed + 1), MCXT_ALLOC_HUGE)), SPI_processed};
  for (uint64 row = 0; row < seals.n; ++row) {
    seals.rows[row] = Seal();
    const bool is_sound = seal_in(SPI_tuptable, row, &seals.rows[row]);
    check_seal(seals.rows[row], is_sound, result);
  }
  return seals;
}

const Seal* find(const Seals& seals, int64 seal_no) {
  const Seal* end = seals.rows + seals.n;
  const Seal* found = std::lower_bound(seals.rows, const_cast<Seal*>(end), seal_no,
                                       [](const Seal& seal, int64 number) { return seal.seal_no < number; });
  return found != end && found->seal_no == seal_no ? found : nullptr;
}

// Rows that come in the order of their seals; a seal without any row is told of in passing.
void check_rows(const SPITupleTable* rows, uint64 n, const Seals& seals, ReturnSetInfo* result) {
  MemoryContext of_row =
      AllocSetContextCreate(CurrentMemoryContext, "pg_glucose row of the log", ALLOCSET_DEFAULT_SIZES);
  auto* counted = static_cast<bool*>(palloc0(sizeof(bool) * (seals.n + 1)));
  RowsDigest digest;
  Group group;
  for (uint64 row = 0; row <= n; ++row) {
    CHECK_FOR_INTERRUPTS();
    MemoryContext outside = MemoryContextSwitchTo(of_row);
    Stored s{};
    if (row < n) s = stored_at(rows, row);
    if (group.n > 0 && s.seal_no != group.seal_no) {
      digest.end(group.digest);
      const Seal* seal = find(seals, group.seal_no);
      if (seal != nullptr) counted[seal - seals.rows] = true;
      check_group(group, seal, result);
      group = Group();
    }
    if (row < n) check_row(s, result);
    if (s.seal_no != 0) {
      if (group.n++ == 0) digest.begin();
      group.seal_no = s.seal_no;
      static const uint8 kNoMac[kSha256Bytes] = {};
      digest.add(DatumGetUUIDP(s.row.values[kLogId]), s.mac != nullptr ? s.mac : kNoMac);
    }
    MemoryContextSwitchTo(outside);
    MemoryContextReset(of_row);
  }
  for (uint64 i = 0; i < seals.n; ++i) {
    if (counted[i]) continue;
    Group none;
    none.seal_no = seals.rows[i].seal_no;
    check_group(none, &seals.rows[i], result);
  }
}

}  // namespace

void check_log_of(const pg_uuid_t* person_id, ReturnSetInfo* result) {
  (void)require_keys_of(audit_key);
  check_count(result);
  const Seals seals = read_seals_of(person_id, result);
  Parameters p;
  p.add(UUIDPGetDatum(person_id));
  run(rows_of_person, p, Mode::read);
  SPITupleTable* rows = SPI_tuptable;
  check_rows(rows, SPI_processed, seals, result);
  SPI_freetuptable(rows);
}

void check_seals(ReturnSetInfo* result) {
  (void)require_keys_of(audit_key);
  check_count(result);
  int64 last = 0;
  for (uint64 n = kSealsAtOnce; n == kSealsAtOnce;) {
    CHECK_FOR_INTERRUPTS();
    Parameters p;
    p.add(Int64GetDatum(last));
    p.add(Int32GetDatum(kSealsAtOnce));
    run(some_seals, p, Mode::read_as_owner);
    n = SPI_processed;
    for (uint64 row = 0; row < n; ++row) {
      Seal seal;
      const bool is_sound = seal_in(SPI_tuptable, row, &seal);
      check_seal(seal, is_sound, result);
      last = seal.seal_no;
    }
    SPI_freetuptable(SPI_tuptable);
  }
}

void check_head(const char* head, ReturnSetInfo* result) {
  char* end;
  const long long seal_no = strtoll(head, &end, 10);
  if (*end != ':' || strlen(end) != 1 + 2 * kSha256Bytes || seal_no < 1)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"head\" is none that seal_log() has returned"),
                    errhint("It is a number, a colon and 64 hexadecimal digits.")));
  Parameters p;
  p.add(Int64GetDatum(seal_no));
  run(mac_of_seal, p, Mode::read_as_owner);
  if (SPI_processed == 0)
    put(result, {"missing seal", "the seal that was written down is not there", nullptr, seal_no});
  else if (strcmp(TextDatumGetCString(value(0, 1)), end + 1) != 0)
    put(result, {"changed seal", "the seal is not the one that was written down", nullptr, seal_no});
}

}  // namespace glucose::pg
