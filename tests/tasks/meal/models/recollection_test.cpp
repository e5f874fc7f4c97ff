// SPDX-License-Identifier: PostgreSQL
// A person's memory against Gaussian process regression solved densely in double.
#include "core/tasks/meal/models/recollection.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "support/models.hpp"
#include "support/rows.hpp"

namespace glucose {
namespace {

constexpr std::array<int, 2> kHorizons{60, 120};
constexpr Micros kLongAfter = 1000 * kDay;

PopulationModel population() {
  Random rng(9);
  PopulationModel model = random_population(rng, 2, false);
  model.scaler = {std::vector<float>(kRichFeatures, 50.0F), std::vector<float>(kRichFeatures, 0.03F)};
  return model;
}

Moment moment_of(const RichVector& rich, Micros at = kLongAfter) {
  Moment moment{at, plain_features(), rich};
  return moment;
}

// The kernel as PersonalKernel describes it, in double.
double kernel(const PopulationModel& model, const RichVector& a, const RichVector& b) {
  const auto bell = [](double squared, double sd) { return std::exp(-squared / (2 * sd * sd)); };
  const auto hour = [](const RichVector& x) {
    return std::atan2(static_cast<double>(x[52]), static_cast<double>(x[53])) * 12 / std::numbers::pi;
  };
  const StandardRow za = model.standardise(a), zb = model.standardise(b);
  double linear = 0;
  for (std::size_t i = 0; i < za.size(); ++i) linear += static_cast<double>(za[i]) * static_cast<double>(zb[i]);
  const double apart = std::abs(hour(a) - hour(b)), hours = std::min(apart, 24 - apart);
  const double level = static_cast<double>(a[0] - b[0]);
  double squares = 0;
  bool known_a = false, known_b = false;
  const double portion[] = {50, 5, 3, 3};
  for (std::size_t i = 0; i < 4; ++i) {
    const auto amount = [&](const RichVector& x) {
      return std::isnan(x[28 + i]) ? 0.0 : std::log1p(static_cast<double>(x[28 + i]) / portion[i]);
    };
    squares += std::pow(amount(a) - amount(b), 2) / 4;
    known_a |= !std::isnan(a[28 + i]), known_b |= !std::isnan(b[28 + i]);
  }
  const PersonalKernel& k = model.kernel;
  const auto part = [](float weight) { return static_cast<double>(weight); };
  return part(k.person) + part(k.linear) * linear +
         bell(hours * hours, 1.5) * (part(k.clock) + part(k.clock_and_level) * bell(level * level, 40)) +
         (known_a && known_b ? part(k.nutrients) * bell(squares, 0.2) : 0);
}

/// Gaussian elimination with row exchange.
std::vector<double> solve(std::vector<std::vector<double>> a, std::vector<double> b) {
  const std::size_t n = b.size();
  for (std::size_t c = 0; c < n; ++c) {
    std::size_t pivot = c;
    for (std::size_t r = c; r < n; ++r)
      if (std::abs(a[r][c]) > std::abs(a[pivot][c])) pivot = r;
    std::swap(a[c], a[pivot]), std::swap(b[c], b[pivot]);
    for (std::size_t r = c + 1; r < n; ++r) {
      const double factor = a[r][c] / a[c][c];
      for (std::size_t i = c; i < n; ++i) a[r][i] -= factor * a[c][i];
      b[r] -= factor * b[c];
    }
  }
  for (std::size_t r = n; r-- > 0;) {
    for (std::size_t i = r + 1; i < n; ++i) b[r] -= a[r][i] * b[i];
    b[r] /= a[r][r];
  }
  return b;
}

struct Answer {
  double recalled, variance;
};
/// Textbook: k' (K + I)⁻¹ r and k(x, x) - k' (K + I)⁻¹ k, over the meals whose residual is known at the moment.
Answer dense(const PopulationModel& model, const Memory& memory, const Moment& moment, std::size_t k) {
  std::vector<const RememberedMeal*> known;
  for (const RememberedMeal& meal : memory.meals)
    if (!std::isnan(meal.residual[k]) && meal.eaten_at + (kHorizons[k] + 15) * kMinute <= moment.eaten_at)
      known.push_back(&meal);
  std::vector<std::vector<double>> covariance;
  std::vector<double> residuals, alike;
  const double most = 2.5 * static_cast<double>(model.residual_sd[k]);
  for (const RememberedMeal* meal : known) {
    covariance.emplace_back();
    for (const RememberedMeal* other : known)
      covariance.back().push_back(kernel(model, meal->rich, other->rich) + (meal == other ? 1 : 0));
    residuals.push_back(std::clamp(static_cast<double>(meal->residual[k]), -most, most));
    alike.push_back(kernel(model, moment.rich, meal->rich));
  }
  const auto weights = solve(covariance, alike);  // K is symmetric
  Answer answer{0, kernel(model, moment.rich, moment.rich)};
  for (std::size_t i = 0; i < known.size(); ++i) {
    answer.recalled += weights[i] * residuals[i];
    answer.variance -= weights[i] * alike[i];
  }
  return answer;
}

PointForecast recall(const Recollection& known, const Moment& moment) {
  PointForecast out{};
  known.recall(moment, out);
  return out;
}

TEST(Recollection, IsGaussianProcessRegression) {
  const PopulationModel model = population();
  Random rng(1);
  for (int round = 0; round < 20; ++round) {
    Memory memory = random_memory(rng, 1 + static_cast<int>(rng.below(90)));
    for (RememberedMeal& meal : memory.meals)
      for (float& residual : meal.residual) residual *= 40;  // some beyond what one meal may teach
    const Recollection known(&model, kHorizons, memory);
    for (int asked = 0; asked < 5; ++asked) {
      // Mostly in the midst of the history, where later outcomes are not known yet.
      const Micros at = rng.below(5) == 0 ? kLongAfter : static_cast<Micros>(rng.below(90 * 300)) * kMinute;
      const Moment moment = moment_of(random_rich(rng), at);
      const PointForecast out = recall(known, moment);
      for (std::size_t k = 0; k < 2; ++k) {
        const Answer expected = dense(model, memory, moment, k);
        ASSERT_NEAR(out.recalled[k], expected.recalled, 1e-4 * std::max(1.0, std::abs(expected.recalled)));
        ASSERT_NEAR(out.variance[k], expected.variance, 1e-4);
      }
    }
  }
}

TEST(Recollection, GrowingItIsTheSameAsMakingItAnew) {
  const PopulationModel model = population();
  Random rng(2);
  const Memory all = random_memory(rng, 120);
  Recollection grown(&model, kHorizons);
  const Moment moment = moment_of(random_rich(rng));
  for (std::size_t n = 0; n < all.meals.size(); ++n) {
    grown.add(all.meals[n]);
    if (n % 20 != 7) continue;
    Memory part;
    part.meals.assign(all.meals.begin(), all.meals.begin() + static_cast<std::ptrdiff_t>(n) + 1);
    const PointForecast a = recall(grown, moment), b = recall(Recollection(&model, kHorizons, part), moment);
    EXPECT_EQ(bits_of(a.recalled), bits_of(b.recalled));
    EXPECT_EQ(bits_of(a.believed), bits_of(b.believed));
    EXPECT_EQ(bits_of(a.variance), bits_of(b.variance));
  }
}

TEST(Recollection, WhatIsNotKnownYetIsAsIfItWereNotThere) {
  const PopulationModel model = population();
  Random rng(3);
  Memory all = random_memory(rng, 20);
  const Moment moment = moment_of(random_rich(rng), all.meals[12].eaten_at + 100 * kMinute);
  const PointForecast before = recall(Recollection(&model, kHorizons, all), moment);
  all.meals[12].residual[1] = 500;  // two hours after it have not passed
  for (std::size_t i = 13; i < 20; ++i) all.meals[i].residual.fill(-500);
  const PointForecast after = recall(Recollection(&model, kHorizons, all), moment);
  EXPECT_EQ(bits_of(after.recalled), bits_of(before.recalled));
  EXPECT_EQ(bits_of(after.believed), bits_of(before.believed));
  all.meals[12].residual[0] = 500;  // but the first hour has
  EXPECT_NE(recall(Recollection(&model, kHorizons, all), moment).recalled[0], before.recalled[0]);
}

TEST(Recollection, ForgettingKeepsTheNewest) {
  const PopulationModel model = population();
  Random rng(4);
  const Memory all = random_memory(rng, 400);
  Recollection known(&model, kHorizons);
  for (std::size_t n = 0; n < all.meals.size(); ++n) {
    known.add(all.meals[n]);
    ASSERT_EQ(known.memory().meals.back().eaten_at, all.meals[n].eaten_at);
    ASSERT_GE(known.remembered(), std::min(static_cast<int>(n) + 1, kRememberedMeals));
    ASSERT_LT(known.remembered(), kRememberedMeals + 32);
    if (n % 50 != 0) continue;
    Memory kept;
    kept.meals.assign(known.memory().meals.begin(), known.memory().meals.end());
    const Moment moment = moment_of(random_rich(rng));
    const PointForecast out = recall(known, moment);
    EXPECT_NEAR(out.recalled[0], dense(model, kept, moment, 0).recalled, 2e-4);
  }
}

TEST(Recollection, NothingRememberedRecallsNothing) {
  const PopulationModel model = population();
  const Moment moment = plain_moment();
  const PointForecast out = recall(Recollection(&model, kHorizons), moment);
  for (std::size_t k = 0; k < 2; ++k) {
    EXPECT_EQ(out.recalled[k], 0);
    EXPECT_EQ(out.believed[k], 1);
    EXPECT_NEAR(out.variance[k], kernel(model, moment.rich, moment.rich), 1e-4);
  }
  Random rng(5);
  const PointForecast none = recall(Recollection(nullptr, kHorizons, random_memory(rng, 9)), moment);
  EXPECT_EQ(none.recalled[0], 0);
  EXPECT_EQ(none.variance[0], 0);
}

TEST(Recollection, AlikeMealsLeaveLessOpen) {
  const PopulationModel model = population();
  const Moment moment = plain_moment();
  Recollection known(&model, kHorizons);
  float before = recall(known, moment).variance[0];
  for (int i = 0; i < 40; ++i) {
    RememberedMeal meal{i * 300 * kMinute, moment.rich, {}, {}, {}, {}};
    meal.residual.fill(10);
    known.add(meal);
    const PointForecast out = recall(known, moment);
    EXPECT_LT(out.variance[0], before);
    EXPECT_GE(out.variance[0], 0);
    before = out.variance[0];
  }
  EXPECT_LT(before, 0.05F);
  EXPECT_GT(recall(known, moment).recalled[0], 9);  // forty times the same
  EXPECT_LT(recall(known, moment).recalled[0], 10);
}

TEST(Recollection, IsBelievedAsFarAsItHadBeenRight) {
  const PopulationModel model = population();
  const auto believed = [&](float recalled, float residual) {
    Recollection known(&model, kHorizons);
    for (int i = 0; i < 60; ++i) {
      RememberedMeal meal{i * 300 * kMinute, plain_moment().rich, {}, {}, {}, {}};
      meal.recalled.fill(recalled), meal.residual.fill(residual);
      known.add(meal);
    }
    return recall(known, plain_moment()).believed[0];
  };
  EXPECT_EQ(believed(10, 10), 1);
  EXPECT_EQ(believed(10, 30), 1);
  EXPECT_GT(believed(10, 0), 0);
  EXPECT_LT(believed(10, 0), 0.5F);
  EXPECT_EQ(believed(10, -30), 0);
  const double beforehand = 30 * std::pow(0.25 * static_cast<double>(model.residual_sd[0]), 2);
  EXPECT_NEAR(believed(10, 5), (beforehand + 60 * 50) / (beforehand + 60 * 100), 1e-5);
}

TEST(Recollection, OneWildResidualTeachesNoMoreThanALargeOne) {
  const PopulationModel model = population();
  const auto recalled = [&](float residual) {
    Recollection known(&model, kHorizons);
    RememberedMeal meal{0, plain_moment().rich, {}, {}, {}, {}};
    meal.residual.fill(residual);
    known.add(meal);
    return recall(known, plain_moment()).recalled[0];
  };
  EXPECT_EQ(recalled(1e6F), recalled(2.5F * model.residual_sd[0]));
  EXPECT_LT(recalled(1.0F), recalled(30.0F));
}

}  // namespace
}  // namespace glucose
