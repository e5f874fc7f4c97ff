// SPDX-License-Identifier: PostgreSQL
// Intervals learnt from residuals with a known law, and whether they hold what they say.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/base/random.hpp"
#include "core/readings/low_glucose.hpp"
#include "core/tasks/meal/models/interval.hpp"

namespace glucose {
namespace {

constexpr std::array<int, 1> kHour{60};
constexpr Micros kMealGap = 300 * kMinute;

/// Residuals whose scale grows with the spread of the last hour, more at high forecasts; `factor` is the person's own.
ScaledRow drawn(Random& rng, int person, int meal, double factor) {
  const double z = rng.normal(), forecast = 140 * std::exp(0.25 * rng.normal());
  ScaledRow row{person, meal, meal * kMealGap, {}, {}, {}, {}, 0};
  row.columns[0] = {static_cast<float>(z), static_cast<float>(rng.normal()), static_cast<float>(std::log(forecast)), 0,
                    0};
  row.forecast[0] = static_cast<float>(forecast);
  row.variance[0] = static_cast<float>(rng.uniform(0, 0.5));
  const double scale = 20 * std::exp(0.3 * z) * std::sqrt(1 + static_cast<double>(row.variance[0]));
  row.residual[0] = static_cast<float>(outcome_of(factor * scale * rng.normal(), forecast) - forecast);
  return row;
}
std::vector<ScaledRow> population(std::uint64_t seed, int persons, int meals) {
  Random rng(seed);
  std::vector<ScaledRow> rows;
  for (int p = 0; p < persons; ++p)
    for (int i = 0; i < meals; ++i) rows.push_back(drawn(rng, p, i, 1));
  return rows;
}

/// A new person's meals one after another, as they would be answered: how often each level held what happened.
class NewPerson {
 public:
  explicit NewPerson(const Intervals& intervals) : intervals_(intervals) {}

  void eat(const ScaledRow& row) {
    const float scale = intervals_.scale[0].at(row.columns[0], row.variance[0], row.doubt);
    const OwnScores own(known_meals(meals_, 60, row.eaten_at), 0, intervals_.grids.empty());
    const Outlook outlook(intervals_, own, 0, row.forecast[0], scale);
    const float happened = row.forecast[0] + row.residual[0];
    ++n_;
    for (std::size_t l = 0; l < kLevels.size(); ++l)
      if (happened >= outlook.quantile((1 - kLevels[l]) / 2) && happened <= outlook.quantile((1 + kLevels[l]) / 2))
        ++held_[l];
    RememberedMeal meal{row.eaten_at, {}, {}, {}, {}, {}};
    meal.score[0] =
        static_cast<float>(deviation(static_cast<double>(happened), static_cast<double>(row.forecast[0]))) / scale;
    meal.rank[0] = outlook.rank(happened);
    EXPECT_GE(meal.rank[0], 0);
    EXPECT_LE(meal.rank[0], 1);
    meals_.push_back(meal);
  }
  void count_anew() {
    n_ = 0;
    held_.fill(0);
  }
  double coverage(std::size_t level) const { return static_cast<double>(held_[level]) / n_; }
  int count() const { return n_; }
  int held(std::size_t level) const { return held_[level]; }

  static constexpr std::array<double, 4> kLevels{0.5, 0.8, 0.9, 0.95};

