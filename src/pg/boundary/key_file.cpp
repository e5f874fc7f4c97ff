// SPDX-License-Identifier: PostgreSQL
#include "pg/boundary/key_file.hpp"

#include <cerrno>
#include <climits>

#include "pg/boundary/settings.hpp"

extern "C" {
#include "common/hmac.h"
#include "storage/fd.h"
}

namespace glucose::pg {

KeyFile audit_key{"the log", "the log has no key", "glucose.audit_key_file", &settings::audit_key_file, kMostKeys};
KeyFile token_key{"tokens", "there is no key for tokens", "glucose.token_key_file", &settings::token_key_file, 2};

namespace {

constexpr int kShortestKey = 32;

[[noreturn]] void cannot_use(KeyFile& file, const char* why) {
  file.held[0] = '\0';
  ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                  errmsg("the key of %s cannot be used: %s", file.whose, why),
                  errhint("An administrator of the server looks at the file that %s names: a key of %d "
                          "to %d characters a line, at most %d, readable by the server's user alone.",
                          file.setting, kShortestKey, kLongestKey - 1, file.most)));
  pg_unreachable();
}

// In the data directory only the server's user gets at it anyway.
void require_private(KeyFile& file, const struct stat& now) {
  if (!S_ISREG(now.st_mode)) cannot_use(file, "it is no regular file");
  if (is_absolute_path(*file.name) && (now.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    cannot_use(file, "others may read or write it");
}

void take_line(KeyFile& file, const char* line) {
  const size_t size = strlen(line);
  if (size == 0) return;
  if (size < kShortestKey || size >= kLongestKey) cannot_use(file, "a key has a wrong length");
  if (file.n == file.most) cannot_use(file, "it has too many keys");
  memcpy(file.keys[file.n], line, size);
  file.sizes[file.n++] = static_cast<int>(size);
}

void read_file(KeyFile& file, FILE* stream) {
  char line[kLongestKey + 2];
  file.n = 0;
  while (fgets(line, sizeof line, stream) != nullptr) {
    line[strcspn(line, "\r\n")] = '\0';
    take_line(file, line);
  }
  explicit_bzero(line, sizeof line);
}

bool is_as_held(const KeyFile& file, const struct stat& now) {
  return strcmp(file.held, *file.name) == 0 && now.st_mtim.tv_sec == file.file.st_mtim.tv_sec &&
         now.st_mtim.tv_nsec == file.file.st_mtim.tv_nsec && now.st_size == file.file.st_size &&
         now.st_ino == file.file.st_ino;
}

}  // namespace

int keys_of(KeyFile& file) {
  if (*file.name == nullptr || (*file.name)[0] == '\0') return 0;
  struct stat now;
  // The server's working directory is its data directory.
  if (stat(*file.name, &now) != 0) cannot_use(file, "it is not there");
  if (is_as_held(file, now)) return file.n;
  require_private(file, now);
  FILE* stream = AllocateFile(*file.name, "r");
  if (stream == nullptr) cannot_use(file, "it cannot be read");
  read_file(file, stream);
  FreeFile(stream);
  if (file.n == 0) cannot_use(file, "it is empty");
  file.file = now;
  strlcpy(file.held, *file.name, sizeof file.held);
  return file.n;
}

int require_keys_of(KeyFile& file) {
  const int n = keys_of(file);
  if (n == 0)
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("%s", file.none),
                    errhint("An administrator of the server makes a file with one and sets %s.", file.setting)));
  return n;
}

void keyed_hash(const KeyFile& file, int key, const void* bytes, size_t size, uint8* out) {
  pg_hmac_ctx* hash = pg_hmac_create(PG_SHA256);
  if (hash == nullptr ||
      pg_hmac_init(hash, reinterpret_cast<const uint8*>(file.keys[key]), static_cast<size_t>(file.sizes[key])) < 0 ||
      pg_hmac_update(hash, static_cast<const uint8*>(bytes), size) < 0 || pg_hmac_final(hash, out, kSha256Bytes) < 0)
    elog(ERROR, "could not compute a keyed hash");
  pg_hmac_free(hash);
}

bool keyed_hash_fits(const KeyFile& file, const void* bytes, size_t size, const uint8* mac) {
  for (int key = 0; key < file.n; ++key) {
    uint8 own[kSha256Bytes];
    keyed_hash(file, key, bytes, size, own);
    if (timingsafe_bcmp(own, mac, sizeof own) == 0) return true;
  }
  return false;
}

}  // namespace glucose::pg
