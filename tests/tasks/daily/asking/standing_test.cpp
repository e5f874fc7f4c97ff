// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/daily/asking/standing.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace glucose {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

std::vector<float> days(float first, float step, int n) {
  std::vector<float> values;
  for (int i = 0; i < n; ++i) values.push_back(first + step * static_cast<float>(i));
  return values;
}

TEST(Standing, HoldsAForecastAgainstTheLastDays) {
  const std::vector<float> last{50, kNan, 52, 54, 56};
  const Standing o = standing_of(last, 54);
  EXPECT_EQ(o.days, 4);
  EXPECT_FLOAT_EQ(o.average, 53);
  EXPECT_FLOAT_EQ(o.deviation, 1);
  EXPECT_FLOAT_EQ(o.percentile, 75);
  EXPECT_FLOAT_EQ(o.lowest, 50);
  EXPECT_FLOAT_EQ(o.highest, 56);
}

TEST(Standing, KnowsNothingWhereNothingIsKnown) {
  const Standing o = standing_of(std::vector<float>{kNan, kNan}, 54);
  EXPECT_EQ(o.days, 0);
  EXPECT_TRUE(std::isnan(o.average) && std::isnan(o.deviation) && std::isnan(o.percentile));
  EXPECT_NE(interpretation(o, {"", 54, 50, 58, "bpm", -1, false, 1}, false).find("nothing is known"),
            std::string::npos);
}

TEST(Standing, TheScoreIsOfWhatIsExplainedOfDataAndOfWhatThePersonHad) {
  const Standing o = standing_of(days(50, 1, 10), 55);
  EXPECT_FLOAT_EQ(standing_score(o, 55, 1, 1), 1);
  EXPECT_FLOAT_EQ(standing_score(o, 55, 0.5, 0.5), 0.25F + 0.15F + 0.2F);
  EXPECT_FLOAT_EQ(standing_score(o, 75, 0.5, 0.5), 0.25F + 0.15F);
  EXPECT_FLOAT_EQ(standing_score(o, 55, -3, 0), 0.2F);
  EXPECT_FLOAT_EQ(standing_score(o, 55, std::numeric_limits<double>::quiet_NaN(), 0), 0.2F);
}

TEST(Standing, WordsAreAsSureAsTheInterval) {
  const Standing above = standing_of(std::vector<float>(20, 56), 58.1F);
  const Saying wide{"", 58.1F, 54, 62, "bpm", -1, false, 1}, narrow{"", 58.1F, 57, 59, "bpm", -1, false, 1};
  EXPECT_EQ(interpretation(above, wide, false),
            "58.1 bpm expected (54.0 to 62.0), 3.7 % above your 30-day average (56.0); the average lies within the "
            "range, so it may as well turn out otherwise.");
  EXPECT_EQ(interpretation(above, narrow, true),
            "58,1 bpm erwartet (57,0 bis 59,0), 3,7 % über Ihrem Durchschnitt der letzten 30 Tage (56,0); der ganze "
            "Bereich liegt auf dieser Seite.");
}

TEST(Standing, SharesAreHeldApartInTheirOwnUnit) {
  const Standing o = standing_of(std::vector<float>(20, 70), 63);
  const Saying less{"SLEEP_EFFICIENCY", 63, 60, 66, "%", 1, true, 1};
  const Saying points{"RECOVERY_SCORE", 63, 60, 66, "points", 1, true, 1};
  EXPECT_NE(interpretation(o, less, false).find("7.0 percentage points below"), std::string::npos);
  EXPECT_NE(interpretation(o, less, true).find("7,0 Prozentpunkte unter"), std::string::npos);
  EXPECT_NE(interpretation(o, points, true).find("7,0 Punkte unter"), std::string::npos);
}

TEST(Standing, WhatIsGoodDependsOnTheMetric) {
  const Standing o = standing_of(std::vector<float>(20, 56), 60);
  const Saying worse{"", 60, 58, 62, "bpm", -1, false, 1}, better{"", 60, 58, 62, "ms", 1, false, 1},
      poor{"", 60, 58, 62, "ms", 1, false, 0.2}, within{"", 60, 50, 70, "bpm", -1, false, 1};
  EXPECT_EQ(recommendation(o, worse, false),
            "Less good than usual. If you like, look at what has done you good before.");
  EXPECT_NE(recommendation(o, better, false).find("Better than usual"), std::string::npos);
  EXPECT_NE(recommendation(o, poor, false).find("more days"), std::string::npos);
  EXPECT_EQ(recommendation(o, within, true), "Nicht deutlich anders als bei Ihnen üblich.");
}

// 20 days at `usual`.
std::string of_glucose(std::string_view metric, float usual, const std::array<float, 3>& v, int better, bool german) {
  const Standing o = standing_of(std::vector<float>(20, usual), v[0]);
  return recommendation(o, {metric, v[0], v[1], v[2], metric == "GLUCOSE_MEAN" ? "mg/dL" : "%", better, true, 1},
                        german);
}

TEST(Standing, OfGlucoseItOnlyComparesAndPointsToTheCareTeam) {
  EXPECT_EQ(of_glucose("GLUCOSE_TIME_IN_RANGE", 80, {82, 70, 90}, 1, false),
            "Not clearly different from usual for you.");
  EXPECT_EQ(of_glucose("GLUCOSE_TIME_IN_RANGE", 50, {52, 40, 60}, 1, false),
            "Not clearly different from usual for you, and outside the goal for most people. Talk it over with your "
            "care team.");
  EXPECT_EQ(of_glucose("GLUCOSE_TIME_IN_RANGE", 63, {37, 30, 45}, 1, true),
            "Niedriger als bei Ihnen üblich, und außerhalb des Ziels für die meisten Menschen. Sprechen Sie mit Ihrem "
            "Behandlungsteam darüber.");
  EXPECT_EQ(of_glucose("GLUCOSE_TIME_IN_RANGE", 95, {80, 75, 85}, 1, false),
            "Lower than usual for you. What keeps recurring, discuss with your care team.");
  EXPECT_EQ(of_glucose("GLUCOSE_TIME_IN_RANGE", 40, {60, 50, 70}, 1, false),
            "Higher than usual for you, and outside the goal for most people. Talk it over with your care team.");
  EXPECT_EQ(of_glucose("GLUCOSE_BELOW_70", 6, {5, 0, 9}, -1, false),
            "Not clearly different from usual for you, and outside the goal for most people. Talk it over with your "
            "care team.");
  EXPECT_EQ(of_glucose("GLUCOSE_MEAN", 150, {120, 110, 130}, 0, false), "Lower than usual for you.");
}

}  // namespace
}  // namespace glucose
