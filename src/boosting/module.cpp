// SPDX-License-Identifier: PostgreSQL
// What makes a shared object one that this server's loader takes.
#include "pg/boundary/server.hpp"

extern "C" {
PG_MODULE_MAGIC;
}
