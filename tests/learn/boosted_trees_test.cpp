// SPDX-License-Identifier: PostgreSQL
// Trees as XGBoost grows them: the same forecasts and contributions as its own, the same bits again, one thread, and
// no failure that leaves the module as anything but a code and a text. Letters: N rows, P features.
#include "core/learn/boosted_trees.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "core/base/byte_io.hpp"
#include "core/base/random.hpp"
#include "core/tasks/meal/models/linear.hpp"
#include "support/rows.hpp"
#ifdef PGG_HAS_BOOSTING
#include "boosting/booster.hpp"
#include "boosting/boosting.hpp"
#endif

namespace glucose {
namespace {

struct Table {
  std::vector<float> x, y;  // [N × P], [N]
  int features;

  std::span<const float> row(std::size_t i) const {
    const auto P = static_cast<std::size_t>(features);
    return {&x[i * P], P};
  }
};

/// y depends on products, steps and on what is missing; every fifth value is missing.
Table random_table(std::size_t n, int features, std::uint64_t seed) {
  Random rng(seed);
  Table table{{}, {}, features};
  const auto P = static_cast<std::size_t>(features);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t p = 0; p < P; ++p)
      table.x.push_back(rng.below(5) == 0 ? kUnknown : static_cast<float>(rng.normal()));
    const float* x = &table.x[i * P];
    const double known = std::isnan(x[0]) ? 1.5 : static_cast<double>(x[0]);
    const double product = std::isnan(x[1] * x[2]) ? 0 : static_cast<double>(x[1] * x[2]);
    table.y.push_back(static_cast<float>(10 * known * known + 8 * product + (x[3] > 0 ? 12 : 0) + rng.normal()));
  }
  return table;
}

TEST(BoostedTrees, SayWhenTheyAreNotThere) {
  const Table table = random_table(20, 4, 1);
  BoostingApi other{};
  other.version = kBoostingVersion + 1;
  for (const BoostingApi* api : {static_cast<const BoostingApi*>(nullptr), static_cast<const BoostingApi*>(&other)}) {
    const Error error = error_of([&] { const BoostedTreesFit fit(api, table.x, 4, table.y, {}, {}); });
    EXPECT_EQ(error.code(), ErrorCode::not_available);
    EXPECT_STREQ(error.what(), "algorithm \"trees\" is not available in this build");
    EXPECT_EQ(error.hint(), "Install libxgboost-dev and build the extension again, or choose another algorithm.");
  }
}

#ifndef PGG_HAS_BOOSTING
TEST(BoostedTrees, Training) {
  GTEST_SKIP() << "built without XGBoost";
}
#else

Trees fitted(const Table& table, const BoostedTreesOptions& options, std::span<const float> weights = {}) {
  BoostedTreesFit fit(pg_glucose_boosting(), table.x, table.features, table.y, weights, options);
  EXPECT_EQ(fit.progress(), 0);
  while (!fit.done()) fit.step();
  EXPECT_EQ(fit.progress(), 1);
  EXPECT_EQ(fit.rounds(), options.rounds);
  return fit.take();
}

std::vector<std::uint8_t> bytes_of(const Trees& trees) {
  ByteWriter out;
  write(out, trees);
  return out.finish();
}

double rmse(const Trees& trees, const Table& table) {
  double squares = 0;
  for (std::size_t i = 0; i < table.y.size(); ++i)
    squares += std::pow(static_cast<double>(trees.predict(table.row(i)) - table.y[i]), 2);
  return std::sqrt(squares / static_cast<double>(table.y.size()));
}

/// XGBoost's own answer: type 0 forecasts [N], type 2 contributions [N × (P + 1)] with the expected value last.
std::vector<float> ask(const boosting::Booster& booster, const boosting::Rows& rows, int type) {
  const std::string config = R"({"type": )" + std::to_string(type) +
                             R"(, "training": false, "iteration_begin": 0, "iteration_end": 0, "strict_shape": false})";
  const bst_ulong* shape = nullptr;
  bst_ulong dimensions = 0;
  const float* values = nullptr;
  boosting::check(
      XGBoosterPredictFromDMatrix(booster.handle(), rows.handle(), config.c_str(), &shape, &dimensions, &values));
  std::size_t n = 1;
  for (bst_ulong i = 0; i < dimensions; ++i) n *= shape[i];
  return {values, values + n};
}

