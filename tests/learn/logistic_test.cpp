// SPDX-License-Identifier: PostgreSQL
#include "core/learn/logistic.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/base/error.hpp"
#include "core/base/random.hpp"
#include "core/math/classification.hpp"

namespace glucose {
namespace {

struct Table {
  Table(std::size_t n, int columns, std::uint64_t seed) : p(columns) {
    Random random(seed);
    for (std::size_t i = 0; i < n; ++i) {
      double sum = -0.5;
      for (int j = 0; j < columns; ++j) {
        x.push_back(static_cast<float>(random.normal()));
        sum += (j % 2 == 0 ? 1.0 : -0.7) / (1 + j) * static_cast<double>(x.back());
      }
      y.push_back(random.uniform() < probability_of(sum) ? 1 : 0);
    }
  }
  /// Of the loss at w: with everything from the definition, and nothing from the code that is tested.
  std::vector<double> gradient(const std::vector<float>& w, const LogisticOptions& o) const {
    std::vector<double> g(w.size());
    const auto columns = static_cast<std::size_t>(p);
    for (std::size_t i = 0; i < y.size(); ++i) {
      double sum = static_cast<double>(w[columns]);
      for (std::size_t j = 0; j < columns; ++j)
        sum += static_cast<double>(w[j]) * static_cast<double>(x[i * columns + j]);
      const double e = 1 / (1 + std::exp(-sum)) - y[i];
      for (std::size_t j = 0; j < columns; ++j) g[j] += e * static_cast<double>(x[i * columns + j]);
      g[columns] += e;
    }
    const auto n = static_cast<double>(y.size());
    for (std::size_t j = 0; j < columns; ++j) g[j] += (n * o.l2 + o.own_rows) * static_cast<double>(w[j]);
    g[columns] += o.intercept_penalty * static_cast<double>(w[columns]);
    for (double& part : g) part /= n;
    return g;
  }
  int p;
  std::vector<float> x;
  std::vector<std::uint8_t> y;
};

std::vector<float> fitted(const Table& t, const LogisticOptions& o, int* iterations = nullptr) {
  LogisticFit fit({t.x, t.y, {}, {}}, t.p, o);
  while (!fit.done()) fit.step();
  EXPECT_TRUE(fit.settled());
  if (iterations != nullptr) *iterations = fit.iterations();
  return fit.take();
}

TEST(Logistic, NewtonEndsWhereTheGradientIsZero) {
  for (const double l2 : {0.0, 0.01, 0.1, 1.0}) {
    LogisticOptions o;
    o.l2 = l2;
    o.own_rows = 3, o.intercept_penalty = 2;
    const Table t(700, 5, 1);
    int iterations = 0;
    for (const double part : t.gradient(fitted(t, o, &iterations), o)) EXPECT_NEAR(part, 0, 1e-6) << l2;
    EXPECT_LT(iterations, 15);
  }
}

TEST(Logistic, DescentEndsWhereNewtonDoesWhenItIsGivenTheTime) {
  const Table t(700, 5, 2);
  LogisticOptions o;
  const std::vector<float> newton = fitted(t, o);
  o.descent = true;
  o.iterations = 20000;
  const std::vector<float> descent = fitted(t, o);
  for (const double part : t.gradient(descent, o)) EXPECT_LT(std::abs(part), 0.001 + 1e-6);
  for (std::size_t j = 0; j < newton.size(); ++j) EXPECT_NEAR(descent[j], newton[j], 0.02);
}

// A thousand steps of 0.01 are ten units of time: short of the end, on the way there.
TEST(Logistic, DescentStopsAfterAThousandSteps) {
  const Table t(700, 5, 2);
  LogisticOptions o;
  const std::vector<float> newton = fitted(t, o);
  o.descent = true;
  LogisticFit fit({t.x, t.y, {}, {}}, 5, o);
  while (!fit.done()) fit.step();
  EXPECT_EQ(fit.iterations(), 1000);
  EXPECT_FALSE(fit.settled());
  const std::vector<float> w = fit.take();
  for (std::size_t j = 0; j < w.size(); ++j) {
    EXPECT_GT(w[j] * newton[j], 0);
    EXPECT_LT(std::abs(w[j]), std::abs(newton[j]));
  }
}

TEST(Logistic, WhatSeparatesStaysFinite) {
  Table t(100, 2, 3);
  for (std::size_t i = 0; i < t.y.size(); ++i) t.y[i] = t.x[2 * i] > 0 ? 1 : 0;
  LogisticOptions o;
  o.l2 = 0;
  LogisticFit fit({t.x, t.y, {}, {}}, 2, o);
  while (!fit.done()) fit.step();
  for (const float w : fit.take()) EXPECT_TRUE(std::isfinite(w));
}

TEST(Logistic, AnOffsetIsWhatIsThereAlready) {
  const Table t(2000, 3, 4);
  LogisticOptions o;
  o.l2 = 0;
  const std::vector<float> alone = fitted(t, o);
  std::vector<double> said;
  for (std::size_t i = 0; i < t.y.size(); ++i)
    said.push_back(logistic_log_odds(alone, std::span<const float>(t.x).subspan(3 * i, 3)));
  LogisticFit beside({t.x, t.y, said, {}}, 3, o);
  while (!beside.done()) beside.step();
  for (const float w : beside.take()) EXPECT_NEAR(w, 0, 1e-4);
}

TEST(Logistic, SizesMustFitTogether) {
  const Table t(10, 2, 5);
  EXPECT_THROW(LogisticFit({t.x, t.y, {}, {}}, 3, {}), Error);
  EXPECT_THROW(LogisticFit({{}, {}, {}, {}}, 2, {}), Error);
  const std::vector<double> short_offset(9);
  EXPECT_THROW(LogisticFit({t.x, t.y, short_offset, {}}, 2, {}), Error);
}

}  // namespace
}  // namespace glucose
