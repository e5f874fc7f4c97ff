// SPDX-License-Identifier: PostgreSQL
#include "pg/tables/source_order.hpp"

#include <algorithm>

#include "pg/tables/query.hpp"

namespace glucose::pg {

namespace {

// The person's own order first: names of sources in a row, rank by rank.
Query preferences{
    "SELECT p.metric, s.source, s.rank, true FROM glucose.source_preference p, "
    "pg_catalog.unnest(p.sources) WITH ORDINALITY AS s (source, rank) WHERE p.person_id OPERATOR(pg_catalog.=) $1 "
    "UNION ALL SELECT m.name, s.source, s.rank, false FROM glucose.metric m, "
    "pg_catalog.unnest(m.sources) WITH ORDINALITY AS s (source, rank)",
    1,
    {UUIDOID}};

// Smaller counts first: 0 … named by the person, then named for all, then the others, alike. An array has fewer.
constexpr int64 kOfAll = int64{1} << 32, kOthers = int64{1} << 33;

/// Where a source of a metric stands.
struct Preference {
  const char *metric, *source;
  int64 place;
};

int compare(const Preference& a, const char* metric, const char* source) {
  const int metrics = strcmp(a.metric, metric);
  return metrics != 0 ? metrics : strcmp(a.source, source);
}

struct Preferences {
  Preference* rows;  // by metric, source and place
  int64 n;

  int64 place(const StoredValue& value) const {
    const Preference* found = std::lower_bound(
        rows, rows + n, value,
        [](const Preference& p, const StoredValue& wanted) { return compare(p, wanted.metric, wanted.source) < 0; });
    return found != rows + n && compare(*found, value.metric, value.source) == 0 ? found->place : kOthers;
  }
};

Preferences read_preferences(const Person& person) {
  Parameters p;
  p.add(UUIDPGetDatum(&person.id));
  run(preferences, p, Mode::read);
  Preferences all{static_cast<Preference*>(palloc(sizeof(Preference) * (SPI_processed + 1))), 0};
  for (uint64 i = 0; i < SPI_processed; ++i) {
    bool is_null;
    const Datum source = column(i, 2, &is_null);
    if (is_null) continue;
    all.rows[all.n++] = {TextDatumGetCString(value(i, 1)), TextDatumGetCString(source),
                         DatumGetInt64(value(i, 3)) + (DatumGetBool(value(i, 4)) ? 0 : kOfAll)};
  }
  std::sort(all.rows, all.rows + all.n, [](const Preference& a, const Preference& b) {
    const int names = compare(a, b.metric, b.source);
    return names != 0 ? names < 0 : a.place < b.place;
  });
  return all;
}

bool is_same_day(const StoredValue& a, const StoredValue& b) {
  return a.day == b.day && strcmp(a.metric, b.metric) == 0;
}

// Those alike stay in the order of their names.
void put_day_in_order(StoredValue* rows, int64 n, const Preferences& order) {
  struct Placed {
    int64 place, at;
  };
  auto* placed = static_cast<Placed*>(palloc(sizeof(Placed) * static_cast<size_t>(n)));
  auto* before = static_cast<StoredValue*>(palloc(sizeof(StoredValue) * static_cast<size_t>(n)));
  for (int64 i = 0; i < n; ++i) {
    CHECK_FOR_INTERRUPTS();
    placed[i] = {order.place(rows[i]), i};
    before[i] = rows[i];
  }
  std::sort(placed, placed + n,
            [](const Placed& a, const Placed& b) { return a.place != b.place ? a.place < b.place : a.at < b.at; });
  for (int64 i = 0; i < n; ++i) rows[i] = before[placed[i].at];
  pfree(before);
  pfree(placed);
}

}  // namespace

void put_in_order(const Person& person, StoredValues& values) {
  // Few days have two sources: only then is asked who comes first.
  bool has_asked = false;
  Preferences order{};
  for (int64 begin = 0, end; begin < values.n; begin = end) {
    for (end = begin + 1; end < values.n && is_same_day(values.rows[begin], values.rows[end]);) ++end;
    if (end - begin < 2) continue;
    if (!has_asked) order = read_preferences(person);
    has_asked = true;
    put_day_in_order(values.rows + begin, end - begin, order);
  }
}

}  // namespace glucose::pg
