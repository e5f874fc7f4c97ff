// SPDX-License-Identifier: PostgreSQL
// The plain structs that cross the wall between src/pg and src/core. NaN stands for "not known".
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>

#include "core/base/units.hpp"

namespace glucose {

inline constexpr float kUnknown = std::numeric_limits<float>::quiet_NaN();

enum class MealType : std::uint8_t { breakfast, lunch, dinner, snack };
inline constexpr int kMealTypes = 4;
inline constexpr std::array<const char*, kMealTypes> kMealTypeNames{"breakfast", "lunch", "dinner", "snack"};

/// One sensor value. `recorded_at` is when the database learnt it; equal to `measured_at` for imported history.
struct Reading {
  Micros measured_at;
  Micros recorded_at;
  float mg_dl;
};

/// What the person ate: kcal and grams, NaN where not known.
struct Nutrition {
  float calories, carbs_g, protein_g, fat_g, fiber_g;
};

/// The person's wall clock at a moment: minute of the day 0 … 1439, weekday 0 = Sunday.
struct LocalClock {
  int minute_of_day;
  int weekday;
};

/// The person's clock over a period: minutes ahead of UTC, one entry a day from the one of `first_at` on. Core's epoch
/// is a midnight UTC here.
struct DayClock {
  Micros first_at = 0;
  std::span<const int> offsets_min;

  int minute_of_day(Micros at) const {
    const Micros day = (at - first_at) / kDay;
    const auto last = static_cast<Micros>(offsets_min.size()) - 1;
    const int offset = last < 0 ? 0 : offsets_min[static_cast<std::size_t>(std::clamp<Micros>(day, 0, last))];
    const auto minute = static_cast<int>((at / kMinute + offset) % 1440);
    return minute < 0 ? minute + 1440 : minute;
  }
};

/// A meal as the features see it. The id is 16 raw bytes, opaque to core.
struct Meal {
  std::array<std::uint8_t, 16> id;
  Micros eaten_at;
  LocalClock clock;
  MealType type;
  Nutrition nutrition;
};

static_assert(std::is_trivially_copyable_v<Reading> && std::is_trivially_copyable_v<Meal>);

}  // namespace glucose