struct Case {
  const char* name;
  BoostingOptions options;
  const char *extra, *value;  // of XGBoost alone, to reach what our options do not
};
constexpr auto kSquared = BoostingObjective::squared, kHuber = BoostingObjective::pseudo_huber;
constexpr auto kHistogram = BoostingMethod::histogram, kExact = BoostingMethod::exact;
const Case kCases[] = {
    {"histogram", {kSquared, kHistogram, 4, 1, 0.1, 1, 1, 1, 1, 1}, nullptr, nullptr},
    {"exact", {kSquared, kExact, 4, 2, 0.3, 1, 1, 1, 0, 1}, nullptr, nullptr},
    {"sampled", {kSquared, kHistogram, 6, 3, 0.1, 5, 0.7, 0.5, 2, 1}, nullptr, nullptr},
    {"huber", {kHuber, kExact, 3, 4, 0.5, 0.1, 0.9, 1, 1, 5}, nullptr, nullptr},
    {"deep", {kSquared, kExact, Trees::kMaxDepth, 5, 0.3, 1, 1, 1, 1, 1}, nullptr, nullptr},
    {"pruned", {kSquared, kExact, 6, 6, 0.3, 1, 1, 1, 1, 1}, "gamma", "300"},
    {"only roots", {kSquared, kHistogram, 3, 7, 0.3, 1, 1, 1, 1, 1}, "gamma", "1e12"},
};

class AsXgboost : public testing::TestWithParam<Case> {};

TEST_P(AsXgboost, ForecastsAndContributions) {
  const Table learnt = random_table(300, 8, 11), asked = random_table(200, 8, 12);
  std::vector<float> weights;
  Random rng(13);
  for (std::size_t i = 0; i < 300; ++i) weights.push_back(static_cast<float>(rng.uniform(0.5, 1.5)));
  const boosting::Rows rows({learnt.x.data(), learnt.y.data(), weights.data(), nullptr, 300, 8});
  const boosting::Rows others({asked.x.data(), asked.y.data(), nullptr, nullptr, 200, 8});
  boosting::Booster booster(rows, GetParam().options);
  if (GetParam().extra != nullptr) booster.set(GetParam().extra, GetParam().value);
  for (int round = 0; round < 60; ++round) booster.step(rows);

  const Trees trees(8, booster.nodes());
  EXPECT_EQ(trees.trees(), 60);
  EXPECT_LE(trees.depth(), GetParam().options.depth);
  const std::vector<float> forecasts = ask(booster, others, 0), contributions = ask(booster, others, 2);
  std::vector<double> phi(8);
  double expected = 0;
  for (std::size_t i = 0; i < 200; ++i) {
    EXPECT_NEAR(trees.predict(asked.row(i)), forecasts[i], 1e-4);
    trees.contributions(asked.row(i), phi, expected);
    for (std::size_t p = 0; p < 8; ++p) EXPECT_NEAR(phi[p], contributions[i * 9 + p], 1e-3);
    EXPECT_NEAR(expected, contributions[i * 9 + 8], 1e-3);
    double sum = expected;
    for (const double part : phi) sum += part;
    const auto forecast = static_cast<double>(trees.predict(asked.row(i)));
    EXPECT_NEAR(sum, forecast, 1e-6 * std::max(1.0, std::abs(forecast)));
  }
}

INSTANTIATE_TEST_SUITE_P(BoostedTrees, AsXgboost, testing::ValuesIn(kCases), [](const auto& given) {
  std::string name = given.param.name;
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
});

TEST(BoostedTrees, Learn) {
  const Table learnt = random_table(400, 6, 21), others = random_table(400, 6, 22);
  for (const BoostingMethod method : {kHistogram, kExact})
    for (const BoostingObjective objective : {kSquared, kHuber}) {
      BoostedTreesOptions options{.rounds = 150, .depth = 4, .objective = objective, .huber_slope = 20};
      options.method = method;
      EXPECT_LT(rmse(fitted(learnt, options), others), 0.6 * rmse(Trees(6, {}), others));
    }
}

TEST(BoostedTrees, SameSeedGivesTheSameBits) {
  const Table table = random_table(200, 8, 31);
  for (const BoostingMethod method : {kHistogram, kExact}) {
    BoostedTreesOptions options{.rounds = 20, .subsample = 0.6, .colsample = 0.5, .method = method, .seed = 5};
    const auto once = bytes_of(fitted(table, options));
    EXPECT_EQ(bytes_of(fitted(table, options)), once);
    options.seed = 6;
    EXPECT_NE(bytes_of(fitted(table, options)), once);
    options.seed = 5 + (std::uint64_t{1} << 40);
    EXPECT_NE(bytes_of(fitted(table, options)), once);
  }
}

