// SPDX-License-Identifier: PostgreSQL
#include "core/days/days.hpp"

#include <cmath>

namespace glucose {

DayTable::DayTable(const DailyMaterial& material, Micros as_of)
    : material_(material),
      as_of_(as_of),
      values_(static_cast<std::size_t>(material.calendar.n()) * kColumns, kUnknown) {
  first_.fill(kNever);
  for (const DailyRow& row : material.rows) {
    if (!material.calendar.has(row.day) || row.known_at > as_of) continue;
    float& value = values_[place(row.day, row.input)];
    if (!std::isnan(value)) continue;  // a source that counts more was known
    value = row.value;
    if (row.input < kInputs) {
      auto& first = first_[static_cast<std::size_t>(row.input)];
      first = std::min(first, row.day);
    }
  }
}

bool DayTable::ever(std::int32_t day, Input input) const {
  const auto i = static_cast<std::size_t>(input);
  // Before the calendar everything is taken for known: it lies a month and more behind.
  return first_[i] <= day || material_.ever[i] < material_.calendar.first_day;
}

}  // namespace glucose
