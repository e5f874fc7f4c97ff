// SPDX-License-Identifier: PostgreSQL
#include "pg/work/purge.hpp"

#include "pg/boundary/arguments.hpp"
#include "pg/boundary/settings.hpp"
#include "pg/tables/kept_calls.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/seals.hpp"

namespace glucose::pg {

namespace {

// What a running experiment counts, and what a deployment may still be judged by, stays: before and after it.
// Without a key a signed row would look changed: it waits.
Query rows_with_old_values{
    "SELECT p.person_id, p.prediction_id, p.mac, p.issued_at FROM glucose.prediction p WHERE p.purged_at IS NULL "
    "AND p.issued_at OPERATOR(pg_catalog.>=) $6 AND p.issued_at OPERATOR(pg_catalog.<) $1 AND (p.mac IS NULL OR $4) "
    "AND NOT EXISTS (SELECT FROM glucose.experiment e WHERE e.name OPERATOR(pg_catalog.=) p.experiment "
    "AND e.state OPERATOR(pg_catalog.=) 'running') "
    "AND NOT EXISTS (SELECT FROM glucose.deployment d WHERE d.person_id OPERATOR(pg_catalog.=) p.person_id "
    "AND d.model_type OPERATOR(pg_catalog.=) p.model_type AND d.deployed_at OPERATOR(pg_catalog.>) $2 "
    "AND p.issued_at OPERATOR(pg_catalog.>) (d.deployed_at OPERATOR(pg_catalog.-) $3)) "
    "AND NOT EXISTS (SELECT FROM glucose.population_deployment d WHERE p.source OPERATOR(pg_catalog.=) 'population' "
    "AND d.model_type OPERATOR(pg_catalog.=) p.model_type AND d.deployed_at OPERATOR(pg_catalog.>) $2 "
    "AND p.issued_at OPERATOR(pg_catalog.>) (d.deployed_at OPERATOR(pg_catalog.-) $3)) "
    "ORDER BY p.issued_at USING OPERATOR(pg_catalog.<) LIMIT $5 FOR UPDATE OF p SKIP LOCKED",
    6,
    {TIMESTAMPTZOID, TIMESTAMPTZOID, INTERVALOID, BOOLOID, INT4OID, TIMESTAMPTZOID}};
// All rows of a piece at once.
Query take_values{
    "UPDATE glucose.prediction p SET meal_id = NULL, asked_at = NULL, level = NULL, unit = NULL, client_address = "
    "NULL, "
    "score = NULL, latency_ms = NULL, inputs = NULL, predictions = NULL, shadow_predictions = NULL, question = NULL, "
    "said = NULL, sources = NULL, purged_at = $4, "
    "purged_mac = r.mac FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3)) "
    "AS r (person_id, prediction_id, mac) WHERE p.person_id OPERATOR(pg_catalog.=) r.person_id "
    "AND p.prediction_id OPERATOR(pg_catalog.=) r.prediction_id",
    4,
    {UUIDARRAYOID, UUIDARRAYOID, BYTEAARRAYOID, TIMESTAMPTZOID},
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
    "WITH old AS (SELECT p.person_id, p.prediction_id "
    "FROM glucose.prediction p WHERE p.seal_no IS NULL AND p.mac IS NULL AND p.purged_at IS NOT NULL "
    "AND p.issued_at OPERATOR(pg_catalog.>=) $3 AND p.issued_at OPERATOR(pg_catalog.<) $1 "
    "ORDER BY p.issued_at USING OPERATOR(pg_catalog.<) LIMIT $2 FOR UPDATE SKIP LOCKED) "
    "DELETE FROM glucose.prediction d USING old WHERE d.person_id OPERATOR(pg_catalog.=) old.person_id "
    "AND d.prediction_id OPERATOR(pg_catalog.=) old.prediction_id RETURNING d.issued_at",
    3,
    {TIMESTAMPTZOID, INT4OID, TIMESTAMPTZOID}};

constexpr int kSealsAtOnce = 20;
constexpr int64 kMostSealedFirst = 20000;

Datum interval_of(int minutes) {
  auto* span = static_cast<Interval*>(palloc0(sizeof(Interval)));
  span->time = static_cast<TimeOffset>(minutes) * USECS_PER_MINUTE;
  return IntervalPGetDatum(span);
}

// What says that purge() has taken the values of a signed row; nothing does of an unsigned one.
Datum purge_mac(Datum mac, TimestampTz now) {
  const uint8* signed_by = digest_in(mac);
  if (signed_by == nullptr) return 0;
  uint8 purged_mac[kSha256Bytes];
  sign_purge(signed_by, now, 0, purged_mac);
  return bytes_datum(purged_mac, sizeof purged_mac);
}

// Of the result's rows.
void take_values_of_result(uint64 n, TimestampTz now) {
  const SPITupleTable* rows = SPI_tuptable;
  auto* persons = static_cast<Datum*>(palloc(3 * n * sizeof(Datum)));
  Datum *ids = persons + n, *macs = ids + n;
  auto* nulls = static_cast<bool*>(palloc(n * sizeof(bool)));
  for (uint64 row = 0; row < n; ++row) {
    persons[row] = value(rows, row, 1);
    ids[row] = value(rows, row, 2);
    bool is_unsigned;
    const Datum mac = column(rows, row, 3, &is_unsigned);
    macs[row] = is_unsigned ? 0 : purge_mac(mac, now);
    nulls[row] = macs[row] == 0;
  }
  Parameters p;
  p.add(array_of(persons, nullptr, static_cast<int>(n), UUIDOID));
  p.add(array_of(ids, nullptr, static_cast<int>(n), UUIDOID));
  p.add(array_of(macs, nulls, static_cast<int>(n), BYTEAOID));
  p.add(TimestampTzGetDatum(now));
  run(take_values, p, Mode::as_owner);
}

int64 purge_values(int most, TimestampTz now, TimestampTz& place) {
  Parameters p;
  p.add(TimestampTzGetDatum(minutes_before(now, settings::values_retention_min)));
  p.add(TimestampTzGetDatum(minutes_before(now, settings::rollback_window_min)));
  p.add(interval_of(settings::rollback_window_min));
  p.add(BoolGetDatum(keys_of(audit_key) > 0));
  p.add(Int32GetDatum(most));
  p.add(TimestampTzGetDatum(place));
  run(rows_with_old_values, p, Mode::as_owner);
  const uint64 n = SPI_processed;
  if (n == 0) return 0;
  place = DatumGetTimestampTz(value(n - 1, 4));
  take_values_of_result(n, now);
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

void purge_unsigned(int most, Datum until, TimestampTz& place, Purged& purged) {
  Parameters p;
  p.add(until);
  p.add(Int32GetDatum(most));
  p.add(TimestampTzGetDatum(place));
  run(delete_unsigned, p, Mode::as_owner);
  for (uint64 row = 0; row < SPI_processed; ++row) {
    const TimestampTz issued_at = DatumGetTimestampTz(value(row, 1));
    if (issued_at > place) place = issued_at;
  }
  purged.rows += static_cast<int64>(SPI_processed);
}

// Seals until enough rows have gone; a seal's rows, up to 10,000, go together.
void purge_seals(int most, Datum until, int64& place, Purged& purged) {
  Parameters p;
  p.add(until);
  p.add(Int64GetDatum(place));
  p.add(Int32GetDatum(kSealsAtOnce));
  run(old_seals, p, Mode::as_owner);
  const SPITupleTable* rows = SPI_tuptable;
  const uint64 n = SPI_processed;
  for (uint64 row = 0; row < n && purged.rows < most; ++row) {
    CHECK_FOR_INTERRUPTS();
    place = DatumGetInt64(value(rows, row, 1));
    purge_seal(place, DatumGetInt32(value(rows, row, 2)), purged);
  }
}

}  // namespace

Purged purge_piece(int most, PurgePlace& place) {
  Purged purged;
  const TimestampTz now = GetCurrentTimestamp();
  if (place.seal < 0) forget_calls(now);
  if (place.seal < 0 && keys_of(audit_key) > 0) {
    (void)seal_rows(now, kMostSealedFirst);
    (void)release_orphans(most);
  }
  const int64 before = place.seal;
  if (place.seal < 0) place.seal = 0;
  purged.values = purge_values(most, now, place.values);
  const Datum until = TimestampTzGetDatum(minutes_before(now, settings::audit_retention_min));
  purge_unsigned(most, until, place.rows, purged);
  if (keys_of(audit_key) > 0) purge_seals(most, until, place.seal, purged);
  purged.is_done = purged.values == 0 && purged.rows == 0 && before == place.seal;
  return purged;
}

}  // namespace glucose::pg
