// SPDX-License-Identifier: PostgreSQL
#include "core/math/two_samples.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "core/base/error.hpp"

namespace glucose {
namespace {

// Independent of the code: every order there is of n and m values, each as likely.
double by_all_orders(double distance, int n, int m) {
  std::vector<int> order(static_cast<std::size_t>(n + m), 0);
  std::fill(order.end() - m, order.end(), 1);
  long all = 0, far = 0;
  do {
    int i = 0, j = 0;
    double largest = 0;
    for (const int of_second : order) {
      ++(of_second != 0 ? j : i);
      largest = std::max(largest, std::abs(static_cast<double>(i) / n - static_cast<double>(j) / m));
    }
    ++all;
    if (largest >= distance - 1e-9) ++far;
  } while (std::next_permutation(order.begin(), order.end()));
  return static_cast<double>(far) / static_cast<double>(all);
}

TEST(TwoSamples, ExactPIsTheShareOfAllOrders) {
  for (const auto& [n, m] : {std::pair{1, 1}, {1, 7}, {2, 5}, {4, 4}, {5, 5}, {7, 3}, {8, 6}, {9, 9}})
    for (const double distance : {0.05, 0.2, 1 / 3.0, 0.5, 0.6, 0.75, 0.8, 0.95, 1.0})
      EXPECT_NEAR(kolmogorov_smirnov_p(distance, n, m), by_all_orders(distance, n, m), 1e-12)
          << n << " and " << m << " at " << distance;
}

// Massey, "The distribution of the maximum deviation between two sample cumulative step functions", Annals of
// Mathematical Statistics 22 (1951), and counting by hand: 2 of C(8, 4) = 70 orders, 20 of C(10, 5) = 252.
TEST(TwoSamples, TabledValues) {
  EXPECT_NEAR(kolmogorov_smirnov_p(1, 4, 4), 2 / 70.0, 1e-12);
  EXPECT_NEAR(kolmogorov_smirnov_p(0.8, 5, 5), 20 / 252.0, 1e-12);
  EXPECT_NEAR(kolmogorov_smirnov_p(1, 5, 5), 2 / 252.0, 1e-12);
}

// Smirnov's table of the limit: 1.2238, 1.3581 and 1.6276 are exceeded with 10, 5 and 1 %.
TEST(TwoSamples, ManyValuesFollowTheLimit) {
  const int n = 10'000'000;
  const double root = std::sqrt(n / 2.0);
  EXPECT_NEAR(kolmogorov_smirnov_p(1.2238 / root, n, n), 0.10, 1e-4);
  EXPECT_NEAR(kolmogorov_smirnov_p(1.3581 / root, n, n), 0.05, 1e-4);
  EXPECT_NEAR(kolmogorov_smirnov_p(1.6276 / root, n, n), 0.01, 1e-4);
  EXPECT_EQ(kolmogorov_smirnov_p(0.5, n, n), 0);
  EXPECT_EQ(kolmogorov_smirnov_p(1e-5, n, n), 1);
}

// On either side of the bound between the two ways.
TEST(TwoSamples, BothWaysMeet) {
  for (const double distance : {0.1, 0.15, 0.2}) {
    const double exact = kolmogorov_smirnov_p(distance, 137, 145), limit = kolmogorov_smirnov_p(distance, 138, 146);
    EXPECT_NEAR(exact / limit, 1, 0.05) << distance;
  }
  EXPECT_LE(kolmogorov_smirnov_p(0.3, 20, 700), kolmogorov_smirnov_p(0.2, 20, 700));
  EXPECT_EQ(kolmogorov_smirnov_p(0, 5, 5), 1);
}

TEST(TwoSamples, StabilityIndexByHand) {
  const std::array<double, 2> even{0.5, 0.5}, skewed{0.8, 0.2};
  EXPECT_EQ(population_stability_index(even, even), 0);
  const double by_hand = 0.3 * std::log(0.8 / 0.5) + (0.2 - 0.5) * std::log(0.2 / 0.5);
  EXPECT_NEAR(population_stability_index(skewed, even), by_hand, 1e-15);
  EXPECT_NEAR(population_stability_index(even, skewed), by_hand, 1e-15);
}

TEST(TwoSamples, WhatCannotBeComparedIsAnError) {
  const std::array<double, 2> empty_bin{1, 0};
  const std::array<double, 1> fewer{1};
  EXPECT_THROW(population_stability_index(empty_bin, empty_bin), Error);
  EXPECT_THROW(population_stability_index(fewer, empty_bin), Error);
  EXPECT_THROW(kolmogorov_smirnov_p(0.5, 0, 3), Error);
  EXPECT_THROW(kolmogorov_smirnov_p(1.1, 3, 3), Error);
  EXPECT_THROW(kolmogorov_smirnov_p(std::nan(""), 3, 3), Error);
}

}  // namespace
}  // namespace glucose
