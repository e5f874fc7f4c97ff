// SPDX-License-Identifier: PostgreSQL
// Keys, units, texts: functions of their arguments alone.
#include <cmath>

#include "core/base/disclaimer.hpp"
#include "core/base/units.hpp"
#include "pg/boundary/arguments.hpp"
#include "pg/boundary/guard.hpp"
#include "pg/boundary/values.hpp"

extern "C" {
#include "common/sha1.h"
}

using namespace glucose::pg;

namespace {

// The namespace of our keys, itself a random UUID; never change it: every stored key depends on it.
constexpr uint8 kNamespace[UUID_LEN] = {0x5e, 0x1f, 0x6a, 0x52, 0x0c, 0x8b, 0x4b, 0x6d,
                                        0x9a, 0x17, 0x2f, 0xd3, 0x71, 0xc4, 0x0b, 0x9e};

// nullptr where the bytes are what there is: already UTF-8, of no encoding (SQL_ASCII), or not to be converted.
const char* in_utf8(const char* name, size_t length) {
  const int encoding = GetDatabaseEncoding();
  if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII) return nullptr;
  const Oid conversion = FindDefaultConversionProc(encoding, PG_UTF8);
  if (!OidIsValid(conversion)) return nullptr;
  const Size size = length * MAX_CONVERSION_GROWTH + 1;
  auto* utf8 = static_cast<unsigned char*>(palloc(size));
  auto* bytes = reinterpret_cast<unsigned char*>(const_cast<char*>(name));
  const auto n = static_cast<int>(length);
  if (pg_do_encoding_conversion_buf(conversion, encoding, PG_UTF8, bytes, n, utf8, static_cast<int>(size), true) != n)
    return nullptr;
  return reinterpret_cast<char*>(utf8);
}

}  // namespace

namespace glucose::pg {

// Of the name in UTF-8, whatever the server's encoding, so that a name has one key everywhere.
pg_uuid_t* name_key(const char* name, size_t length) {
  if (const char* utf8 = in_utf8(name, length); utf8 != nullptr) {
    name = utf8;
    length = strlen(utf8);
  }
  uint8 digest[SHA1_DIGEST_LENGTH];
  pg_cryptohash_ctx* hash = pg_cryptohash_create(PG_SHA1);
  if (hash == nullptr || pg_cryptohash_init(hash) < 0 || pg_cryptohash_update(hash, kNamespace, UUID_LEN) < 0 ||
      pg_cryptohash_update(hash, reinterpret_cast<const uint8*>(name), length) < 0 ||
      pg_cryptohash_final(hash, digest, sizeof digest) < 0)
    elog(ERROR, "could not compute SHA-1");
  pg_cryptohash_free(hash);
  auto* uuid = static_cast<pg_uuid_t*>(palloc(sizeof(pg_uuid_t)));
  memcpy(uuid->data, digest, UUID_LEN);
  uuid->data[6] = static_cast<unsigned char>((uuid->data[6] & 0x0f) | 0x50);  // version 5
  uuid->data[8] = static_cast<unsigned char>((uuid->data[8] & 0x3f) | 0x80);  // RFC 4122 variant
  return uuid;
}

Datum array_of(Datum* values, bool* nulls, int n, Oid type) {
  int16 length;
  bool by_value;
  char align;
  get_typlenbyvalalign(type, &length, &by_value, &align);
  int lower_bound = 1;
  return PointerGetDatum(
      construct_md_array(values, nulls, n > 0 ? 1 : 0, &n, &lower_bound, type, length, by_value, align));
}

Datum real_array(const float* values, int n) {
  auto* datums = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(n + 1)));
  auto* nulls = static_cast<bool*>(palloc(static_cast<Size>(n + 1)));
  for (int i = 0; i < n; ++i) {
    nulls[i] = std::isnan(values[i]);
    datums[i] = Float4GetDatum(values[i]);
  }
  return array_of(datums, nulls, n, FLOAT4OID);
}

GlucoseUnit require_unit(const char* name) {
  for (const GlucoseUnit unit : {GlucoseUnit::mg_dl, GlucoseUnit::mmol_l})
    if (pg_strcasecmp(name, kGlucoseUnitNames[static_cast<size_t>(unit)]) == 0) return unit;
  ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unrecognized unit \"%s\"", clipped(name)),
                  errhint("Units of glucose are mg/dL and mmol/L.")));
  pg_unreachable();
}

void require_disclaimer(const char* lang) {
  if (!glucose::disclaimer(lang).empty()) return;
  ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("no disclaimer in language \"%s\"", clipped(lang)),
                  errhint("Languages are en and de.")));
}

}  // namespace glucose::pg

SQL_FUNCTION(key_text) {
  const text* name = PG_GETARG_TEXT_PP(0);
  PG_RETURN_UUID_P(name_key(VARDATA_ANY(name), static_cast<size_t>(VARSIZE_ANY_EXHDR(name))));
}

SQL_FUNCTION(key_bigint) {
  const char* name = psprintf(INT64_FORMAT, PG_GETARG_INT64(0));
  PG_RETURN_UUID_P(name_key(name, strlen(name)));
}

SQL_FUNCTION(to_mg_dl) {
  const double value = PG_GETARG_FLOAT8(0);
  const char* unit = text_to_cstring(PG_GETARG_TEXT_PP(1));
  if (!std::isfinite(value * glucose::kMgDlPerMmolL))
    ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE), errmsg("glucose must be a finite number")));
  PG_RETURN_FLOAT8(require_unit(unit) == glucose::GlucoseUnit::mmol_l ? value * glucose::kMgDlPerMmolL : value);
}

// Asked by the table's check for what is lower than a sensor shows. It holds the number, and a message must not.
SQL_FUNCTION(is_mg_dl) {
  const float value = PG_GETARG_FLOAT4(0);
  if (value >= glucose::kGlucoseLow) PG_RETURN_BOOL(true);
  ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION),
                  errmsg("glucose of less than %g mg/dL is not stored", static_cast<double>(glucose::kGlucoseLow)),
                  errhint("Was it measured in mmol/L? Then store glucose.to_mg_dl(value, 'mmol/L').")));
  pg_unreachable();
}

// A double holds whole numbers up to 2^53; beyond, two ids would have one key.
SQL_FUNCTION(key_double) {
  const double id = PG_GETARG_FLOAT8(0);
  if (!(std::abs(id) <= 9007199254740992.0) || id != std::floor(id))
    ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
                    errmsg("a numeric identifier must be a whole number up to 2^53"),
                    errhint("Cast it: glucose.key(id::bigint), or glucose.key(id::text).")));
  const char* name = psprintf(INT64_FORMAT, static_cast<int64>(id));
  PG_RETURN_UUID_P(name_key(name, strlen(name)));
}

SQL_FUNCTION(key_integer) {
  const char* name = psprintf("%d", PG_GETARG_INT32(0));
  PG_RETURN_UUID_P(name_key(name, strlen(name)));
}

SQL_FUNCTION(disclaimer) {
  const char* lang = text_to_cstring(PG_GETARG_TEXT_PP(0));
  require_disclaimer(lang);
  const auto words = glucose::disclaimer(lang);
  PG_RETURN_TEXT_P(cstring_to_text_with_len(words.data(), static_cast<int>(words.size())));
}