 private:
  const Intervals& intervals_;
  std::vector<RememberedMeal> meals_;
  int n_ = 0;
  std::array<int, 4> held_{};
};

Intervals fitted_intervals(std::span<const ScaledRow> rows, std::span<const ScaledRow> first_days,
                           std::span<const int> horizons_min) {
  Intervals fitted;
  for (Steps fit = fit_intervals(rows, first_days, horizons_min, fitted); !fit.done(); fit.step()) {
  }
  return fitted;
}

TEST(FitIntervals, FindsTheLawOfTheScale) {
  const Intervals fitted = fitted_intervals(population(1, 40, 100), {}, kHour);
  ASSERT_EQ(fitted.scale.size(), 1U);
  EXPECT_GT(fitted.n, 3500);
  const auto at = [&](float z) { return fitted.scale[0].at({z, 0, std::log(140.0F), 0, 0}, 0, 0); };
  const double mean_size = 20 * std::sqrt(2 / 3.14159265);  // mean |residual| of a normal one
  EXPECT_NEAR(at(0), mean_size, 0.05 * mean_size);
  EXPECT_NEAR(std::log(at(1) / at(0)), 0.3, 0.05);  // a little less: slopes are pulled to 0
  EXPECT_NEAR(std::log(at(-1) / at(0)), -0.3, 0.05);
  EXPECT_NEAR(at(0) * std::sqrt(1.5F), fitted.scale[0].at({0, 0, std::log(140.0F), 0, 0}, 0.5F, 0), 1e-3);
}

// A step goes over the rows once; in one there would be a second of them for a population of thousands.
TEST(FitIntervals, GoesOnInSteps) {
  const std::vector<ScaledRow> rows = population(1, 40, 100);
  Intervals fitted;
  int steps = 0;
  for (Steps fit = fit_intervals(rows, {}, kHour, fitted); !fit.done(); fit.step()) ++steps;
  EXPECT_GE(steps, 2 + 2 + 1 + 2 * static_cast<int>(kGrids));
}

TEST(FitIntervals, GridsAscendAndLieAroundZero) {
  for (const int persons : {1, 3, 20}) {
    const Intervals fitted = fitted_intervals(population(2, persons, 40), {}, kHour);
    ASSERT_EQ(fitted.knots.size(), kGrids);
    ASSERT_EQ(fitted.grids.size(), kGrids * kQuantiles);
    EXPECT_TRUE(std::is_sorted(fitted.knots.begin(), fitted.knots.end()));
    for (std::size_t g = 0; g < kGrids; ++g) {
      const auto first = fitted.grids.begin() + static_cast<std::ptrdiff_t>(g * kQuantiles);
      EXPECT_TRUE(std::is_sorted(first, first + kQuantiles));
      EXPECT_NEAR(*(first + kQuantiles / 2), 0, 0.8);
      EXPECT_LT(*first, -1);
      EXPECT_GT(*(first + kQuantiles - 1), 1);
    }
  }
}

TEST(FitIntervals, GridsAreTheQuantilesOfScores) {
  const Intervals fitted = fitted_intervals(population(12, 60, 100), {}, kHour);
  const float* middle = &fitted.grids[kQuantiles];
  const double unit = std::sqrt(3.14159265 / 2);  // of normal scores whose mean size is 1
  EXPECT_NEAR(middle[89], 1.2816 * unit, 0.1);
  EXPECT_NEAR(middle[9], -1.2816 * unit, 0.1);
  EXPECT_NEAR(middle[74], 0.6745 * unit, 0.07);
}

TEST(FitIntervals, EachHorizonByItself) {
  std::vector<ScaledRow> rows = population(3, 20, 50);
  for (ScaledRow& row : rows) {
    row.columns[1] = row.columns[0], row.forecast[1] = row.forecast[0], row.variance[1] = row.variance[0];
    const auto said = static_cast<double>(row.forecast[0]), happened = said + static_cast<double>(row.residual[0]);
    row.residual[1] = static_cast<float>(outcome_of(2 * deviation(happened, said), said) - said);
  }
  const Intervals fitted = fitted_intervals(rows, {}, std::array<int, 2>{60, 120});
  const float one = fitted.scale[0].at(rows[0].columns[0], 0, 0), two = fitted.scale[1].at(rows[0].columns[1], 0, 0);
  EXPECT_NEAR(two / one, 2, 0.05);
}

TEST(FitIntervals, UnknownResidualsAndNoRowsAtAll) {
  std::vector<ScaledRow> rows = population(4, 10, 40);
  const Intervals all = fitted_intervals(rows, {}, kHour);
  std::vector<ScaledRow> more = rows;
  for (int i = 0; i < 300; ++i) {
    more.push_back(rows[static_cast<std::size_t>(i)]);
    more.back().person = 99;
    more.back().residual[0] = kUnknown;
  }
  EXPECT_EQ(fitted_intervals(more, {}, kHour).scale[0].log_scale, all.scale[0].log_scale);
  EXPECT_EQ(fitted_intervals(more, {}, kHour).grids, all.grids);
  const Intervals none = fitted_intervals({}, {}, kHour);
  EXPECT_EQ(none.n, 0);
  EXPECT_EQ(none.scale[0].log_scale, prior_intervals(kHour).scale[0].log_scale);
}

// And wider by 1.15 on top of that: a stranger may be of another kind than those left out.
TEST(FitIntervals, AFirstDayIsAsMuchWiderAsItsResidualsAreLarger) {
  Random rng(21);
  std::vector<ScaledRow> rows = population(20, 40, 100), first_days;
  for (ScaledRow& row : rows) row.doubt = 0.1F;
  for (int i = 0; i < 3000; ++i) {
    first_days.push_back(drawn(rng, 0, 0, 1.6));
    first_days.back().doubt = 1;
  }
  const Intervals fitted = fitted_intervals(rows, first_days, kHour), usual = fitted_intervals(rows, {}, kHour);
  const auto at = [&](const Intervals& of, float doubt) { return of.scale[0].at(rows[0].columns[0], 0, doubt); };
  EXPECT_NEAR(at(fitted, 1) / at(usual, 1), 1.15 * 1.6, 0.05);
  EXPECT_NEAR(at(fitted, 0.1F) / at(usual, 0.1F), 1, 0.01);  // days like others are as they were
  EXPECT_EQ(at(fitted, kUnknown), at(fitted, 1));
  for (ScaledRow& row : first_days) row.residual[0] /= 4;
  EXPECT_EQ(fitted_intervals(rows, first_days, kHour).scale[0].first_day, 0);  // never narrower
  first_days.resize(50);
  EXPECT_EQ(fitted_intervals(rows, first_days, kHour).scale[0].first_day, 0);  // too few to say
}

TEST(FitIntervals, NoChangeAtAllIsASmallScaleAndNotNone) {
  std::vector<ScaledRow> rows = population(5, 10, 30);
  for (ScaledRow& row : rows) row.residual[0] = 0;
  const Intervals fitted = fitted_intervals(rows, {}, kHour);
  EXPECT_GE(fitted.scale[0].at(rows[0].columns[0], 0, 0), 1);
  for (const float score : fitted.grids) EXPECT_TRUE(std::isfinite(score));
}

TEST(Intervals, HoldWhatTheySayForNewPersons) {
  const Intervals fitted = fitted_intervals(population(6, 40, 100), {}, kHour);
  Random rng(7);
  std::array<double, 4> held{};
  double n = 0;
  for (int person = 0; person < 60; ++person) {
    NewPerson someone(fitted);
    for (int meal = 0; meal < 100; ++meal) someone.eat(drawn(rng, person, meal, 1));
    for (std::size_t l = 0; l < held.size(); ++l) held[l] += someone.held(l);
    n += someone.count();
  }
  for (std::size_t l = 0; l < held.size(); ++l) {
    const double level = NewPerson::kLevels[l];
    EXPECT_NEAR(held[l] / n, level, 4 * std::sqrt(level * (1 - level) / n) + 0.01) << level;  // 0.01: grids are learnt
  }
}

/// 60 meals to get to know a person, 200 to count.
double coverage_of_a_person_with(double factor, const Intervals& fitted, bool adapting) {
  Random rng(8);
  double held = 0;
  constexpr int kPersons = 20;
  for (int person = 0; person < kPersons; ++person) {
    NewPerson someone(fitted);
    for (int meal = 0; meal < 60; ++meal) someone.eat(drawn(rng, person, meal, factor));
    someone.count_anew();
    for (int meal = 60; meal < 260; ++meal) {
      if (adapting) {
        someone.eat(drawn(rng, person, meal, factor));
        continue;
      }
      NewPerson stranger(fitted);
      stranger.eat(drawn(rng, person, meal, factor));
      held += stranger.held(2) / 200.0 / kPersons;
    }
    if (adapting) held += someone.coverage(2) / kPersons;
  }
  return held;
}

TEST(Intervals, AdaptToAPersonOfLargerErrors) {
  const Intervals fitted = fitted_intervals(population(9, 40, 100), {}, kHour);
  EXPECT_LT(coverage_of_a_person_with(2, fitted, false), 0.75);
  const double adapted = coverage_of_a_person_with(2, fitted, true);
  EXPECT_GT(adapted, 0.85);
  EXPECT_LT(adapted, 0.95);
}

TEST(Intervals, AdaptToAPersonOfSmallerErrors) {
  const Intervals fitted = fitted_intervals(population(9, 40, 100), {}, kHour);
  EXPECT_GT(coverage_of_a_person_with(0.5, fitted, false), 0.98);
  const double adapted = coverage_of_a_person_with(0.5, fitted, true);
  EXPECT_GT(adapted, 0.85);
  EXPECT_LT(adapted, 0.95);
}

TEST(Intervals, RecoverFromAShift) {
  for (const bool lone : {false, true}) {
    Intervals fitted = fitted_intervals(population(10, 40, 100), {}, kHour);
    if (lone) fitted.n = 0, fitted.knots.clear(), fitted.grids.clear();
    Random rng(11);
    double first = 0, later = 0;
    constexpr int kPersons = 30;
    for (int person = 0; person < kPersons; ++person) {
      NewPerson someone(fitted);
      const auto eat = [&](int from, int to) {
        someone.count_anew();
        for (int meal = from; meal < to; ++meal) {
          ScaledRow row = drawn(rng, person, meal, 1);
          if (meal >= 60) row.residual[0] += 40;  // from here on forecasts are too low
          someone.eat(row);
        }
      };
      eat(0, 60);
      eat(60, 70);
      first += someone.coverage(2) / kPersons;
      eat(70, 160);
      eat(160, 220);
      later += someone.coverage(2) / kPersons;
    }
    EXPECT_LT(first, 0.75);
    EXPECT_GT(later, 0.82);
    EXPECT_LT(later, 0.97);
  }
}

}  // namespace
}  // namespace glucose
