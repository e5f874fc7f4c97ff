// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/daily/asking/associations.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/base/random.hpp"
#include "days/some_days.hpp"

namespace glucose {
namespace {

constexpr std::int32_t kFirst = 9500, kLast = kFirst + 99;

// The metric follows steps two days later; everything else has nothing to do with it.
void live(SomeDays& days) {
  Random random(3);
  float steps[102] = {};
  for (int i = 0; i < 100; ++i) {
    steps[i + 2] = static_cast<float>(8000 + 2000 * random.normal());
    days.put(kFirst + i, Input::steps, steps[i + 2], 0);
    days.put(kFirst + i, Input::floors, static_cast<float>(random.normal()), 0);
    days.put(kFirst + i, Input::water, static_cast<float>(random.normal()), 0);
    if (i % 9 != 4) days.put(kFirst + i, kTarget, -steps[i] + static_cast<float>(800 * random.normal()), 0);
  }
}

TEST(Associations, FindTheLagAndTheFeature) {
  SomeDays days(kFirst - 31, 140);
  live(days);
  const DaySeries series(DayTable(days.material(), kAlways), kFirst + 2, kLast);
  const auto all = lags(series, kSteps, 5);
  ASSERT_EQ(all.size(), 6U);
  for (const Association& a : all) {
    EXPECT_EQ(a.rate <= kMostFalseDiscoveries, a.lag == 2) << a.lag;
    if (a.lag == 2) {
      EXPECT_LT(a.found.spearman, -0.8);
    }
  }
  const auto of_all = associations(series, 2);
  ASSERT_FALSE(of_all.empty());
  EXPECT_EQ(of_all.front().feature, kSteps);
  for (const Association& a : of_all) EXPECT_FALSE(a.feature == kWater && a.rate <= 0.01);
}

TEST(Associations, WordsNameNoCause) {
  Association a{kSteps, 1, {60, 50, -0.5, -0.55, 1e-5}, 0.001};
  EXPECT_EQ(
      in_words(a, "RESTING_HEART_RATE", false),
      "strong association: with higher a_steps, RESTING_HEART_RATE on the day after tended to be lower (60 days); "
      "this names no cause");
  EXPECT_NE(in_words(a, "RESTING_HEART_RATE", true).find("keine Ursache"), std::string::npos);
  a.rate = 0.3;
  EXPECT_NE(in_words(a, "X", false).find("could not be chance"), std::string::npos);
  a.found.p_value = std::nan("");
  EXPECT_NE(in_words(a, "X", false).find("too few days"), std::string::npos);
}

TEST(DayQuality, IsOneForWhatIsAllKnownAndFalls) {
  SomeDays days(kFirst, 60);
  for (int i = 0; i < 30; ++i) days.put(kFirst + i, Input::sodium, 1, 0);
  for (int i = 0; i < 30; ++i) days.put(kFirst + i, Input::recovery, 50, 0);
  for (int i = 0; i < 30; ++i) days.put(kFirst + i, kTarget, 50, 0);
  const auto score = [&](std::int32_t last) {
    return quality_of(DaySeries(DayTable(days.material(), kAlways), last - 29, last), true).score();
  };
  EXPECT_NEAR(score(kFirst + 29), 1, 1e-9);
  EXPECT_NEAR(score(kFirst + 36), 0.4 * 23 / 30 + 0.3 * 0.5 + 0.3 * 23 / 30, 1e-9);
  EXPECT_EQ(score(kFirst + 59), 0);
  EXPECT_EQ(quality_of(DaySeries(DayTable(days.material(), kAlways), 5, 4), true).score(), 0);
}

}  // namespace
}  // namespace glucose
