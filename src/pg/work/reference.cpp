// SPDX-License-Identifier: PostgreSQL
#include "pg/work/reference.hpp"

#include "core/watching/days_watch.hpp"
#include "pg/boundary/owned.hpp"

namespace glucose::pg {

namespace {

constexpr std::size_t kMostDays = 366 * 10;  // of one person; of many, persons are thinned instead

void add_features(Reference& reference, const WatchedRows& watched) {
  for (std::size_t feature = 0; feature < watched.features(); ++feature) {
    CHECK_FOR_INTERRUPTS();
    guarded([&] { add_sketch(reference.kept, watched, feature); });
  }
}

}  // namespace

Reference* make_reference(bool of_population, MemoryContext context) {
  return owned<Reference>(context, [&] {
    return Reference{{}, WatchedRows(watched_of_days(), kMostDays, of_population, {}), {}};
  });
}

void show_all(const Rows& rows, RowWatcher& watcher) {
  std::size_t parts = 0;
  guarded([&] { parts = rows.parts(); });
  for (std::size_t part = 0; part < parts; ++part) {
    CHECK_FOR_INTERRUPTS();
    guarded([&] { rows.show(part, watcher); });
  }
}

void add_rows(Reference& reference, const Rows& rows, bool of_population, MemoryContext context) {
  auto* watched = owned<WatchedRows>(
      context, [&] { return WatchedRows(rows.watched(), rows.size(), of_population, {.learnt_only = true}); });
  show_all(rows, *watched);
  add_features(reference, *watched);
}

Notes finish_reference(Reference& reference, Micros learnt_until) {
  reference.days.forget_from(learnt_until + 1);
  for (std::size_t feature = 0; feature < reference.days.features(); ++feature)
    add_sketch(reference.kept, reference.days, feature);
  add_sketches(reference.kept, reference.forecasts);
  return notes_of(reference.kept);
}

}  // namespace glucose::pg
