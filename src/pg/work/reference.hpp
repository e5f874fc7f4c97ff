// SPDX-License-Identifier: PostgreSQL
// What a training leaves behind so that drift can be told from its rows later, whatever is trained. Needs no
// transaction; polls for interrupts.
#pragma once
#include "core/watching/watch.hpp"
#include "pg/boundary/server.hpp"

namespace glucose::pg {

/// A training's sketches, and the days of its persons, of which it is known only afterwards how many were learnt from.
struct Reference {
  std::vector<KeptSketch> kept;
  WatchedRows days;
  WatchedForecasts forecasts;
};

Reference* make_reference(bool of_population, MemoryContext context);

/// Sketches of the rows that weights are learnt from.
void add_rows(Reference& reference, const Rows& rows, bool of_population, MemoryContext context);

/// Shows a part of rows after the other.
void show_all(const Rows& rows, RowWatcher& watcher);

/// Sketches of days up to a moment, and of the forecasts; then all of them, as they are stored in metadata.
Notes finish_reference(Reference& reference, Micros learnt_until);

}  // namespace glucose::pg
