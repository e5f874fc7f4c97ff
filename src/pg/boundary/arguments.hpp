// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "pg/boundary/server.hpp"

extern "C" {
#include "utils/date.h"
}

namespace glucose::pg {

/// Raises 22023 when argument `i` is NULL; `name` is its SQL name.
inline void require_argument(FunctionCallInfo fcinfo, int i, const char* name) {
  if (PG_ARGISNULL(i))
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("argument \"%s\" must not be null", name)));
}

inline const pg_uuid_t* uuid_argument(FunctionCallInfo fcinfo, int i, const char* name) {
  require_argument(fcinfo, i, name);
  return PG_GETARG_UUID_P(i);
}

/// nullptr for NULL.
inline const pg_uuid_t* optional_uuid_argument(FunctionCallInfo fcinfo, int i) {
  return PG_ARGISNULL(i) ? nullptr : PG_GETARG_UUID_P(i);
}

inline char* text_argument(FunctionCallInfo fcinfo, int i, const char* name) {
  require_argument(fcinfo, i, name);
  return text_to_cstring(PG_GETARG_TEXT_PP(i));
}

inline Jsonb* jsonb_argument(FunctionCallInfo fcinfo, int i, const char* name) {
  require_argument(fcinfo, i, name);
  return PG_GETARG_JSONB_P(i);
}

inline TimestampTz time_argument(FunctionCallInfo fcinfo, int i, const char* name) {
  require_argument(fcinfo, i, name);
  return PG_GETARG_TIMESTAMPTZ(i);
}

inline DateADT date_argument(FunctionCallInfo fcinfo, int i, const char* name) {
  require_argument(fcinfo, i, name);
  return PG_GETARG_DATEADT(i);
}

inline int count_argument(FunctionCallInfo fcinfo, int i, const char* name, int low, int high) {
  require_argument(fcinfo, i, name);
  const int n = PG_GETARG_INT32(i);
  if (n < low || n > high)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"%s\" must be from %d to %d", name, low, high)));
  return n;
}

/// An array datum of one dimension, from 1 on. nulls: [n], or nullptr where there are none
Datum array_of(Datum* values, bool* nulls, int n, Oid type);

/// A real[] datum of values in which NaN stands for NULL.
Datum real_array(const float* values, int n);

}  // namespace glucose::pg
