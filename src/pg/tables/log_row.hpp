// SPDX-License-Identifier: PostgreSQL
// A row of the log and its signature. What is signed is the row as it is stored, so that whoever reads it can check it.
#pragma once
#include "pg/boundary/key_file.hpp"

namespace glucose::pg {

/// The signed columns of glucose.prediction, in the order in which they are signed.
enum LogColumn : int {
  // kept for glucose.audit_retention
  kLogPerson,
  kLogId,
  kLogIssuedAt,
  kLogIssuedTo,
  kLogRole,
  kLogSessionRole,
  kLogModelType,
  kLogVersion,
  kLogSha256,
  kLogSource,
  kLogInputsDigest,
  kLogExperiment,
  kLogArm,
  kLogShadowVersion,
  kLogShadowSha256,
  kLogCachedFrom,
  kLogKept,
  // kept for glucose.values_retention
  kLogMeal = kLogKept,
  kLogAskedAt,
  kLogLevel,
  kLogUnit,
  kLogClient,
  kLogScore,
  kLogLatency,
  kLogInputs,
  kLogPredictions,
  kLogShadowPredictions,
  kLogQuestion,
  kLogSaid,
  kLogSources,
  kLogColumns,
};

/// Their names, for a SELECT or an INSERT, and their types, in that order.
#define PGG_LOG_COLUMNS                                                                                          \
  "person_id, prediction_id, issued_at, issued_to, role, session_role, model_type, version, sha256, source, "    \
  "inputs_digest, experiment, arm, shadow_version, shadow_sha256, cached_from, meal_id, asked_at, level, unit, " \
  "client_address, score, latency_ms, inputs, predictions, shadow_predictions, question, said, "                 \
  "sources"
#define PGG_LOG_TYPES                                                                                                  \
  UUIDOID, UUIDOID, TIMESTAMPTZOID, TEXTOID, NAMEOID, NAMEOID, TEXTOID, TEXTOID, BYTEAOID, TEXTOID, BYTEAOID, TEXTOID, \
      TEXTOID, TEXTOID, BYTEAOID, UUIDOID, UUIDOID, TIMESTAMPTZOID, FLOAT4OID, TEXTOID, INETOID, FLOAT4OID, FLOAT4OID, \
      FLOAT4ARRAYOID, JSONBOID, JSONBOID, UUIDOID, BYTEAOID, BYTEAOID

struct LogRow {
  Datum values[kLogColumns];
  bool nulls[kLogColumns];

  void set(LogColumn column, Datum value) {
    values[column] = value;
    nulls[column] = false;
  }
};

/// A row of nulls.
LogRow empty_log_row();

/// Digest of what purge() takes away, keyed, so that it cannot be guessed from the few values that there can be.
void sign_values(const LogRow& row, int key, uint8* values_digest);
/// HMAC of what stays and of that digest.
void sign_row(const LogRow& row, const uint8* values_digest, int key, uint8* mac);

/// Whether the row, or what of it stays, is the one that was signed.
bool fits_mac(const LogRow& row, const uint8* values_digest, const uint8* mac);
bool fits_values(const LogRow& row, const uint8* values_digest);

/// HMAC that says: purge() took the values of the row with this mac away, at that time.
void sign_purge(const uint8* mac, TimestampTz purged_at, int key, uint8* out);
bool fits_purge(const uint8* mac, TimestampTz purged_at, const uint8* purged_mac);

/// A bytea of these bytes, palloc'ed; and the bytes of one that must be 32, nullptr when it is not.
Datum bytes_datum(const void* bytes, size_t size);
const uint8* digest_in(Datum bytes);

}  // namespace glucose::pg
