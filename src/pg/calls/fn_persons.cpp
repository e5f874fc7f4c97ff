// SPDX-License-Identifier: PostgreSQL
// Who may bring a person into being under which id. An id may stand for rows that are there already (views through
// key() over an application's tables): whoever inserted it first would own them.
#include "pg/tables/added_person.hpp"
#include "pg/tables/identity.hpp"
#include "pg/tables/relations.hpp"

extern "C" {
#include "common/hmac.h"
}

using namespace glucose::pg;

namespace {

constexpr int kDrawn = 8, kMark = UUID_LEN - kDrawn;  // random bytes of an id, and what only this backend can add

// Known to nobody, gone with the process.
const uint8* secret() {
  static uint8 bytes[32];
  static bool drawn = false;
  if (!drawn && !pg_strong_random(bytes, sizeof bytes)) elog(ERROR, "could not draw random numbers");
  drawn = true;
  return bytes;
}

// The id of eight random bytes: a version 4 uuid like any other, whose other half says that it was drawn here.
pg_uuid_t id_of(const uint8* random) {
  uint8 digest[PG_SHA256_DIGEST_LENGTH];
  pg_hmac_ctx* hash = pg_hmac_create(PG_SHA256);
  if (hash == nullptr || pg_hmac_init(hash, secret(), 32) < 0 || pg_hmac_update(hash, random, kDrawn) < 0 ||
      pg_hmac_final(hash, digest, sizeof digest) < 0)
    elog(ERROR, "could not compute a keyed hash");
  pg_hmac_free(hash);
  pg_uuid_t id;
  memcpy(id.data, random, kDrawn);
  memcpy(id.data + kDrawn, digest, kMark);
  id.data[6] = static_cast<unsigned char>((id.data[6] & 0x0f) | 0x40);  // version 4
  id.data[8] = static_cast<unsigned char>((id.data[8] & 0x3f) | 0x80);  // RFC 4122 variant
  return id;
}

bool is_drawn_here(const pg_uuid_t* id) {
  const pg_uuid_t again = id_of(id->data);
  return memcmp(again.data, id->data, UUID_LEN) == 0;
}

}  // namespace

SQL_FUNCTION(new_person_id) {
  uint8 random[kDrawn];
  if (!pg_strong_random(random, sizeof random)) elog(ERROR, "could not draw random numbers");
  random[6] = static_cast<uint8>((random[6] & 0x0f) | 0x40);  // so that the id's first half is what was hashed
  auto* id = static_cast<pg_uuid_t*>(palloc(sizeof(pg_uuid_t)));
  *id = id_of(random);
  PG_RETURN_UUID_P(id);
}

SQL_FUNCTION(may_claim) {
  note_new_person();
  if (rows_need_a_person() || is_drawn_here(PG_GETARG_UUID_P(0))) PG_RETURN_BOOL(true);
  PG_RETURN_BOOL(has_policy_of_its_own('a'));
}
