// SPDX-License-Identifier: PostgreSQL
// Seals of the log (glucose.audit_seal). Each counts some rows of one person, who stands there under a pseudonym, and
// is signed together with the seal before it: none can be taken out, put in or exchanged without that being seen. They
// are made by maintenance alone, so that no two forecasts ever wait for each other.
#pragma once
#include "pg/tables/log_row.hpp"

namespace glucose::pg {

struct Seal {
  int64 seal_no = 0;
  TimestampTz sealed_at = 0;
  bool has_subject = false;
  pg_uuid_t subject{};
  int32 n_rows = 0;
  uint8 digest[kSha256Bytes];  // of the rows' ids and macs, in order of time, then id
  uint8 mac[kSha256Bytes];
  bool is_released = false;
  bool fits_release = false;     // of a released one: released_mac is ours
  bool has_previous = false;     // the seal numbered one less is there
  uint8 previous[kSha256Bytes];  // its mac
};

/// The pseudonym of a person by a key.
pg_uuid_t subject_of(const pg_uuid_t* person_id, int key);
/// Those of n persons by every key there is, uuid[], palloc'ed.
Datum subjects_of(const pg_uuid_t* persons, uint64 n);

/// SHA-256 over the rows of a seal as they are added.
class RowsDigest {
 public:
  void begin();
  void add(const pg_uuid_t* id, const uint8* mac);
  void end(uint8* out);

 private:
  pg_cryptohash_ctx* hash_ = nullptr;
};

/// Whether a seal is as it was made, with the seal before it.
bool fits_seal(const Seal& seal);

/// Columns of a seal and of the one before it, as seal_in() reads them from column `first` on; from glucose.audit_seal
/// s LEFT JOIN glucose.audit_seal p on the number before.
#define PGG_SEAL_COLUMNS                                                                                     \
  "s.seal_no, s.sealed_at, s.subject, s.n_rows, s.digest, s.mac, s.released_mac, p.mac "                     \
  "FROM glucose.audit_seal s LEFT JOIN glucose.audit_seal p ON p.seal_no OPERATOR(pg_catalog.=) (s.seal_no " \
  "OPERATOR(pg_catalog.-) 1) "
/// False when the row is no seal that this library can have made.
bool seal_in(const SPITupleTable* rows, uint64 row, Seal* seal);

struct Sealed {
  int64 seals = 0;
  int64 rows = 0;
};

/// Seals what has been logged and not sealed, of persons whose oldest such row is of `until` or before, at most about
/// `max_rows` rows. Nothing while another session is at it. Between begin() and end(), after the caller's right to it
/// has been checked.
Sealed seal_rows(TimestampTz until, int64 max_rows);

/// Takes the pseudonym from a seal whose rows go, so that it is nobody's. The rows must go in the same transaction.
/// False, and nothing done, when the seal is not as it was made: it stays, and is found.
bool release_seal(int64 seal_no);
/// Of those whose person is gone, at most `most`; how many it were.
int release_orphans(int most);
/// All of a person whose rows go in this transaction; 0 without a key.
int release_seals_of(const pg_uuid_t* person_id);

}  // namespace glucose::pg
