// SPDX-License-Identifier: PostgreSQL
#include "pg/work/purge.hpp"

#include "pg/boundary/settings.hpp"
#include "pg/tables/kept_calls.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/seals.hpp"

namespace glucose::pg {

namespace {

// What a running experiment counts, and what a deployment may still be judged by, stays: before and after it.
// Without a key a signed row would look changed: it waits.
Query rows_with_old_values{
    "SELECT p.person_id, p.prediction_id, p.mac FROM glucose.prediction p WHERE p.purged_at IS NULL "
    "AND p.issued_at OPERATOR(pg_catalog.<) $1 AND (p.mac IS NULL OR $4) "
    "AND NOT EXISTS (SELECT FROM glucose.experiment e WHERE e.name OPERATOR(pg_catalog.=) p.experiment "
    "AND e.state OPERATOR(pg_catalog.=) 'running') "
    "AND NOT EXISTS (SELECT FROM glucose.deployment d WHERE d.person_id OPERATOR(pg_catalog.=) p.person_id "
    "AND d.model_type OPERATOR(pg_catalog.=) p.model_type AND d.deployed_at OPERATOR(pg_catalog.>) $2 "
    "AND p.issued_at OPERATOR(pg_catalog.>) (d.deployed_at OPERATOR(pg_catalog.-) $3)) "
    "AND NOT EXISTS (SELECT FROM glucose.population_deployment d WHERE p.source OPERATOR(pg_catalog.=) 'population' "
    "AND d.model_type OPERATOR(pg_catalog.=) p.model_type AND d.deployed_at OPERATOR(pg_catalog.>) $2 "
    "AND p.issued_at OPERATOR(pg_catalog.>) (d.deployed_at OPERATOR(pg_catalog.-) $3)) "
    "ORDER BY p.issued_at USING OPERATOR(pg_catalog.<) LIMIT $5 FOR UPDATE OF p SKIP LOCKED",
    5,
    {TIMESTAMPTZOID, TIMESTAMPTZOID, INTERVALOID, BOOLOID, INT4OID}};
Query take_values{
    "UPDATE glucose.prediction SET meal_id = NULL, asked_at = NULL, level = NULL, unit = NULL, client_address = NULL, "
    "score = NULL, latency_ms = NULL, inputs = NULL, predictions = NULL, shadow_predictions = NULL, question = NULL, "
    "said = NULL, sources = NULL, purged_at = $3, "
    "purged_mac = $4 WHERE person_id OPERATOR(pg_catalog.=) $1 AND prediction_id OPERATOR(pg_catalog.=) $2",
    4,
    {UUIDOID, UUIDOID, TIMESTAMPTZOID, BYTEAOID},
    nullptr,
    true};
Query old_seals{
    "SELECT seal_no, n_rows FROM glucose.audit_seal WHERE subject IS NOT NULL "
    "AND sealed_at OPERATOR(pg_catalog.<) $1 AND seal_no OPERATOR(pg_catalog.>) $2 "
    "ORDER BY seal_no USING OPERATOR(pg_catalog.<) LIMIT $3",
    3,
    {TIMESTAMPTZOID, INT8OID, INT4OID}};
Query count_rows{
    "SELECT pg_catalog.count(*) FROM glucose.prediction WHERE seal_no OPERATOR(pg_catalog.=) $1 "
    "AND purged_at IS NOT NULL",
    1,
    {INT8OID}};
Query delete_rows{
    "DELETE FROM glucose.prediction WHERE seal_no OPERATOR(pg_catalog.=) $1 AND purged_at IS NOT NULL", 1, {INT8OID}};
Query delete_unsigned{
    "DELETE FROM glucose.prediction WHERE (person_id, prediction_id) IN (SELECT p.person_id, p.prediction_id "
    "FROM glucose.prediction p WHERE p.seal_no IS NULL AND p.mac IS NULL AND p.purged_at IS NOT NULL "
    "AND p.issued_at OPERATOR(pg_catalog.<) $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
    2,
    {TIMESTAMPTZOID, INT4OID}};

constexpr int kSealsAtOnce = 20;
constexpr int64 kMostSealedFirst = 20000;

TimestampTz minutes_before(TimestampTz now, int minutes) {
  return now - static_cast<TimestampTz>(minutes) * USECS_PER_MINUTE;
}

Datum interval_of(int minutes) {
  auto* span = static_cast<Interval*>(palloc0(sizeof(Interval)));
  span->time = static_cast<TimeOffset>(minutes) * USECS_PER_MINUTE;
  return IntervalPGetDatum(span);
}

void take_values_of(const SPITupleTable* rows, uint64 row, TimestampTz now) {
  Parameters p;
  p.add(value(rows, row, 1));
  p.add(value(rows, row, 2));
  p.add(TimestampTzGetDatum(now));
  bool is_unsigned;
  const Datum mac = column(rows, row, 3, &is_unsigned);
  const uint8* signed_by = is_unsigned ? nullptr : digest_in(mac);
  if (signed_by == nullptr) {
    p.add_null();
  } else {
    uint8 purged_mac[kSha256Bytes];
    sign_purge(signed_by, now, 0, purged_mac);
    p.add(bytes_datum(purged_mac, sizeof purged_mac));
  }
  run(take_values, p, Mode::as_owner);
}

int64 purge_values(int most, TimestampTz now) {
  Parameters p;
  p.add(TimestampTzGetDatum(minutes_before(now, settings::values_retention_min)));
  p.add(TimestampTzGetDatum(minutes_before(now, settings::rollback_window_min)));
  p.add(interval_of(settings::rollback_window_min));
  p.add(BoolGetDatum(audit_keys() > 0));
  p.add(Int32GetDatum(most));
  run(rows_with_old_values, p, Mode::as_owner);
  SPITupleTable* rows = SPI_tuptable;
  const uint64 n = SPI_processed;
  MemoryContext of_row = AllocSetContextCreate(CurrentMemoryContext, "pg_glucose purge", ALLOCSET_DEFAULT_SIZES);
  for (uint64 row = 0; row < n; ++row) {
    CHECK_FOR_INTERRUPTS();
    MemoryContext outside = MemoryContextSwitchTo(of_row);
    take_values_of(rows, row, now);
    MemoryContextSwitchTo(outside);
    MemoryContextReset(of_row);
  }
  MemoryContextDelete(of_row);
  SPI_freetuptable(rows);
  return static_cast<int64>(n);
}

// Rows go with their seal's pseudonym or not at all: a seal whose rows are not all there stays, and tells.
void purge_seal(int64 seal_no, int32 n_rows, Purged& purged) {
  Parameters p;
  p.add(Int64GetDatum(seal_no));
  run(count_rows, p, Mode::as_owner);
  if (DatumGetInt64(value(0, 1)) != n_rows || !release_seal(seal_no)) return;
  run(delete_rows, p, Mode::as_owner);
  purged.rows += static_cast<int64>(SPI_processed);
  ++purged.seals;
}

void purge_rows(int most, TimestampTz now, Purged& purged) {
  const Datum until = TimestampTzGetDatum(minutes_before(now, settings::audit_retention_min));
  Parameters p;
  p.add(until);
  p.add(Int32GetDatum(most));
  run(delete_unsigned, p, Mode::as_owner);
  purged.rows += static_cast<int64>(SPI_processed);
  if (audit_keys() == 0) return;
  Parameters seals;
  seals.add(until);
  seals.add(Int64GetDatum(purged.last_seal));
  seals.add(Int32GetDatum(kSealsAtOnce));
  run(old_seals, seals, Mode::as_owner);
  const SPITupleTable* rows = SPI_tuptable;
  const uint64 n = SPI_processed;
  for (uint64 row = 0; row < n; ++row) {
    CHECK_FOR_INTERRUPTS();
    purged.last_seal = DatumGetInt64(value(rows, row, 1));
    purge_seal(purged.last_seal, DatumGetInt32(value(rows, row, 2)), purged);
  }
}

}  // namespace

Purged purge_piece(int most, int64 after) {
  Purged purged;
  purged.last_seal = after < 0 ? 0 : after;
  const TimestampTz now = GetCurrentTimestamp();
  if (after < 0) forget_calls(now);
  if (after < 0 && audit_keys() > 0) {
    (void)seal_rows(now, kMostSealedFirst);
    (void)release_orphans(most);
  }
  purged.values = purge_values(most, now);
  purge_rows(most, now, purged);
  return purged;
}

}  // namespace glucose::pg
