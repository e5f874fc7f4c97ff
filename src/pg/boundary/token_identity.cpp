// SPDX-License-Identifier: PostgreSQL
// Kept as a setting, for what the server does with settings: one that is set for a transaction ends with it, and with
// the savepoint that is rolled back, and is handed to parallel workers. A setting of superusers, and more than that:
// its check lets nobody set it but the code below, in whatever way (SET, set_config, PGOPTIONS, ALTER ROLE, a value
// given before the library was loaded), superusers included, so that none can stay in a session of a pooler.
#include "pg/boundary/token_identity.hpp"

#include "pg/boundary/server.hpp"

extern "C" {
#include "access/parallel.h"
}

namespace glucose::pg {

namespace {

constexpr const char* kName = "glucose.token_identity";
char* identity = nullptr;
bool assuming = false;

bool check(char** value, void** /*extra*/, GucSource /*source*/) {
  if (assuming || (*value)[0] == '\0') return true;
  if (InitializingParallelWorker) return true;  // its leader's
  GUC_check_errcode(ERRCODE_INSUFFICIENT_PRIVILEGE);
  GUC_check_errmsg("parameter \"%s\" cannot be set", kName);
  GUC_check_errhint("SELECT glucose.login(token) does it.");
  return false;
}

}  // namespace

const char* token_identity() {
  return identity != nullptr && identity[0] != '\0' ? identity : nullptr;
}

void assume_token_identity(const char* who, TokenScope scope) {
  assuming = true;
  PG_TRY();
  {
    (void)set_config_option(kName, who, PGC_SUSET, PGC_S_SESSION,
                            scope == TokenScope::transaction ? GUC_ACTION_LOCAL : GUC_ACTION_SET, true, 0, false);
  }
  PG_FINALLY();
  { assuming = false; }
  PG_END_TRY();
}

void define_token_identity() {
  DefineCustomStringVariable(kName, "Whom glucose.login() has let in.", "Cannot be set.", &identity, "", PGC_SUSET,
                             GUC_NO_SHOW_ALL | GUC_NO_RESET_ALL | GUC_NOT_IN_SAMPLE | GUC_DISALLOW_IN_FILE, check,
                             nullptr, nullptr);
}

}  // namespace glucose::pg
