// SPDX-License-Identifier: PostgreSQL
// The meals of a person and the readings around them, as a rule about meals sees them.
#pragma once
#include "core/days/meal_lines.hpp"
#include "core/tasks/event/columns.hpp"

namespace glucose {

inline constexpr Micros kMealReach = 31 * kDay;

class Mealtimes {
 public:
  /// rule, readings and lines, both sorted by time, must outlive it
  Mealtimes(const EventRule& rule, std::span<const Reading> readings, std::span<const Meal> lines)
      : rule_(rule), readings_(readings), columns_(rule), whole_(lines) {}

  /// Lines within a quarter of an hour as one.
  std::span<const Meal> meals() const { return whole_.all(); }

  /// Of the readings after a meal, at most the horizon, that were known at a moment. Not known where they are in less
  /// than 70 % of its quarters of an hour.
  EventTruth outcome(Micros eaten_at, Micros as_of) const;
  /// Whether it is so by the last reading, a quarter of an hour old at most.
  EventTruth now(Micros at) const;

  /// As of the moment it is eaten.
  EventLook look(const Meal& meal) const;

 private:
  std::span<const Reading> between(Micros after, Micros until) const;
  void add_readings(Micros at, EventLook& look) const;
  void add_meal(const Meal& meal, EventLook& look) const;
  void add_earlier(const Meal& meal, EventLook& look) const;
  void add_sequence(const Meal& meal, EventLook& look) const;

  const EventRule& rule_;
  std::span<const Reading> readings_;
  EventColumns columns_;
  WholeMeals whole_;
};

}  // namespace glucose
