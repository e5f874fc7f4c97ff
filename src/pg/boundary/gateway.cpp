// SPDX-License-Identifier: PostgreSQL
#include "pg/boundary/guard.hpp"
#include "pg/boundary/settings.hpp"

namespace glucose::pg {

namespace {

constexpr int status(char hundreds, char tens, char ones) {
  return MAKE_SQLSTATE('P', 'T', hundreds, tens, ones);
}

// 0: the gateway does right by it already (22… is 400, 42501 and 28000 are 403, 53200 is 503).
int status_of(int sqlstate) {
  switch (sqlstate) {
    case ERRCODE_NO_DATA_FOUND:
      return status('4', '0', '4');
    case kNoModel:
    case kTooLittleHistory:
    case kModelMismatch:
    case ERRCODE_CARDINALITY_VIOLATION:
    case ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE:
    case ERRCODE_OBJECT_IN_USE:
      return status('4', '0', '9');
    case ERRCODE_CONFIGURATION_LIMIT_EXCEEDED:
      return status('4', '2', '9');
    default:
      return 0;
  }
}

[[noreturn]] void rethrow_as(int code, MemoryContext context) {
  MemoryContextSwitchTo(context);
  ErrorData* error = CopyErrorData();
  FlushErrorState();
  const char* own = unpack_sql_state(error->sqlerrcode);
  error->detail =
      error->detail == nullptr ? psprintf("SQLSTATE %s", own) : psprintf("%s (SQLSTATE %s)", error->detail, own);
  error->sqlerrcode = code;
  ReThrowError(error);
}

}  // namespace

Datum answered(FunctionCallInfo fcinfo, PGFunction body) {
  if (settings::identity != settings::kIdentityClaims) return body(fcinfo);
  MemoryContext context = CurrentMemoryContext;
  Datum result;
  PG_TRY();
  { result = body(fcinfo); }
  PG_CATCH();
  {
    const int code = status_of(geterrcode());
    if (code == 0) PG_RE_THROW();
    rethrow_as(code, context);
  }
  PG_END_TRY();
  return result;
}

}  // namespace glucose::pg
