// SPDX-License-Identifier: PostgreSQL
#include "pg/tables/extension.hpp"

#include <cstdio>

#include "pg/boundary/look.hpp"
#include "pg/boundary/server.hpp"

extern "C" {
#include "access/genam.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_extension.h"
#include "commands/extension.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/rel.h"
#include "utils/syscache.h"
}

namespace glucose::pg {

namespace {

Look look([] {
  CacheRegisterSyscacheCallback(
      PROCOID, [](Datum, int, uint32) { look.forget(); }, 0);
});

// NULL when the functions are nobody's, as while a database is restored for pg_upgrade.
const char* version_in_database() {
  ScanKeyData key;
  Relation extensions = table_open(ExtensionRelationId, AccessShareLock);
  ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ, CStringGetDatum("pg_glucose"));
  SysScanDesc scan = systable_beginscan(extensions, ExtensionNameIndexId, true, nullptr, 1, &key);
  HeapTuple row = systable_getnext(scan);
  const char* version = nullptr;
  if (HeapTupleIsValid(row)) {
    bool is_null = true;
    const Datum value = heap_getattr(row, Anum_pg_extension_extversion, RelationGetDescr(extensions), &is_null);
    if (!is_null) version = TextDatumGetCString(value);
  }
  systable_endscan(scan);
  table_close(extensions, AccessShareLock);
  return version;
}

bool is_before(const char* version, const char* other) {
  int a[3] = {0, 0, 0};
  int b[3] = {0, 0, 0};
  std::sscanf(version, "%d.%d.%d", &a[0], &a[1], &a[2]);
  std::sscanf(other, "%d.%d.%d", &b[0], &b[1], &b[2]);
  for (int i = 0; i < 3; ++i)
    if (a[i] != b[i]) return a[i] < b[i];
  return false;
}

void require_version_of_library() {
  const char* version = version_in_database();
  if (version == nullptr || strcmp(version, PGG_VERSION) == 0) return;
  ereport(
      ERROR,
      (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
       errmsg("the library is pg_glucose %s, the extension in this database %s", PGG_VERSION, version),
       is_before(version, PGG_VERSION)
           ? errhint("Run ALTER EXTENSION pg_glucose UPDATE, and SELECT glucose.setup() as the owner of the tables.")
           : errhint("Connect again: this session has the library of before the upgrade. If that is not it, "
                     "install the library of version %s.",
                     version)));
}

}  // namespace

void require_extension_of_library() {
  // A script that creates or updates the extension may call its functions.
  if (look.holds() || creating_extension) return;
  look.at(require_version_of_library);
}

}  // namespace glucose::pg
