// SPDX-License-Identifier: PostgreSQL
// Values one after the other as bytes of a row, and back. Never a struct: it may have gaps, and in them whatever
// happened to be in memory.
#pragma once
#include <type_traits>

#include "pg/boundary/server.hpp"

namespace glucose::pg {

template <class Value>
void put(StringInfo out, Value value) {
  static_assert(std::is_floating_point_v<Value> || std::has_unique_object_representations_v<Value>, "has gaps");
  appendBinaryStringInfo(out, reinterpret_cast<const char*>(&value), sizeof value);
}

/// Reads what put() has written.
struct Taker {
  const char *next, *end;
  explicit Taker(const bytea* bytes) : next(VARDATA_ANY(bytes)), end(next + VARSIZE_ANY_EXHDR(bytes)) {}
  template <class Value>
  Value take() {
    Value value{};
    if (static_cast<size_t>(end - next) < sizeof value) elog(ERROR, "bytes of a row of the log are cut off");
    memcpy(&value, next, sizeof value);
    next += sizeof value;
    return value;
  }
};

/// A bytea that put() writes to, and as a value of a row.
inline StringInfoData started_bytes() {
  StringInfoData out;
  initStringInfo(&out);
  appendStringInfoSpaces(&out, VARHDRSZ);
  return out;
}
inline Datum ended_bytes(const StringInfoData& out) {
  SET_VARSIZE(out.data, out.len);
  return PointerGetDatum(out.data);
}

}  // namespace glucose::pg