TEST(BoostedTrees, FitsDoNotDisturbEachOther) {
  const Table table = random_table(200, 8, 32);
  const BoostedTreesOptions options{.rounds = 20, .subsample = 0.6, .colsample = 0.5, .seed = 5};
  BoostedTreesOptions other_options = options;
  other_options.seed = 9;
  BoostedTreesFit fit(pg_glucose_boosting(), table.x, 8, table.y, {}, options);
  BoostedTreesFit other(pg_glucose_boosting(), table.x, 8, table.y, {}, other_options);
  while (!fit.done()) {
    other.step();
    fit.step();
  }
  EXPECT_EQ(bytes_of(fit.take()), bytes_of(fitted(table, options)));
  EXPECT_EQ(bytes_of(other.take()), bytes_of(fitted(table, other_options)));
}

TEST(BoostedTrees, WeightsCount) {
  // Two kinds of rows that cannot be told apart: the mean is the weighted one.
  const Table table{{1, 1, 1, 1}, {0, 10, 0, 10}, 1};
  const std::vector<float> weights{3, 1, 3, 1};
  const BoostedTreesOptions options{.rounds = 100, .eta = 0.3, .min_child_weight = 0.1, .subsample = 1, .lambda = 0};
  EXPECT_NEAR(fitted(table, options, weights).predict(table.row(0)), 2.5, 1e-3);
  EXPECT_NEAR(fitted(table, options).predict(table.row(0)), 5, 1e-3);
}

TEST(BoostedTrees, TakenEarlyAreTheTreesSoFar) {
  const Table table = random_table(100, 4, 33);
  BoostedTreesFit fit(pg_glucose_boosting(), table.x, 4, table.y, {}, {.rounds = 10});
  EXPECT_EQ(fit.take().trees(), 0);
  for (int i = 0; i < 4; ++i) fit.step();
  EXPECT_EQ(fit.take().trees(), 4);
  BoostedTreesFit moved = std::move(fit);
  while (!moved.done()) moved.step();
  EXPECT_EQ(moved.take().trees(), 10);
  EXPECT_EQ(bytes_of(moved.take()), bytes_of(fitted(table, {.rounds = 10})));
}

/// A nonlinear rise: carbohydrate counts double in the evening, and only above 30 g.
std::vector<Sample> evening_samples(int n, std::uint64_t seed) {
  Random rng(seed);
  std::vector<Sample> rows;
  for (int i = 0; i < n; ++i) {
    Sample row{{.eaten_at = i * kDay, .features = plain_features(), .rich = {}}, {}, {}};
    const double carbs = rng.uniform(5, 100), hour = rng.uniform(0, 6.28);
    row.features[1] = static_cast<float>(carbs);
    row.features[kClock] = static_cast<float>(std::sin(hour));
    row.features[kClock + 1] = static_cast<float>(std::cos(hour));
    const double rise = std::max(carbs - 30, 0.0) * (std::sin(hour) < 0 ? 1.6 : 0.8);
    row.targets[0] = static_cast<float>(120 + rise + 5 * rng.normal());
    rows.push_back(row);
  }
  return rows;
}

TEST(BoostedTrees, LearnWhatALinearModelLeaves) {
  const auto learnt = evening_samples(400, 41), others = evening_samples(400, 42);
  LinearFit linear_fit(learnt, 1, Loss::squared);
  while (!linear_fit.done()) linear_fit.step();
  const LinearModel linear = linear_fit.take();
  const auto residuals = [&](Samples rows) {
    Table table{{}, {}, kDesignColumns};
    for (const Sample& row : rows) {
      const DesignRow columns = design_row(row.features);
      table.x.insert(table.x.end(), columns.begin(), columns.end());
      float forecast = 0;
      linear.predict(row.features, 1, &forecast);
      table.y.push_back(row.targets[0] - forecast);
    }
    return table;
  };
  const Table later = residuals(others);
  const Trees trees = fitted(residuals(learnt), {});
  EXPECT_LT(rmse(trees, later), 0.7 * rmse(Trees(kDesignColumns, {}), later));
}

TEST(BoostedTrees, ConstantOrFewRowsDoNotCrash) {
  for (const std::size_t n : {1, 2, 3})
    for (const BoostingMethod method : {kHistogram, kExact}) {
      const Table table = random_table(n, 4, 51);
      EXPECT_TRUE(std::isfinite(fitted(table, {.rounds = 5, .method = method}).predict(table.row(0))));
      const Table unknown{std::vector<float>(n * 4, kUnknown), table.y, 4};
      EXPECT_TRUE(std::isfinite(fitted(unknown, {.rounds = 5, .method = method}).predict(table.row(0))));
    }
}

