// SPDX-License-Identifier: PostgreSQL
// What differs between PostgreSQL 15 (tested) and 16-18 (kept compiling). Included by server.hpp only.
#pragma once

#if PG_VERSION_NUM < 150000
#error "pg_glucose needs PostgreSQL 15 or later"
#endif

extern "C" {
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif
#include "catalog/pg_database.h"
#include "catalog/pg_namespace.h"
#include "common/jsonapi.h"
#include "storage/proc.h"
#include "utils/acl.h"
}

/// The file that holds a relation's rows: another one once it was emptied or rewritten.
#if PG_VERSION_NUM >= 160000
#define PGG_RELATION_FILE(relation) ((relation)->rd_locator.relNumber)
#else
#define PGG_RELATION_FILE(relation) ((relation)->rd_node.relNode)
#endif

/// Whether a role may look names up in a schema.
#if PG_VERSION_NUM >= 160000
#define PGG_MAY_USE_SCHEMA(schema, role) \
  (object_aclcheck(NamespaceRelationId, (schema), (role), ACL_USAGE) == ACLCHECK_OK)
#else
#define PGG_MAY_USE_SCHEMA(schema, role) (pg_namespace_aclcheck((schema), (role), ACL_USAGE) == ACLCHECK_OK)
#endif

/// The identifier of this backend's current (virtual) transaction.
#if PG_VERSION_NUM >= 170000
#define PGG_LOCAL_XID (MyProc->vxid.lxid)
#else
#define PGG_LOCAL_XID (MyProc->lxid)
#endif

/// Whether a role may connect to a database.
#if PG_VERSION_NUM >= 160000
#define PGG_MAY_CONNECT(database, role) \
  (object_aclcheck(DatabaseRelationId, (database), (role), ACL_CONNECT) == ACLCHECK_OK)
#else
#define PGG_MAY_CONNECT(database, role) (pg_database_aclcheck((database), (role), ACL_CONNECT) == ACLCHECK_OK)
#endif

/// Whether this process is a background worker, as a parallel one is.
#if PG_VERSION_NUM >= 170000
#define PGG_IS_WORKER AmBackgroundWorkerProcess()
#else
#define PGG_IS_WORKER IsBackgroundWorker
#endif
