// SPDX-License-Identifier: PostgreSQL
#include "pg/boundary/boosting.hpp"

#include "pg/boundary/server.hpp"

namespace glucose::pg {

namespace {

constexpr const char* kModule = "$libdir/pg_glucose_xgboost";
constexpr const char* kEntry = "pg_glucose_boosting";

/// The loader raises when the module or a library of its is missing. It holds nothing at that moment and has not
/// touched the database, so that the error can end here without a subtransaction.
void* load_entry() {
  void* volatile entry = nullptr;
  MemoryContext context = CurrentMemoryContext;
  PG_TRY();
  { entry = load_external_function(kModule, kEntry, true, nullptr); }
  PG_CATCH();
  {
    MemoryContextSwitchTo(context);
    ErrorData* error = CopyErrorData();
    if (error->sqlerrcode == ERRCODE_OUT_OF_MEMORY) PG_RE_THROW();
    FlushErrorState();
    ereport(DEBUG1, (errmsg_internal("trees are not available: %s", error->message)));
    FreeErrorData(error);
  }
  PG_END_TRY();
  return entry;
}

}  // namespace

const BoostingApi* find_boosting() {
  static const BoostingApi* found = nullptr;
  if (found != nullptr) return found;
  void* entry = load_entry();
  if (entry == nullptr) return nullptr;
  const BoostingApi* api = reinterpret_cast<const BoostingApi* (*)()>(entry)();
  if (api->version != kBoostingVersion) {
    ereport(DEBUG1, (errmsg_internal("trees are not available: their module is of another build")));
    return nullptr;
  }
  return found = api;
}

}  // namespace glucose::pg
