// SPDX-License-Identifier: PostgreSQL
#include "pg/work/employee.hpp"

#include "pg/boundary/json.hpp"
#include "pg/boundary/settings.hpp"
#include "pg/boundary/token_identity.hpp"
#include "pg/tables/query.hpp"

extern "C" {
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_db_role_setting.h"
}

namespace glucose::pg {

namespace {

Oid works_for = InvalidOid;

// The settings that the role would have had at its login.
void apply_settings_of(Oid role) {
  StartTransactionCommand();
  Relation settings = table_open(DbRoleSettingRelationId, AccessShareLock);
  Snapshot snapshot = RegisterSnapshot(GetCatalogSnapshot(DbRoleSettingRelationId));
  ApplySetting(snapshot, MyDatabaseId, role, settings, PGC_S_DATABASE_USER);
  ApplySetting(snapshot, InvalidOid, role, settings, PGC_S_USER);
  UnregisterSnapshot(snapshot);
  table_close(settings, AccessShareLock);
  CommitTransactionCommand();
}

// Neither the gateway nor a token is here to say who asks: the job's identity does.
void assume_identity(const char* identity) {
  assume_token_identity(identity, TokenScope::session);
  if (settings::identity != settings::kIdentityClaims) return;
  StringInfoData claims;
  initStringInfo(&claims);
  appendStringInfoChar(&claims, '{');
  json_text(&claims, "sub", identity[0] != '\0' ? identity : nullptr);
  appendStringInfoChar(&claims, '}');
  SetConfigOption("request.jwt.claims", claims.data, PGC_USERSET, PGC_S_SESSION);
}

}  // namespace

Oid employer() {
  return works_for;
}

void work_for(Oid role, const char* identity) {
  if (!OidIsValid(works_for)) apply_settings_of(role);
  works_for = role;
  SetConfigOption("row_security", "on", PGC_USERSET, PGC_S_SESSION);
  assume_identity(identity);
}

void begin_transaction_as(Oid role) {
  SetCurrentStatementStartTimestamp();
  StartTransactionCommand();
  SetUserIdAndSecContext(OidIsValid(role) ? role : owner_of_tables(), SECURITY_LOCAL_USERID_CHANGE);
  begin(Volatility::is_volatile);
}

void end_transaction() {
  end(Volatility::is_volatile);
  CommitTransactionCommand();
  SetUserIdAndSecContext(GetSessionUserId(), 0);
}

const ErrorData* begin_noting_failure(MemoryContext context) {
  MemoryContextSwitchTo(context);
  const ErrorData* error = CopyErrorData();
  FlushErrorState();
  AbortCurrentTransaction();
  begin_transaction_as(InvalidOid);
  return error;
}

}  // namespace glucose::pg
