// SPDX-License-Identifier: PostgreSQL
// Secret keys of the server's: those that sign the log, and those that tokens are signed with. They are in files, not
// in settings: before the library is loaded, a session shows every setting of the configuration file to anybody.
#pragma once
#include "pg/boundary/digest.hpp"

#include <sys/stat.h>

namespace glucose::pg {

inline constexpr int kMostKeys = 8, kLongestKey = 1024;

/// A file with keys, named by a setting; a key a line, the newest first. What was read last is kept, and of which file
/// as it was then: a file that is replaced is read anew by the next call.
struct KeyFile {
  const char* whose;    // "the log"
  const char* none;     // "the log has no key"
  const char* setting;  // its name
  char** name;          // its value
  int most;             // keys, at most kMostKeys
  char held[MAXPGPATH] = "";
  struct stat file {};
  int n = 0;
  int sizes[kMostKeys] = {};
  char keys[kMostKeys][kLongestKey] = {};
};

/// glucose.audit_key_file: the first key signs, any is good for what was signed before.
extern KeyFile audit_key;
/// glucose.token_key_file: two keys, so that one can follow the other while tokens of both are about.
extern KeyFile token_key;

/// How many keys the file has; 0 when none is named. Raises 55000 when there is a name but no key that can be had: an
/// audit that ends silently is none.
int keys_of(KeyFile& file);

/// As keys_of(), or 55000 when no file is named.
int require_keys_of(KeyFile& file);

/// HMAC-SHA256 of bytes with key `key` (0 … keys_of() - 1) into out [32].
void keyed_hash(const KeyFile& file, int key, const void* bytes, size_t size, uint8* out);

/// Whether `mac` [32] is the HMAC of these bytes by any of the keys; as long for any two of them.
bool keyed_hash_fits(const KeyFile& file, const void* bytes, size_t size, const uint8* mac);

}  // namespace glucose::pg
