// SPDX-License-Identifier: PostgreSQL
// The one include of server headers, in C linkage, without their macros that collide with C++ code.
#pragma once
extern "C" {
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "common/cryptohash.h"
#include "common/sha2.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "tcop/tcopprot.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/guc.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"
}

#include "pg/boundary/compat.hpp"

#undef Min
#undef Max
#undef Abs
#undef gettext
#undef ngettext
#undef dgettext

namespace glucose::pg {
/// Runs the body of a function callable from SQL. A gateway such as PostgREST answers P0002 and 55000 with HTTP 500, as
/// if the server were broken, and PTnnn with the status nnn: so with glucose.identity = claims what the body raises has
/// the SQLSTATE of a status (PT404 not found, PT409 no model or not now, PT429 too often) and names its own in the
/// detail.
Datum answered(FunctionCallInfo fcinfo, PGFunction body);
}  // namespace glucose::pg

/// Defines a function callable from SQL: glucose_<sql name>.
#define SQL_FUNCTION(name)                                \
  extern "C" {                                            \
  PG_FUNCTION_INFO_V1(glucose_##name);                    \
  }                                                       \
  static Datum body_of_##name(PG_FUNCTION_ARGS);          \
  Datum glucose_##name(PG_FUNCTION_ARGS) {                \
    return glucose::pg::answered(fcinfo, body_of_##name); \
  }                                                       \
  static Datum body_of_##name(PG_FUNCTION_ARGS)
