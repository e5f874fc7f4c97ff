// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/groups.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>

#include "core/tasks/cgm/features.hpp"

namespace glucose {
namespace {

CgmWindow window() {
  CgmWindow w;
  for (std::size_t i = 0; i < kCgmWindow; ++i) w[i] = 140 + 30 * std::sin(0.31F * static_cast<float>(i * i % 97));
  return w;
}

using Names = std::set<std::string_view>;

/// The groups with a column in which two windows differ.
Names that_differ(const CgmWindow& a, int minute_a, const CgmWindow& b, int minute_b) {
  const CgmColumns x = cgm_columns(a, minute_a), y = cgm_columns(b, minute_b);
  Names names;
  for (std::size_t p = 0; p < kCgmColumns; ++p)
    if (std::abs(x[p] - y[p]) > 1e-4F) names.insert(name_of(cgm_group_of(p)));
  return names;
}

/// The window with another value so many minutes before the last one.
CgmWindow changed(std::size_t minutes_ago, float by) {
  CgmWindow w = window();
  w[kCgmWindow - 1 - minutes_ago / kCgmStepMin] += by;
  return w;
}

TEST(CgmGroups, HoldTheColumnsTheyAreNamedFor) {
  const CgmWindow w = window();
  EXPECT_EQ(that_differ(w, 600, w, 700), Names({"time_of_day"}));
  CgmWindow higher = w;
  for (float& value : higher) value += 20;
  EXPECT_EQ(that_differ(w, 0, higher, 0), Names({"last_reading", "change_by_level", "variation"}));
  EXPECT_EQ(that_differ(w, 0, changed(600, 100), 0), Names({"longer_past", "variation"}));
  EXPECT_EQ(that_differ(w, 0, changed(90, 3), 0),
            Names({"last_2_hours", "longer_past", "variation", "change_by_variation"}));
  EXPECT_EQ(that_differ(w, 0, changed(40, 3), 0),
            Names({"last_hour", "longer_past", "variation", "change_by_level", "change_by_variation"}));
  const Names near = that_differ(w, 0, changed(10, 3), 0);
  EXPECT_TRUE(near.contains("last_15_minutes"));
  EXPECT_FALSE(near.contains("last_hour") || near.contains("last_2_hours") || near.contains("last_reading"));
}

TEST(CgmGroups, AreAllInUseAndTheConstantIsOne) {
  Names names;
  for (std::size_t p = 0; p < kCgmColumns; ++p) names.insert(name_of(cgm_group_of(p)));
  EXPECT_EQ(names.size(), kCgmGroups);
  const CgmColumns x = cgm_columns(window(), 0);
  for (std::size_t p = 0; p < kCgmColumns; ++p)
    if (cgm_group_of(p) == CgmGroup::constant) {
      EXPECT_EQ(x[p], 1);
    }
}

TEST(CgmGroups, SayWhatAWindowIsInAPersonsTerms) {
  const CgmWindow w = window();
  const auto ago = [&](std::size_t minutes) { return w[kCgmWindow - 1 - minutes / kCgmStepMin]; };
  double mean = 0, mean_of_hour = 0, squares = 0;
  for (std::size_t i = 0; i < kCgmWindow; ++i) mean += static_cast<double>(w[i]) / kCgmWindow;
  for (std::size_t i = kCgmWindow - 12; i < kCgmWindow; ++i) mean_of_hour += static_cast<double>(w[i]) / 12;
  for (std::size_t i = kCgmWindow - 12; i < kCgmWindow; ++i)
    squares += std::pow(static_cast<double>(w[i]) - mean_of_hour, 2) / 12;
  for (const int minute : {0, 1, 359, 720, 1439}) {
    const CgmColumns x = cgm_columns(w, minute);
    const auto value = [&](CgmGroup group) { return static_cast<double>(cgm_group_value(group, x.data())); };
    EXPECT_NEAR(value(CgmGroup::last_reading), w.back(), 1e-3);
    EXPECT_NEAR(value(CgmGroup::last_15_minutes), w.back() - ago(15), 1e-3);
    EXPECT_NEAR(value(CgmGroup::last_hour), w.back() - ago(60), 1e-3);
    EXPECT_NEAR(value(CgmGroup::last_2_hours), w.back() - ago(115), 1e-3);
    EXPECT_NEAR(value(CgmGroup::longer_past), mean, 1e-3);
    EXPECT_NEAR(value(CgmGroup::variation), std::sqrt(squares), 1e-3);
    EXPECT_EQ(value(CgmGroup::time_of_day), minute);
    EXPECT_TRUE(std::isnan(value(CgmGroup::constant)) && std::isnan(value(CgmGroup::change_by_level)));
  }
}

}  // namespace
}  // namespace glucose
