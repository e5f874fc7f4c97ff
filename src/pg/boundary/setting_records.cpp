// SPDX-License-Identifier: PostgreSQL
#include "pg/boundary/setting_records.hpp"

#include <initializer_list>

#include "pg/boundary/server.hpp"

extern "C" {
#include "utils/guc_tables.h"
}

namespace glucose::pg {

namespace {

config_generic** all_records(int* n) {
#if PG_VERSION_NUM >= 160000
  return get_guc_variables(n);
#else
  *n = GetNumConfigOptions();
  return get_guc_variables();
#endif
}

const config_generic* record_of(const char* name) {
#if PG_VERSION_NUM >= 160000
  return find_option(name, false, true, 0);
#else
  int to;
  config_generic** records = all_records(&to);  // in the order of their names, whatever the case
  int from = 0;
  while (from < to) {
    const int middle = (from + to) / 2;
    const int order = pg_strcasecmp(records[middle]->name, name);
    if (order == 0) return records[middle];
    order < 0 ? from = middle + 1 : to = middle;
  }
  return nullptr;
#endif
}

// Those that any caller may set; the test "token" compares them with what the server says of each.
bool is_for_anybody(const char* name) {
  for (const char* own :
       {"glucose.cache_size", "glucose.drift_effect", "glucose.update_outcomes", "glucose.update_interval"})
    if (pg_strcasecmp(name, own) == 0) return true;
  return false;
}

}  // namespace

bool outlasts_transaction(const char* name) {
  const config_generic* record = record_of(name);
  return record != nullptr && (record->stack == nullptr || record->stack->state == GUC_SET);
}

void refuse_settings_of_connection() {
  int n;
  config_generic** records = all_records(&n);
  for (int i = 0; i < n; ++i) {
    const config_generic* record = records[i];
    if (pg_strncasecmp(record->name, "glucose.", 8) != 0 || is_for_anybody(record->name)) continue;
    if (record->reset_source != PGC_S_CLIENT || record->reset_scontext != PGC_BACKEND) continue;  // a superuser's
    ereport(ERROR,
            (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), errmsg("permission denied to set parameter \"%s\"", record->name),
             errhint("Connect without it: superusers set it, in the configuration or for a database or role.")));
  }
}

}  // namespace glucose::pg
