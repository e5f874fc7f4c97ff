// SPDX-License-Identifier: PostgreSQL
#include "pg/boundary/server.hpp"
#include "pg/boundary/setting_records.hpp"
#include "pg/boundary/settings.hpp"
#include "pg/boundary/shared_buckets.hpp"

extern "C" {
PG_MODULE_MAGIC;
PGDLLEXPORT void _PG_init(void);
}

void _PG_init(void) {
  glucose::pg::refuse_settings_of_connection();
  glucose::pg::settings::define();
  glucose::pg::request_shared_buckets();
}

SQL_FUNCTION(version) {
  PG_RETURN_TEXT_P(cstring_to_text(PGG_VERSION));
}
