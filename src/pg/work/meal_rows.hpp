// SPDX-License-Identifier: PostgreSQL
// Rows of one person's meals, for what is asked about meals alone.
#pragma once
#include "core/tasks/meal/rows.hpp"
#include "pg/work/rows.hpp"

namespace glucose::pg {

inline const std::vector<Sample>& meal_rows(const Material& material, MemoryContext context,
                                            const MealRowsWanted& wanted) {
  return static_cast<const MealRows*>(rows_of(material, context, [&] { return make_meal_rows(wanted); }))->only();
}

}  // namespace glucose::pg
