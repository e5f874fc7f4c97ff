// SPDX-License-Identifier: PostgreSQL
// The columns of a window by what they say: what explanations and importances are about.
#pragma once
#include <string_view>

#include "core/tasks/cgm/schema.hpp"

namespace glucose {

/// last_reading: the level, its powers · last_15_minutes, last_hour, last_2_hours: earlier values minus the last one,
/// slopes, their powers and products (each with the later of the two) · longer_past: means, least and most of 3, 6 and
/// 12 hours · variation: logarithms of SDs, one times the level · change_by_level, change_by_variation: earlier values
/// and slopes times these · time_of_day · constant
enum class CgmGroup : std::uint8_t {
  last_reading,
  last_15_minutes,
  last_hour,
  last_2_hours,
  longer_past,
  variation,
  change_by_level,
  change_by_variation,
  time_of_day,
  constant
};
inline constexpr std::size_t kCgmGroups = 10;

/// Of static storage.
std::string_view name_of(CgmGroup group);

CgmGroup cgm_group_of(std::size_t column);

/// What a group says of a window, in a person's terms: the last reading (mg/dL), the change over 15, 60 or 115 minutes
/// (mg/dL), the mean of twelve hours (mg/dL), the SD of the last hour (mg/dL), the minute of the day; NaN for products
/// and the constant. in: x [P]
float cgm_group_value(CgmGroup group, const float* x);

}  // namespace glucose