TEST(BoostedTrees, OptionsOutOfRangeAreRefused) {
  const Table table = random_table(50, 4, 1);
  const auto refused = [&](const BoostedTreesOptions& options) {
    return error_of([&] { fitted(table, options); }).code() == ErrorCode::bad_argument;
  };
  for (const int rounds : {0, -1, 2001}) EXPECT_TRUE(refused({.rounds = rounds}));
  for (const int depth : {0, 13}) EXPECT_TRUE(refused({.depth = depth}));
  for (const double wrong : {-0.1, 0.0, 1.1, static_cast<double>(NAN)}) {
    EXPECT_TRUE(refused({.eta = wrong}));
    EXPECT_TRUE(refused({.subsample = wrong}));
    EXPECT_TRUE(refused({.colsample = wrong}));
  }
  for (const double wrong : {-1.0, 1e7, static_cast<double>(NAN)}) {
    EXPECT_TRUE(refused({.min_child_weight = wrong}));
    EXPECT_TRUE(refused({.lambda = wrong}));
    EXPECT_TRUE(refused({.huber_slope = wrong}));
  }
  EXPECT_TRUE(refused({.rounds = 2000, .depth = 12}));  // more nodes than Trees may hold
}

TEST(BoostedTrees, RowsThatDoNotFitAreRefused) {
  const Table table = random_table(50, 4, 1);
  const auto code = [&](std::span<const float> x, int features, std::span<const float> y, std::span<const float> w) {
    return error_of([&] { const BoostedTreesFit fit(pg_glucose_boosting(), x, features, y, w, {}); }).code();
  };
  EXPECT_EQ(code(table.x, 5, table.y, {}), ErrorCode::bad_argument);
  EXPECT_EQ(code(table.x, 0, table.y, {}), ErrorCode::bad_argument);
  EXPECT_EQ(code({}, 4, {}, {}), ErrorCode::bad_argument);
  EXPECT_EQ(code(table.x, 4, table.y, {table.y.data(), 3}), ErrorCode::bad_argument);
}

TEST(BoostedTrees, WhatXgboostRefusesIsAnError) {
  Table table = random_table(50, 4, 1);
  table.x[7] = std::numeric_limits<float>::infinity();
  const Error error = error_of([&] { fitted(table, {}); });
  EXPECT_EQ(error.code(), ErrorCode::internal);
  const std::string message = error.what();
  EXPECT_NE(message.find("inf"), std::string::npos) << message;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  EXPECT_EQ(message.find(".cc"), std::string::npos) << message;

  table = random_table(50, 4, 1);
  table.y[3] = kUnknown;
  EXPECT_EQ(error_of([&] { fitted(table, {}); }).code(), ErrorCode::internal);
  table = random_table(50, 4, 1);
  std::vector<float> weights(50, 1.0F);
  weights[5] = -1;
  EXPECT_EQ(error_of([&] { fitted(table, {}, weights); }).code(), ErrorCode::internal);
}

int threads() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("Threads:")) return std::stoi(line.substr(8));
  return 0;
}

TEST(BoostedTrees, StartNoThread) {
  const int before = threads();
  if (before == 0) GTEST_SKIP() << "no /proc";
  const Table table = random_table(2000, 20, 61);
  for (const BoostingMethod method : {kHistogram, kExact}) {
    BoostedTreesFit fit(pg_glucose_boosting(), table.x, 20, table.y, {}, {.rounds = 5, .method = method});
    while (!fit.done()) fit.step();
    EXPECT_GT(fit.take().nodes(), 5);
    EXPECT_EQ(threads(), before);
  }
}

TEST(BoostedTrees, LeaveArithmeticAlone) {
  // A library linked with -ffast-math makes the smallest numbers of the whole process 0 when it is loaded.
  volatile float smallest = std::numeric_limits<float>::denorm_min();
  EXPECT_GT(smallest * 2, 0.0F);
}

TEST(BoostedTrees, SmallerThanTheirEstimate) {
  EXPECT_GT(boosted_trees_bytes_needed(5000, 47, {}), std::size_t{5000} * 47 * 4 * 4);
  EXPECT_LT(boosted_trees_bytes_needed(100, 47, {}), std::size_t{8} << 20);
}

#endif

}  // namespace
}  // namespace glucose
