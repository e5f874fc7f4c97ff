// SPDX-License-Identifier: PostgreSQL
#include "pg/boundary/audit_key.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <climits>

#include "pg/boundary/settings.hpp"

extern "C" {
#include "common/hmac.h"
#include "storage/fd.h"
}

namespace glucose::pg {

namespace {

constexpr int kShortestKey = 32, kLongestKey = 1024;

/// What was read last, and of which file as it was then.
struct {
  char name[MAXPGPATH] = "";
  struct stat file {};
  int n = 0;
  int sizes[kMostAuditKeys];
  char keys[kMostAuditKeys][kLongestKey];
} held;

[[noreturn]] void cannot_use(const char* why) {
  held.name[0] = '\0';
  ereport(ERROR,
          (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("the key of the log cannot be used: %s", why),
           errhint("An administrator of the server looks at the file that glucose.audit_key_file names: a key of 32 "
                   "to 1023 characters a line, at most %d, readable by the server's user alone.",
                   kMostAuditKeys)));
  pg_unreachable();
}

// In the data directory only the server's user gets at it anyway.
void require_private(const struct stat& file) {
  if (!S_ISREG(file.st_mode)) cannot_use("it is no regular file");
  if (is_absolute_path(settings::audit_key_file) && (file.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    cannot_use("others may read or write it");
}

void take_line(const char* line) {
  const size_t size = strlen(line);
  if (size == 0) return;
  if (size < kShortestKey || size >= kLongestKey) cannot_use("a key has a wrong length");
  if (held.n == kMostAuditKeys) cannot_use("it has too many keys");
  memcpy(held.keys[held.n], line, size);
  held.sizes[held.n++] = static_cast<int>(size);
}

void read_file(FILE* file) {
  char line[kLongestKey + 2];
  held.n = 0;
  while (fgets(line, sizeof line, file) != nullptr) {
    line[strcspn(line, "\r\n")] = '\0';
    take_line(line);
  }
  explicit_bzero(line, sizeof line);
}

bool is_as_held(const struct stat& file) {
  return strcmp(held.name, settings::audit_key_file) == 0 && file.st_mtim.tv_sec == held.file.st_mtim.tv_sec &&
         file.st_mtim.tv_nsec == held.file.st_mtim.tv_nsec && file.st_size == held.file.st_size &&
         file.st_ino == held.file.st_ino;
}

}  // namespace

int audit_keys() {
  if (settings::audit_key_file == nullptr || settings::audit_key_file[0] == '\0') return 0;
  struct stat now;
  // The server's working directory is its data directory.
  if (stat(settings::audit_key_file, &now) != 0) cannot_use("it is not there");
  if (is_as_held(now)) return held.n;
  require_private(now);
  FILE* file = AllocateFile(settings::audit_key_file, "r");
  if (file == nullptr) cannot_use("it cannot be read");
  read_file(file);
  FreeFile(file);
  if (held.n == 0) cannot_use("it is empty");
  held.file = now;
  strlcpy(held.name, settings::audit_key_file, sizeof held.name);
  return held.n;
}

int require_audit_keys() {
  const int n = audit_keys();
  if (n == 0)
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("the log has no key"),
                    errhint("An administrator of the server makes a file with one and sets glucose.audit_key_file.")));
  return n;
}

void audit_hmac(int key, const void* bytes, size_t size, uint8* out) {
  pg_hmac_ctx* hash = pg_hmac_create(PG_SHA256);
  if (hash == nullptr ||
      pg_hmac_init(hash, reinterpret_cast<const uint8*>(held.keys[key]), static_cast<size_t>(held.sizes[key])) < 0 ||
      pg_hmac_update(hash, static_cast<const uint8*>(bytes), size) < 0 || pg_hmac_final(hash, out, kSha256Bytes) < 0)
    elog(ERROR, "could not compute a keyed hash");
  pg_hmac_free(hash);
}

bool audit_hmac_fits(const void* bytes, size_t size, const uint8* mac) {
  for (int key = 0; key < held.n; ++key) {
    uint8 own[kSha256Bytes];
    audit_hmac(key, bytes, size, own);
    if (timingsafe_bcmp(own, mac, sizeof own) == 0) return true;
  }
  return false;
}

}  // namespace glucose::pg
