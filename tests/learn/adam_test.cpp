// SPDX-License-Identifier: PostgreSQL
#include "core/learn/adam.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <vector>

#include "core/base/error.hpp"

namespace glucose {
namespace {

// adam.txt: per step the norm before clipping and ten parameters; the formulas stand in make_lstm_reference.py.
TEST(Adam, EqualsIndependentReferenceOverSevenSteps) {
  std::ifstream file(PGG_TEST_DATA "/adam.txt");
  std::vector<float> parameters(10), gradient(10);
  for (int k = 0; k < 10; ++k) parameters[static_cast<std::size_t>(k)] = static_cast<float>(0.1 * k - 0.3);
  Adam adam(10);
  bool clipped = false, unclipped = false;
  for (int n = 1; n <= 7; ++n) {
    for (int k = 0; k < 10; ++k)
      gradient[static_cast<std::size_t>(k)] =
          static_cast<float>((n == 3 && k == 0 ? 20 : 1) * (0.1 * std::sin(n + 0.7 * k) + 0.1));
    double norm = 0;
    ASSERT_TRUE(file >> norm);
    EXPECT_NEAR(adam.step(parameters, gradient), norm, 1e-6);
    clipped |= norm > 1;
    unclipped |= norm < 1;
    for (const float p : parameters) {
      double expected = 0;
      ASSERT_TRUE(file >> expected);
      EXPECT_NEAR(p, expected, 2e-7) << "step " << n;
    }
  }
  EXPECT_TRUE(clipped && unclipped);
  EXPECT_EQ(adam.steps(), 7U);
}

// Gradients from nothing to enormous: every level moves as plain arithmetic in doubles does.
TEST(Adam, EveryLevelMovesAsDoublesDo) {
  std::vector<float> gradient{0};
  for (float size = 1e-18F; size < 1e12F; size *= 3.7F) gradient.push_back(size), gradient.push_back(-size);
  const std::size_t n = gradient.size();
  for (const SimdLevel level : {SimdLevel::baseline, SimdLevel::avx2, SimdLevel::avx512}) {
    if (!has_simd_level(level)) continue;
    std::vector<float> moved(n, 0.0F);
    std::vector<double> expected(n, 0.0), m(n, 0.0), v(n, 0.0);
    Adam adam(n, {.clip_norm = 0}, level);
    for (int step = 1; step <= 3; ++step) {
      adam.step(moved, gradient);
      for (std::size_t i = 0; i < n; ++i) {
        const auto g = static_cast<double>(gradient[i]);
        m[i] = 0.9 * m[i] + 0.1 * g;
        v[i] = 0.999 * v[i] + 0.001 * g * g;
        expected[i] -=
            1e-3 * (m[i] / (1 - std::pow(0.9, step))) / (std::sqrt(v[i] / (1 - std::pow(0.999, step))) + 1e-8);
      }
    }
    for (std::size_t i = 0; i < n; ++i)
      EXPECT_NEAR(static_cast<double>(moved[i]), expected[i], 3e-8) << to_string(level) << " " << gradient[i];
  }
}

TEST(Adam, NoClippingWhenOff) {
  std::vector<float> a{0, 0}, b{0, 0};
  Adam clipping(2), plain(2, {.clip_norm = 0});
  for (const float size : {1.0F, 100.0F}) {
    const std::vector<float> gradient{3 * size, -4 * size};
    clipping.step(a, gradient);
    plain.step(b, gradient);
  }
  // Clipped, both steps are alike and each moves by the rate; unclipped, the second is much larger than the first.
  EXPECT_NEAR(a[0], -2e-3, 1e-6);
  EXPECT_GT(std::abs(b[0] - a[0]), 1e-4);
}

// By hand: the first step's corrected moments are g and g²; with g = ε it moves by rate · g / (g + ε) = rate / 2.
TEST(Adam, EpsilonCountsAfterTheBiasCorrection) {
  std::vector<float> x{0};
  Adam adam(1);
  adam.step(x, std::vector<float>{1e-8F});
  EXPECT_NEAR(x[0], -5e-4, 1e-7);
}

TEST(Adam, NonFiniteGradientChangesNothing) {
  std::vector<float> parameters{1, 2, 3};
  Adam adam(3);
  const std::vector<float> bad{1, std::numeric_limits<float>::quiet_NaN(), 1};
  EXPECT_FALSE(std::isfinite(adam.step(parameters, bad)));
  EXPECT_EQ(parameters, (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(adam.steps(), 0U);
}

TEST(Adam, FindsTheMinimumOfAParabola) {
  std::vector<float> x{5, -3};
  Adam adam(2, {.learning_rate = 0.05F});
  for (int i = 0; i < 2000; ++i) adam.step(x, std::vector<float>{2 * (x[0] - 1), 8 * (x[1] - 2)});
  EXPECT_NEAR(x[0], 1, 1e-3);
  EXPECT_NEAR(x[1], 2, 1e-3);
}

TEST(Adam, RefusesOtherSizes) {
  std::vector<float> two(2), three(3);
  Adam adam(2);
  EXPECT_THROW(adam.step(two, three), Error);
  EXPECT_THROW(adam.step(three, two), Error);
}

}  // namespace
}  // namespace glucose
