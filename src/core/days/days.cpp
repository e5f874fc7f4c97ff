// SPDX-License-Identifier: PostgreSQL
#include "core/days/days.hpp"

#include <algorithm>
#include <cmath>

#include "core/days/food.hpp"

namespace glucose {

namespace {

bool may_be_negative(Input input) {
  return input == Input::sleep_onset || input == Input::skin_temperature_deviation;
}

}  // namespace

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
  for (const DayChange& c : material.changes)
    if (material.calendar.has(c.day)) change(c);
}

void DayTable::change(const DayChange& c) {
  // What meals say counts more than what was stored of their sums.
  const float eaten = eaten_of(food_of(material_, c.day, as_of_), c.input);
  float& value = values_[place(c.day, static_cast<int>(c.input))];
  const float before = std::isnan(eaten) ? value : eaten;
  value = c.relative ? std::max(before + c.value, may_be_negative(c.input) ? before + c.value : 0.0F) : c.value;
}

bool DayTable::is_changed(std::int32_t day, Input input) const {
  const auto& changes = material_.changes;
  return std::any_of(changes.begin(), changes.end(),
                     [&](const DayChange& c) { return c.day == day && c.input == input; });
}

bool DayTable::ever(std::int32_t day, Input input) const {
  const auto i = static_cast<std::size_t>(input);
  // Before the calendar everything is taken for known: it lies a month and more behind.
  return first_[i] <= day || material_.ever[i] < material_.calendar.first_day;
}

}  // namespace glucose
