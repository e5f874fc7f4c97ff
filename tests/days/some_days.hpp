// SPDX-License-Identifier: PostgreSQL
// Days of a person in UTC, by hand.
#pragma once
#include <vector>

#include "core/days/daily_features.hpp"

namespace glucose {

/// n days from `first` on; core's epoch is 2000-01-01.
class SomeDays {
 public:
  SomeDays(std::int32_t first, int n) {
    for (int i = 0; i <= n; ++i) midnights_.push_back((first + i) * kDay);
    material_.calendar = {first, midnights_};
  }
  SomeDays(const SomeDays&) = delete;
  SomeDays& operator=(const SomeDays&) = delete;

  /// Known at the end of the day.
  void put(std::int32_t day, Input input, float value) { put(day, input, value, (day + 1) * kDay); }
  void put(std::int32_t day, Input input, float value, Micros known_at) {
    put(day, static_cast<int>(input), value, known_at);
  }
  void put(std::int32_t day, int column, float value, Micros known_at) {
    rows_.push_back({day, static_cast<std::int16_t>(column), value, known_at});
  }
  void eat(std::int32_t day, int minute, Nutrition nutrition) {
    const LocalClock clock{minute, weekday_of(day)};
    meals_.push_back({{}, day * kDay + minute * kMinute, clock, MealType::snack, nutrition});
  }
  void measure(Micros at, float mg_dl) { readings_.push_back({at, at, mg_dl}); }

  DailyMaterial& material() {
    material_.rows = rows_;
    material_.meals = meals_;
    material_.readings = readings_;
    return material_;
  }
  DailyVector at(std::int32_t day) { return daily_features(material(), day); }
  DailyVector at(std::int32_t day, Micros as_of) { return daily_features(DayTable(material(), as_of), day); }

 private:
  std::vector<Micros> midnights_;
  std::vector<DailyRow> rows_;
  std::vector<Meal> meals_;
  std::vector<Reading> readings_;
  DailyMaterial material_;
};

}  // namespace glucose
