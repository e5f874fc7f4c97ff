// SPDX-License-Identifier: PostgreSQL
#include "pg/tables/log_row.hpp"

extern "C" {
#include "port/pg_bswap.h"
#include "utils/inet.h"
}

namespace glucose::pg {

namespace {

constexpr Oid kTypes[] = {PGG_LOG_TYPES};
static_assert(lengthof(kTypes) == kLogColumns);

void put_bytes(StringInfo out, const void* bytes, size_t size) {
  const uint32 length = pg_hton32(static_cast<uint32>(size));
  appendBinaryStringInfo(out, reinterpret_cast<const char*>(&length), sizeof length);
  appendBinaryStringInfo(out, static_cast<const char*>(bytes), static_cast<int>(size));
}

void put_int64(StringInfo out, int64 value) {
  const uint64 ordered = pg_hton64(static_cast<uint64>(value));
  put_bytes(out, &ordered, sizeof ordered);
}

void put_float4(StringInfo out, float4 value) {
  uint32 bits;
  memcpy(&bits, &value, sizeof bits);
  bits = pg_hton32(bits);
  put_bytes(out, &bits, sizeof bits);
}

// The same in databases of any encoding: a dump may be restored into another one.
void put_text(StringInfo out, const char* text, int size) {
  const char* utf8 = pg_server_to_any(text, size, PG_UTF8);
  put_bytes(out, utf8, utf8 == text ? static_cast<size_t>(size) : strlen(utf8));
}

void put_floats(StringInfo out, Datum array) {
  const ArrayType* floats = DatumGetArrayTypeP(array);
  const int n = ArrayGetNItems(ARR_NDIM(floats), ARR_DIMS(floats));
  put_int64(out, ARR_NDIM(floats));
  for (int i = 0; i < ARR_NDIM(floats); ++i) {
    put_int64(out, ARR_DIMS(floats)[i]);
    put_int64(out, ARR_LBOUND(floats)[i]);
  }
  if (ARR_HASNULL(floats)) return;
  const auto* values = reinterpret_cast<const float4*>(ARR_DATA_PTR(floats));
  for (int i = 0; i < n; ++i) put_float4(out, values[i]);
}

void put_value(StringInfo out, Oid type, Datum value) {
  switch (type) {
    case UUIDOID:
      return put_bytes(out, DatumGetUUIDP(value)->data, UUID_LEN);
    case TIMESTAMPTZOID:
      return put_int64(out, DatumGetTimestampTz(value));
    case FLOAT4OID:
      return put_float4(out, DatumGetFloat4(value));
    case FLOAT4ARRAYOID:
      return put_floats(out, value);
    case BYTEAOID: {
      const bytea* bytes = DatumGetByteaPP(value);
      return put_bytes(out, VARDATA_ANY(bytes), static_cast<size_t>(VARSIZE_ANY_EXHDR(bytes)));
    }
    case NAMEOID:
      return put_text(out, NameStr(*DatumGetName(value)), static_cast<int>(strlen(NameStr(*DatumGetName(value)))));
    case JSONBOID: {
      Jsonb* document = DatumGetJsonbP(value);
      char* text = JsonbToCString(nullptr, &document->root, VARSIZE(document));
      return put_text(out, text, static_cast<int>(strlen(text)));
    }
    case INETOID: {
      char* text = DatumGetCString(DirectFunctionCall1(inet_out, value));
      return put_bytes(out, text, strlen(text));
    }
    default: {
      text* words = DatumGetTextPP(value);
      return put_text(out, VARDATA_ANY(words), static_cast<int>(VARSIZE_ANY_EXHDR(words)));
    }
  }
}

// Every value with its length, or a mark for none: no two rows have the same bytes. `what` keeps one kind of signature
// from being taken for another.
void put_columns(StringInfo out, const char* what, const LogRow& row, int first, int end) {
  put_bytes(out, what, strlen(what));
  for (int column = first; column < end; ++column) {
    appendStringInfoChar(out, row.nulls[column] ? '-' : '+');
    if (!row.nulls[column]) put_value(out, kTypes[column], row.values[column]);
  }
}

StringInfoData bytes_of_values(const LogRow& row) {
  StringInfoData out;
  initStringInfo(&out);
  put_columns(&out, "values of a row of the log, 1", row, kLogKept, kLogQuestion);
  // As with repetitions: what has none is signed as before there were these columns.
  if (!row.nulls[kLogQuestion] || !row.nulls[kLogSaid] || !row.nulls[kLogSources])
    put_columns(&out, "question", row, kLogQuestion, kLogColumns);
  put_value(&out, UUIDOID, row.values[kLogId]);  // so that equal values of two rows look different
  return out;
}

StringInfoData bytes_of_row(const LogRow& row, const uint8* values_digest) {
  StringInfoData out;
  initStringInfo(&out);
  put_columns(&out, "row of the log, 1", row, 0, kLogCachedFrom);
  // Rows of before there was the column, and all that are no repetition, have no mark for it. What follows begins with
  // a length, which no mark looks like.
  if (!row.nulls[kLogCachedFrom]) put_columns(&out, "cached", row, kLogCachedFrom, kLogKept);
  put_bytes(&out, values_digest, kSha256Bytes);
  return out;
}

StringInfoData bytes_of_purge(const uint8* mac, TimestampTz purged_at) {
  StringInfoData out;
  initStringInfo(&out);
  constexpr const char kWhat[] = "purged row of the log, 1";
  put_bytes(&out, kWhat, sizeof kWhat);
  put_bytes(&out, mac, kSha256Bytes);
  put_int64(&out, purged_at);
  return out;
}

void sign(const StringInfoData& bytes, int key, uint8* out) {
  keyed_hash(audit_key, key, bytes.data, static_cast<size_t>(bytes.len), out);
  pfree(bytes.data);
}

bool fits(const StringInfoData& bytes, const uint8* mac) {
  const bool same = keyed_hash_fits(audit_key, bytes.data, static_cast<size_t>(bytes.len), mac);
  pfree(bytes.data);
  return same;
}

}  // namespace

LogRow empty_log_row() {
  LogRow row{};
  for (bool& is_null : row.nulls) is_null = true;
  return row;
}

void sign_values(const LogRow& row, int key, uint8* values_digest) {
  sign(bytes_of_values(row), key, values_digest);
}

void sign_row(const LogRow& row, const uint8* values_digest, int key, uint8* mac) {
  sign(bytes_of_row(row, values_digest), key, mac);
}

bool fits_mac(const LogRow& row, const uint8* values_digest, const uint8* mac) {
  return fits(bytes_of_row(row, values_digest), mac);
}

bool fits_values(const LogRow& row, const uint8* values_digest) {
  return fits(bytes_of_values(row), values_digest);
}

void sign_purge(const uint8* mac, TimestampTz purged_at, int key, uint8* out) {
  sign(bytes_of_purge(mac, purged_at), key, out);
}

bool fits_purge(const uint8* mac, TimestampTz purged_at, const uint8* purged_mac) {
  return fits(bytes_of_purge(mac, purged_at), purged_mac);
}

Datum bytes_datum(const void* bytes, size_t size) {
  auto* datum = static_cast<bytea*>(palloc(size + VARHDRSZ));
  SET_VARSIZE(datum, size + VARHDRSZ);
  memcpy(VARDATA(datum), bytes, size);
  return PointerGetDatum(datum);
}

const uint8* digest_in(Datum bytes) {
  const bytea* digest = DatumGetByteaPP(bytes);
  return VARSIZE_ANY_EXHDR(digest) == kSha256Bytes ? reinterpret_cast<const uint8*>(VARDATA_ANY(digest)) : nullptr;
}

}  // namespace glucose::pg
