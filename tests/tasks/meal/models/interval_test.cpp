// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/models/interval.hpp"
#include "core/readings/low_glucose.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/base/random.hpp"
#include "core/tasks/meal/models/scores.hpp"
#include "support/models.hpp"
#include "support/rows.hpp"

namespace glucose {
namespace {

constexpr Micros kMealGap = 300 * kMinute;
constexpr Micros kNow = 1000 * kDay;

/// A meal of one horizon that is long over, numbered in time order.
RememberedMeal scored(std::size_t i, float score, float rank) {
  RememberedMeal meal{static_cast<Micros>(i) * kMealGap, {}, {}, {}, {}, {}};
  for (auto* values : {&meal.residual, &meal.recalled, &meal.score, &meal.rank}) values->fill(kUnknown);
  meal.score[0] = score, meal.rank[0] = rank;
  return meal;
}
Outlook outlook(const Intervals& intervals, std::span<const RememberedMeal> meals, float point = 120,
                float scale = 20) {
  const OwnScores own(known_meals(meals, 60, kNow), 0, intervals.grids.empty());
  return {intervals, own, 0, point, scale};
}

/// All that an outlook may be made of: with and without grids, with and without own meals.
template <class Check>
void for_many(Check&& check) {
  Random rng(5);
  for (int round = 0; round < 200; ++round) {
    const Intervals intervals = random_intervals(rng, 1, round % 2 == 0);
    std::vector<RememberedMeal> meals;
    const std::size_t n = rng.below(100);
    for (std::size_t i = 0; i < n; ++i)
      meals.push_back(scored(i, static_cast<float>(rng.normal()), static_cast<float>(rng.uniform())));
    check(outlook(intervals, meals, static_cast<float>(rng.uniform(40, 300)), static_cast<float>(rng.uniform(5, 60))));
  }
}

TEST(Outlook, QuantilesAscend) {
  for_many([](const Outlook& o) {
    for (int p = 1; p < 100; ++p) ASSERT_LE(o.quantile(0.01 * (p - 1)), o.quantile(0.01 * p)) << p;
  });
}

TEST(Outlook, IntervalsHoldTheMedianAndGrowWithTheLevel) {
  for_many([](const Outlook& o) {
    const float median = o.quantile(0.5);
    float lower = median, upper = median;
    for (const double level : {0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99}) {
      ASSERT_LE(o.quantile((1 - level) / 2), lower) << level;
      ASSERT_GE(o.quantile((1 + level) / 2), upper) << level;
      lower = o.quantile((1 - level) / 2), upper = o.quantile((1 + level) / 2);
    }
  });
}

TEST(Outlook, ProbabilityIsTheInverseOfTheQuantile) {
  const Intervals prior = flat_intervals({20});
  std::vector<RememberedMeal> meals;
  for (int round = 0; round < 2; ++round) {
    const Outlook o = outlook(prior, meals);
    for (int p = 2; p < 99; ++p)
      EXPECT_NEAR(o.probability_below(static_cast<double>(o.quantile(0.01 * p))), 0.01 * p, 1e-4) << p;
    Random rng(3);  // again with levels that have been adapted a little
    for (std::size_t i = 0; i < 12; ++i)
      meals.push_back(scored(i, static_cast<float>(rng.normal()), static_cast<float>(rng.uniform())));
  }
}

TEST(Outlook, ProbabilityAndRankAscendWithin0And1) {
  for_many([](const Outlook& o) {
    double below = 0;
    float rank = 0;
    for (double mg_dl = -500; mg_dl < 1000; mg_dl += 7) {
      ASSERT_GE(o.probability_below(mg_dl), below);
      ASSERT_GE(o.rank(static_cast<float>(mg_dl)), rank);
      below = o.probability_below(mg_dl), rank = o.rank(static_cast<float>(mg_dl));
    }
    ASSERT_LE(below, 1);
    ASSERT_LE(rank, 1);
  });
}

TEST(Outlook, SpreadIsInUnitsOfTheScale) {
  const Intervals prior = flat_intervals({20});
  const Outlook narrow = outlook(prior, {}, 120, 10), wide = outlook(prior, {}, 120, 30);
  for (const double p : {0.05, 0.25, 0.9})
    EXPECT_NEAR(deviation(static_cast<double>(wide.quantile(p)), 120),
                3 * deviation(static_cast<double>(narrow.quantile(p)), 120), 1e-3)
        << p;
}

TEST(Outlook, OwnScoresMakeItWiderOrNarrower) {
  const auto width_after = [](float size) {
    std::vector<RememberedMeal> meals;
    for (std::size_t i = 0; i < 60; ++i) meals.push_back(scored(i, i % 2 == 0 ? size : -size, kUnknown));
    const Outlook o = outlook(flat_intervals({20}), meals);
    return o.quantile(0.95) - o.quantile(0.05);
  };
  const Outlook before = outlook(flat_intervals({20}), {});
  const float beforehand = before.quantile(0.95) - before.quantile(0.05);
  EXPECT_GT(width_after(2), 1.2F * beforehand);
  EXPECT_LT(width_after(0.5F), 0.8F * beforehand);
}

TEST(Outlook, OutcomesNotKnownYetSayNothing) {
  const Intervals prior = flat_intervals({20});
  std::vector<RememberedMeal> meals{scored(0, 3, 0.999F)};
  meals[0].eaten_at = kNow - 74 * kMinute;  // readings up to 15 minutes after its hour may still come
  const Outlook nothing = outlook(prior, {});
  EXPECT_EQ(outlook(prior, meals).quantile(0.9), nothing.quantile(0.9));
  meals[0].eaten_at = kNow - 75 * kMinute;
  EXPECT_NE(outlook(prior, meals).quantile(0.9), nothing.quantile(0.9));
  meals[0].score[0] = kUnknown;  // and neither do those that will never be known
  EXPECT_EQ(outlook(prior, meals).quantile(0.9), nothing.quantile(0.9));
}

TEST(Outlook, LevelsAdaptToWhatFellOutside) {
  const auto width_after = [](float rank) {
    std::vector<RememberedMeal> meals;
    for (std::size_t i = 0; i < 30; ++i)  // sizes as expected
      meals.push_back(scored(i, 0.1F * static_cast<float>(i % 10 * 2 + 1) * (i < 15 ? 1.0F : -1.0F), rank));
    const Outlook o = outlook(flat_intervals({20}), meals);
    return o.quantile(0.9) - o.quantile(0.1);
  };
  EXPECT_GT(width_after(0.9999F), 1.2F * width_after(kUnknown));
  EXPECT_LT(width_after(0.5F), 0.9F * width_after(kUnknown));
}

TEST(Outlook, TheGridForTheForecastCounts) {
  Intervals intervals = flat_intervals({20});
  intervals.n = 1000;
  for (const double knot : {80.0, 120.0, 240.0}) intervals.knots.push_back(static_cast<float>(std::log(knot)));
  for (const float reach : {0.5F, 1.0F, 4.0F})
    for (std::size_t q = 1; q <= kQuantiles; ++q) intervals.grids.push_back(reach * (static_cast<float>(q) / 50 - 1));
  float before = 0;
  for (const float point : {50.0F, 100.0F, 160.0F, 300.0F}) {
    const Outlook o = outlook(intervals, {}, point);
    EXPECT_GT(o.quantile(0.9) - o.quantile(0.1), before) << point;
    before = o.quantile(0.9) - o.quantile(0.1);
  }
}

TEST(Scale, GrowsWithTheVarianceLeftOpen) {
  const Scale scale{3, {}, {}, {}};
  EXPECT_NEAR(scale.at({}, 0, 0), std::exp(3), 1e-4);
  EXPECT_NEAR(scale.at({}, 3, 0), 2 * std::exp(3), 1e-4);
}

TEST(Scale, LooksAtStandardisedColumnsThatAreKnown) {
  const Scale scale{3, {1, 2, 3, 4, 5}, {2, 1, 1, 1, 1}, {0.1F, 0.2F, 0, 0, 0}};
  EXPECT_NEAR(scale.at({2, 1, 0, 0, 0}, 0, 0), std::exp(3 + 0.1 * 2 - 0.2), 1e-3);
  EXPECT_NEAR(scale.at({kUnknown, 1, 0, 0, 0}, 0, 0), std::exp(3 - 0.2), 1e-3);
  EXPECT_NEAR(scale.at({1000, 1, 0, 0, 0}, 0, 0), std::exp(3 + 0.1 * 4 - 0.2), 1e-3);  // at most 4 SDs
}

TEST(Scale, ColumnsSayHowUnsureTheMomentIs) {
  RichVector rich{};
  rich[0] = 100, rich[9] = 3, rich[10] = 7;
  const ScaleColumns columns = scale_columns(rich, 170);
  EXPECT_NEAR(columns[0], std::log(4), 1e-6);
  EXPECT_NEAR(columns[1], std::log(8), 1e-6);
  EXPECT_NEAR(columns[2], std::log(170), 1e-6);
  EXPECT_NEAR(columns[3], 1, 1e-6);
  EXPECT_NEAR(columns[4], std::log(75), 1e-6);
  rich[9] = kUnknown;
  EXPECT_TRUE(std::isnan(scale_columns(rich, 170)[0]));
}

TEST(PriorIntervals, GrowWithTheHorizonAndAreSane) {
  const std::array<int, 5> horizons{15, 30, 60, 120, 240};
  const Intervals prior = prior_intervals(horizons);
  EXPECT_EQ(prior.n, 0);
  EXPECT_TRUE(prior.grids.empty());
  ASSERT_EQ(prior.scale.size(), horizons.size());
  const Moment moment = plain_moment(120);
  float before = 0;
  for (const Scale& scale : prior.scale) {
    const float mg_dl = scale.at(scale_columns(moment.rich, 130), 0, 0);
    EXPECT_GT(mg_dl, before);
    EXPECT_GT(mg_dl, 5);
    EXPECT_LT(mg_dl, 60);
    before = mg_dl;
  }
}

TEST(PersonFactor, IsTheMeanSizeOfScoresPulledToOne) {
  PersonFactor factor(true);
  EXPECT_EQ(factor.value(), 1);
  factor.add(-3);
  EXPECT_NEAR(factor.value(), (8 + 3.0) / 9, 1e-12);
  for (int i = 0; i < 1000; ++i) factor.add(2);
  EXPECT_NEAR(factor.value(), 2, 0.15);
  for (int i = 0; i < 40; ++i) factor.add(0.5);  // a half-life: half of the weight is theirs
  EXPECT_NEAR(factor.value(), 1.25, 0.15);
  PersonFactor wild(false);
  wild.add(1e6);  // one odd meal must not blow it up
  EXPECT_NEAR(wild.value(), (20 + 4.0) / 21, 1e-12);
}

}  // namespace
}  // namespace glucose
