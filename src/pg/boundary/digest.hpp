// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "pg/boundary/server.hpp"

namespace glucose::pg {

inline constexpr int kSha256Bytes = PG_SHA256_DIGEST_LENGTH;

/// SHA-256 of bytes into out [32].
void sha256(const void* bytes, size_t size, uint8* out);

/// The same in lower-case hexadecimal, palloc'ed.
char* sha256_hex(const void* bytes, size_t size);

/// Bytes in lower-case hexadecimal, palloc'ed.
char* hex_of(const uint8* bytes, size_t size);

}  // namespace glucose::pg
