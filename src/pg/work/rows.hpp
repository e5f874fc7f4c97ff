// SPDX-License-Identifier: PostgreSQL
// Rows made in small steps, with a chance to cancel before each.
#pragma once
#include "core/training/rows.hpp"
#include "pg/boundary/owned.hpp"

namespace glucose::pg {

/// Whether the person's rows count.
inline bool add_person(RowsMaker* maker, const Material& material) {
  guarded([&] { maker->begin(material); });
  run_to_end(maker);
  bool counts = false;
  guarded([&] { counts = maker->end(); });
  return counts;
}

/// One person's rows, owned by `context`; `made` gives the maker.
template <class Make>
const Rows* rows_of(const Material& material, MemoryContext context, Make&& made) {
  auto* maker = owned<std::unique_ptr<RowsMaker>>(context, made);
  add_person(maker->get(), material);
  return owned<std::unique_ptr<Rows>>(context, [&] { return (*maker)->take(); })->get();
}

}  // namespace glucose::pg
