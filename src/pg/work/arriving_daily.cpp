// SPDX-License-Identifier: PostgreSQL
#include "pg/work/arriving_daily.hpp"

#include <algorithm>

#include "pg/tables/query.hpp"
#include "pg/tables/relations.hpp"

namespace glucose::pg {

namespace {

// Parameters 2 to 4: the key.
#define VALUE_KEYS "pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4)"
#define KEY_TYPES UUIDOID, TEXTARRAYOID, DATEARRAYOID, TEXTARRAYOID
// One place of the index for each, whatever else there is; OFFSET keeps it so.
#define EACH_VALUE(columns)                                                                                   \
  "SELECT d.* FROM ROWS FROM (" VALUE_KEYS ") AS v (metric, day, source) CROSS JOIN LATERAL (SELECT " columns \
  " FROM glucose.daily_metric d WHERE d.person_id OPERATOR(pg_catalog.=) $1 "                                 \
  "AND d.metric OPERATOR(pg_catalog.=) v.metric AND d.day OPERATOR(pg_catalog.=) v.day "                      \
  "AND d.source OPERATOR(pg_catalog.=) v.source OFFSET 0"

Query find{EACH_VALUE("d.metric, d.day, d.source, d.value") ") AS d", 4, {KEY_TYPES}, nullptr, true};
Query lock_rows{EACH_VALUE("1") " FOR NO KEY UPDATE) AS d", 4, {KEY_TYPES}, nullptr, true};

// In the order of the arrays, which is that of the key: two imports of the same rows wait for each other in turn.
Query add_rows{
    "INSERT INTO glucose.daily_metric (person_id, metric, day, source, value, unit) "
    "SELECT $1, v.metric, v.day, v.source, v.value, v.unit FROM ROWS FROM (" VALUE_KEYS
    ", pg_catalog.unnest($5), pg_catalog.unnest($6)) AS v (metric, day, source, value, unit) "
    "ON CONFLICT DO NOTHING",
    6,
    {KEY_TYPES, FLOAT4ARRAYOID, TEXTARRAYOID},
    nullptr,
    true};
Query add_recorded_rows{
    "INSERT INTO glucose.daily_metric (person_id, metric, day, source, value, unit, recorded_at) "
    "SELECT $1, v.metric, v.day, v.source, v.value, v.unit, v.recorded_at FROM ROWS FROM (" VALUE_KEYS
    ", pg_catalog.unnest($5), pg_catalog.unnest($6), pg_catalog.unnest($7)) "
    "AS v (metric, day, source, value, unit, recorded_at) ON CONFLICT DO NOTHING",
    7,
    {KEY_TYPES, FLOAT4ARRAYOID, TEXTARRAYOID, TIMESTAMPTZARRAYOID},
    nullptr,
    true};
Query correct_rows{
    "UPDATE glucose.daily_metric AS d SET value = v.value, "
    "recorded_at = CASE WHEN v.says_when THEN v.recorded_at ELSE d.recorded_at END FROM ROWS FROM (" VALUE_KEYS
    ", pg_catalog.unnest($5), pg_catalog.unnest($6), pg_catalog.unnest($7), pg_catalog.unnest($8)) "
    "AS v (metric, day, source, value, unit, recorded_at, says_when) "
    "WHERE d.person_id OPERATOR(pg_catalog.=) $1 AND d.metric OPERATOR(pg_catalog.=) v.metric "
    "AND d.day OPERATOR(pg_catalog.=) v.day AND d.source OPERATOR(pg_catalog.=) v.source "
    "AND d.value OPERATOR(pg_catalog.<>) v.value",
    8,
    {KEY_TYPES, FLOAT4ARRAYOID, TEXTARRAYOID, TIMESTAMPTZARRAYOID, BOOLARRAYOID},
    nullptr,
    true};

class ArrivingValues final : public Arrivals {
 public:
  const pg_uuid_t* person_id;
  const ArrivingValue* rows;

  void look(bool at_newest) override {
    run(find, keys(Found::settled), at_newest ? Mode::write : Mode::read);
    for (int i = 0; i < n; ++i)
      if (found[i] != Found::settled) found[i] = Found::nothing;
    for (uint64 k = 0; k < SPI_processed; ++k) {
      CHECK_FOR_INTERRUPTS();
      const int i =
          place_of(TextDatumGetCString(value(k, 1)), DatumGetDateADT(value(k, 2)), TextDatumGetCString(value(k, 3)));
      if (i < 0 || found[i] == Found::settled) continue;
      found[i] = DatumGetFloat4(value(k, 4)) == rows[i].value ? Found::the_same : Found::another;
    }
  }

  uint64 add() override {
    bool says_when = false;
    for (int i = 0; i < n; ++i) says_when = says_when || (found[i] == Found::nothing && rows[i].names_recorded_at);
    Parameters p = amounts(Found::nothing);
    if (says_when) add_recorded_at(p, Found::nothing);
    run(says_when ? add_recorded_rows : add_rows, p, Mode::write);
    return SPI_processed;
  }

  uint64 correct() override {
    if (is_table("daily_metric")) run(lock_rows, keys(Found::another), Mode::write);
    Parameters p = amounts(Found::another);
    add_recorded_at(p, Found::another);
    add_column(p, rows, Found::another, BOOLOID,
               [](const ArrivingValue& row, bool*) { return BoolGetDatum(row.names_recorded_at); });
    run(correct_rows, p, Mode::write);
    return SPI_processed;
  }

 private:
  int place_of(const char* metric, DateADT day, const char* source) const {
    int low = 0, high = n;
    while (low < high) {
      const int middle = low + (high - low) / 2;
      int order = strcmp(rows[middle].metric->name, metric);
      if (order == 0) order = rows[middle].day < day ? -1 : rows[middle].day > day;
      if (order == 0) order = strcmp(rows[middle].source, source);
      if (order == 0) return middle;
      (order < 0 ? low : high) = order < 0 ? middle + 1 : middle;
    }
    return -1;
  }

  Parameters keys(Found what) const {
    Parameters p;
    p.add(UUIDPGetDatum(person_id));
    add_column(p, rows, what, TEXTOID,
               [](const ArrivingValue& row, bool*) { return CStringGetTextDatum(row.metric->name); });
    add_column(p, rows, what, DATEOID, [](const ArrivingValue& row, bool*) { return DateADTGetDatum(row.day); });
    add_column(p, rows, what, TEXTOID, [](const ArrivingValue& row, bool*) { return CStringGetTextDatum(row.source); });
    return p;
  }

  Parameters amounts(Found what) const {
    Parameters p = keys(what);
    add_column(p, rows, what, FLOAT4OID, [](const ArrivingValue& row, bool*) { return Float4GetDatum(row.value); });
    add_column(p, rows, what, TEXTOID,
               [](const ArrivingValue& row, bool*) { return CStringGetTextDatum(row.metric->unit); });
    return p;
  }

  void add_recorded_at(Parameters& p, Found what) const {
    add_column(p, rows, what, TIMESTAMPTZOID, [](const ArrivingValue& row, bool* is_null) {
      *is_null = !row.names_recorded_at || row.is_recorded_at_end;
      return TimestampTzGetDatum(row.recorded_at);
    });
  }
};

}  // namespace

void import_daily(const Person& person, Jsonb* values, const ImportOptions& options, Tally& tally) {
  const GivenValues given = read_given_values(person, values, options, tally);
  ArrivingValues arriving;
  arriving.person_id = &person.id;
  arriving.rows = given.rows;
  arriving.begin(given.rows, given.n);
  settle(arriving, options, tally);
}

}  // namespace glucose::pg
