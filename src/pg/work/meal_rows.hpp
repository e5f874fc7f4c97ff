// SPDX-License-Identifier: PostgreSQL
// Rows of one person's meals, for what is asked about meals alone.
#pragma once
#include "core/tasks/meal/rows.hpp"
#include "pg/work/rows.hpp"

namespace glucose::pg {

/// wanted: gives MealRowsWanted. It is called behind the wall, for what it gives owns memory.
template <class Wanted>
const std::vector<Sample>* meal_rows(const Material& material, MemoryContext context, Wanted&& wanted) {
  const Rows* rows = rows_of(material, context, [&] { return make_meal_rows(wanted()); });
  return &static_cast<const MealRows*>(rows)->only();
}

}  // namespace glucose::pg
