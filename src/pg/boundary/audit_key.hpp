// SPDX-License-Identifier: PostgreSQL
// The keys of the log. They are in a file of the server's, not in a setting: before the library is loaded, a session
// shows every setting of the configuration file to anybody.
#pragma once
#include "pg/boundary/digest.hpp"

namespace glucose::pg {

inline constexpr int kMostAuditKeys = 8;

/// How many keys the file of glucose.audit_key_file has, the first being the one that signs; 0 when none is named.
/// Raises 55000 when there is a name but no key that can be had: an audit that ends silently is none.
int audit_keys();

/// As audit_keys(), or 55000 when no file is named.
int require_audit_keys();

/// HMAC-SHA256 of bytes with key `key` (0 … audit_keys() - 1) into out [32].
void audit_hmac(int key, const void* bytes, size_t size, uint8* out);

/// Whether `mac` [32] is the HMAC of these bytes by any of the keys; as long for any two of them.
bool audit_hmac_fits(const void* bytes, size_t size, const uint8* mac);

}  // namespace glucose::pg
