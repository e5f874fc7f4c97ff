// SPDX-License-Identifier: PostgreSQL
#include "core/learn/ridge.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/random.hpp"

namespace glucose {
namespace {

constexpr std::size_t D = 5, R = 2;

struct Row {
  std::array<double, D> x;
  std::array<double, R> y;
  double weight;
};

std::vector<Row> random_rows(std::size_t n, std::uint64_t seed) {
  Random random(seed);
  std::vector<Row> rows(n);
  for (Row& row : rows) {
    for (double& x : row.x) x = 1 + random.normal();
    row.y = {3 + 2 * row.x[0] - row.x[3] + random.normal(), 7 * row.x[4] + random.normal()};
    row.weight = 0.5 + std::abs(random.normal());
  }
  return rows;
}

template <class Real>
RidgeSums<Real> sums_of(const std::vector<Row>& rows, Intercept intercept) {
  RidgeSums<Real> sums(D, R, intercept);
  for (const Row& row : rows) sums.add(row.x.data(), row.y.data(), static_cast<Real>(row.weight));
  return sums;
}

const std::array<double, D> kPenalties{10, 0, 3, 0.5, 100};

// x = 1, 2, 3 and y = 2, 4, 9: least squares without level 37/14; with penalty 14 half of it. About the means the sums
// are 2 and 7; with penalty 2 the slope is 7/4 and the level 5 - 2 · 7/4.
TEST(Ridge, ByHand) {
  for (const Intercept intercept : {Intercept::none, Intercept::free}) {
    RidgeSums<double> sums(1, 1, intercept);
    const std::array<float, 3> x{1, 2, 3}, y{2, 4, 9};
    for (std::size_t i = 0; i < 3; ++i) sums.add(&x[i], &y[i]);
    EXPECT_EQ(sums.rows(), 3U);
    EXPECT_EQ(sums.weight(), 3);
    const bool level = intercept == Intercept::free;
    const RidgeFit fit = sums.solve(std::array{level ? 2.0 : 14.0});
    EXPECT_NEAR(fit.slopes[0], level ? 7.0 / 4 : 37.0 / 28, 1e-14);
    EXPECT_NEAR(fit.intercept[0], level ? 5 - 2 * 7.0 / 4 : 0, 1e-14);
  }
}

// At the minimum of sum w (y - a - xb)² + sum penalties b² its slope in each coefficient is 0. 999 rows: neither whole
// blocks nor whole flushes.
TEST(Ridge, TheSolutionIsTheMinimumOfWhatItMinimises) {
  const std::vector<Row> rows = random_rows(999, 1);
  for (const Intercept intercept : {Intercept::none, Intercept::free}) {
    const RidgeFit fit = sums_of<double>(rows, intercept).solve(kPenalties);
    for (std::size_t r = 0; r < R; ++r) {
      std::array<double, D + 1> slope{};
      for (const Row& row : rows) {
        double left = row.y[r] - fit.intercept[r];
        for (std::size_t d = 0; d < D; ++d) left -= fit.slopes[d * R + r] * row.x[d];
        for (std::size_t d = 0; d < D; ++d) slope[d] -= row.weight * left * row.x[d];
        slope[D] -= row.weight * left;
      }
      for (std::size_t d = 0; d < D; ++d) EXPECT_NEAR(slope[d] + kPenalties[d] * fit.slopes[d * R + r], 0, 1e-9);
      const double of_level = intercept == Intercept::free ? slope[D] : fit.intercept[r];
      EXPECT_NEAR(of_level, 0, intercept == Intercept::free ? 1e-9 : 0);
    }
  }
}

TEST(Ridge, WhatIsTakenAwayWasNeverThere) {
  const std::vector<Row> some = random_rows(301, 2), others = random_rows(130, 3);
  auto all = sums_of<double>(some, Intercept::free), held = sums_of<double>(others, Intercept::free);
  const RidgeFit before = all.solve(kPenalties);
  all.add(held, 1);
  EXPECT_EQ(all.rows(), 431U);
  EXPECT_GT(std::abs(all.solve(kPenalties).slopes[0] - before.slopes[0]), 1e-6);
  all.add(held, -1);
  EXPECT_EQ(all.rows(), 301U);
  const RidgeFit after = all.solve(kPenalties);
  for (std::size_t i = 0; i < D * R; ++i) EXPECT_NEAR(after.slopes[i], before.slopes[i], 1e-12);
}

TEST(Ridge, AWeightOfTwoIsTheRowTwice) {
  std::vector<Row> once = random_rows(50, 4), twice = once;
  for (Row& row : twice) row.weight = 1;
  twice.insert(twice.end(), twice.begin(), twice.end());
  for (Row& row : once) row.weight = 2;
  const RidgeFit a = sums_of<double>(once, Intercept::free).solve(kPenalties);
  const RidgeFit b = sums_of<double>(twice, Intercept::free).solve(kPenalties);
  for (std::size_t i = 0; i < D * R; ++i) EXPECT_NEAR(a.slopes[i], b.slopes[i], 1e-12);
}

TEST(Ridge, OneTargetAloneHasTheSameFit) {
  auto sums = sums_of<double>(random_rows(77, 5), Intercept::free);
  const RidgeFit both = sums.solve(kPenalties);
  for (std::size_t r = 0; r < R; ++r) {
    const RidgeFit one = sums.target(r).solve(kPenalties);
    EXPECT_NEAR(one.intercept[0], both.intercept[r], 1e-12);
    for (std::size_t d = 0; d < D; ++d) EXPECT_NEAR(one.slopes[d], both.slopes[d * R + r], 1e-12);
  }
}

// In floats alone the sums of many rows would be wrong by more than that.
TEST(Ridge, FloatsAreSummedUpInDoublesAfterSomeHundredRows) {
  const std::vector<Row> rows = random_rows(20'000, 6);
  const RidgeFit exact = sums_of<double>(rows, Intercept::none).solve(kPenalties);
  const RidgeFit fast = sums_of<float>(rows, Intercept::none).solve(kPenalties);
  for (std::size_t i = 0; i < D * R; ++i) EXPECT_NEAR(fast.slopes[i], exact.slopes[i], 2e-6);
}

TEST(Ridge, NotANumberIsAnError) {
  std::vector<Row> rows = random_rows(20, 7);
  rows[3].x[1] = std::nan("");
  auto sums = sums_of<double>(rows, Intercept::free);
  EXPECT_THROW(sums.solve(kPenalties), Error);
}

// Kernels of all levels do the same operations in the same order.
TEST(Ridge, KernelsOfAllLevelsGiveTheSameBits) {
#ifdef __x86_64__
  const std::vector<const RidgeKernel*> kernels = [] {
    std::vector<const RidgeKernel*> all{&kernel_baseline::kRidge};
    if (has_simd_level(SimdLevel::avx2)) all.push_back(&kernel_avx2::kRidge);
    if (has_simd_level(SimdLevel::avx512)) all.push_back(&kernel_avx512::kRidge);
    return all;
  }();
  for (const std::size_t columns : {1U, 2U, 7U, 8U, 47U, 48U, 65U}) {
    const std::size_t width = (columns + 2 + 15) / 16 * 16;
    Random random(columns);
    std::vector<float> x(20 * columns);
    for (float& value : x) value = static_cast<float>(random.normal());
    const std::vector<double> slopes(columns, 0.3), y(20, 1.5);
    std::vector<std::vector<double>> results;
    for (const RidgeKernel* kernel : kernels) {
      LineVector<double> rows(kRidgeBlock * width), sums(columns * width);
      const std::array<double, kRidgeBlock> weights{1, 0.5, 2, 0.25};
      for (std::size_t block = 0; block < 20; block += kRidgeBlock) {
        for (std::size_t row = 0; row < kRidgeBlock; ++row)
          for (std::size_t d = 0; d < columns + 2; ++d)
            rows[row * width + d] =
                static_cast<double>(x[(block + row) * columns + d % columns]) + (d < columns ? 0 : 1);
        kernel->add_doubles(rows.data(), weights.data(), columns, width, sums.data());
      }
      for (std::size_t p = 0; p < columns; ++p) sums[p * width + p] += 3;
      std::vector<double> result;
      EXPECT_TRUE(kernel->solve(sums.data(), columns, 2, width));
      for (std::size_t p = 0; p < columns; ++p)
        result.insert(result.end(), &sums[p * width + columns], &sums[p * width + columns + 2]);
      std::vector<double> left(20);
      kernel->residuals(x.data(), y.data(), 20, columns, 0.7, slopes.data(), left.data());
      result.insert(result.end(), left.begin(), left.end());
      results.push_back(result);
    }
    for (const auto& result : results) EXPECT_EQ(result, results.front()) << columns << " columns";
  }
#endif
}

// Two columns that are one: the factors fail, and what LAPACK does with it decides.
TEST(Ridge, SingularSystemsAreLeftToLapack) {
  RidgeSums<double> sums(2, 1, Intercept::none);
  for (const double x : {1.0, 2.0, 3.0}) {
    const std::array<double, 2> twice{x, x};
    const double y = 2 * x;
    sums.add(twice.data(), &y);
  }
  const RidgeFit fit = sums.solve(std::array<double, 2>{0, 0});
  EXPECT_NEAR(fit.slopes[0] + fit.slopes[1], 2, 1e-6);
  sums.clear();
  EXPECT_EQ(sums.rows(), 0U);
  EXPECT_EQ(sums.weight(), 0);
}

}  // namespace
}  // namespace glucose
