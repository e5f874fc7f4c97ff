// SPDX-License-Identifier: PostgreSQL
#include "pg/boundary/digest.hpp"

#include <algorithm>

namespace glucose::pg {

namespace {

constexpr size_t kBytesPerLook = size_t{1} << 20;  // a few milliseconds

void require_hashed(bool ok) {
  if (!ok) elog(ERROR, "could not compute SHA-256");
}

}  // namespace

void sha256(const void* bytes, size_t size, uint8* out) {
  pg_cryptohash_ctx* hash = pg_cryptohash_create(PG_SHA256);
  require_hashed(hash != nullptr && pg_cryptohash_init(hash) >= 0);
  for (size_t done = 0; done < size; done += kBytesPerLook) {
    if (done > 0) CHECK_FOR_INTERRUPTS();
    const size_t part = std::min(kBytesPerLook, size - done);
    require_hashed(pg_cryptohash_update(hash, static_cast<const uint8*>(bytes) + done, part) >= 0);
  }
  require_hashed(pg_cryptohash_final(hash, out, kSha256Bytes) >= 0);
  pg_cryptohash_free(hash);
}

char* sha256_hex(const void* bytes, size_t size) {
  uint8 digest[kSha256Bytes];
  sha256(bytes, size, digest);
  return hex_of(digest, kSha256Bytes);
}

char* hex_of(const uint8* bytes, size_t size) {
  auto* text = static_cast<char*>(palloc(2 * size + 1));
  text[0] = '\0';
  for (size_t i = 0; i < size; ++i) snprintf(text + 2 * i, 3, "%02x", bytes[i]);
  return text;
}

}  // namespace glucose::pg
