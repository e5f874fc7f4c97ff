// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/groups.hpp"

#include <cmath>
#include <numbers>

#include "core/tasks/cgm/features.hpp"

namespace glucose {

namespace {

using Group = CgmGroup;

constexpr std::array<std::string_view, kCgmGroups> kNames{
    "last_reading", "last_15_minutes", "last_hour",           "last_2_hours", "longer_past",
    "variation",    "change_by_level", "change_by_variation", "time_of_day",  "constant"};

/// The columns in the order of cgm_columns().
constexpr std::array<Group, kCgmColumns> kGroups = [] {
  using enum CgmGroup;
  std::array<Group, kCgmColumns> groups{};
  std::size_t next = 0;
  const auto add = [&](std::size_t n, Group group) {
    for (std::size_t i = 0; i < n; ++i) groups[next++] = group;
  };
  add(11, last_2_hours);  // 115 … 65 minutes ago
  add(9, last_hour);      // 60 … 20
  add(3, last_15_minutes);
  add(1, last_reading);
  add(1, constant);
  add(6, longer_past);
  for (const Group product :
       {change_by_level, last_reading,        last_15_minutes,     last_15_minutes, last_15_minutes,
        last_15_minutes, last_hour,           last_hour,           change_by_level, last_15_minutes,
        last_15_minutes, change_by_variation, change_by_variation, variation,       change_by_variation,
        last_hour,       last_reading,        last_reading,        last_hour,       change_by_level})
    add(1, product);
  add(11, change_by_variation);
  add(11, change_by_level);
  add(1 + 4, variation);
  add(4, time_of_day);
  return groups;
}();

constexpr std::size_t column_of_value(std::size_t minutes_ago) {
  return kCgmLags - 1 - minutes_ago / kCgmStepMin;
}
constexpr std::size_t kLevel = column_of_value(0), kMeanOf12Hours = 26, kLogSdOfHour = 75, kSine = 78, kCosine = 79;

float minute_of_day(const float* x) {
  constexpr float kDayMin = 1440;
  const float minute = std::round(std::atan2(x[kSine], x[kCosine]) * kDayMin / (2 * std::numbers::pi_v<float>));
  return minute < 0 ? minute + kDayMin : minute;
}

}  // namespace

std::string_view name_of(CgmGroup group) {
  return kNames[static_cast<std::size_t>(group)];
}

CgmGroup cgm_group_of(std::size_t column) {
  return kGroups[column];
}

float cgm_group_value(CgmGroup group, const float* x) {
  const auto change = [&](std::size_t minutes) { return -x[column_of_value(minutes)] * kCgmDifferenceUnit; };
  const float level = kCgmLevelCentre + x[kLevel] * kCgmLevelUnit;
  switch (group) {
    case Group::last_reading:
      return level;
    case Group::last_15_minutes:
      return change(15);
    case Group::last_hour:
      return change(60);
    case Group::last_2_hours:
      return change(115);
    case Group::longer_past:
      return level + x[kMeanOf12Hours] * kCgmDifferenceUnit;
    case Group::variation:
      return std::expm1(x[kLogSdOfHour]);
    case Group::time_of_day:
      return minute_of_day(x);
    case Group::change_by_level:
    case Group::change_by_variation:
    case Group::constant:
      break;
  }
  return kUnknown;
}

}  // namespace glucose
