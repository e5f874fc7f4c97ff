// SPDX-License-Identifier: PostgreSQL
#include "core/math/correlation.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/random.hpp"

namespace glucose {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// By hand: ranks of y are 1, 2.5, 2.5, 4, 5.
TEST(Correlation, HandComputedWithTiesAndGaps) {
  const std::vector<float> x{1, 2, kNan, 3, 4, 5}, y{2, 4, 7, 4, 5, 100};
  const Correlation c = correlate(x, y);
  EXPECT_EQ(c.n, 5);
  EXPECT_NEAR(c.pearson, 0.7234, 5e-5);
  EXPECT_NEAR(c.spearman, 0.974679, 1e-6);
  EXPECT_TRUE(std::isnan(c.p_value)) << "too few";
}

TEST(Correlation, NothingCanBeSaidOfWhatNeverVaries) {
  const std::vector<float> flat(20, 3.0F);
  std::vector<float> rising(20);
  for (std::size_t i = 0; i < rising.size(); ++i) rising[i] = static_cast<float>(i);
  for (const auto& c : {correlate(flat, rising), correlate(rising, flat),
                        correlate(std::vector<float>{1, 2}, std::vector<float>{1, 2}), correlate({}, {})}) {
    EXPECT_TRUE(std::isnan(c.pearson));
    EXPECT_TRUE(std::isnan(c.spearman));
    EXPECT_TRUE(std::isnan(c.p_value));
  }
  EXPECT_THROW(correlate(flat, {}), Error);
}

// Under no relation every p-value is as likely as any other, also where each day is much like the day before.
TEST(Correlation, UnrelatedSeriesAreSeldomCalledRelated) {
  for (const double kept : {0.0, 0.8}) {
    Random random(11);
    int found = 0;
    constexpr int kTrials = 600;
    for (int trial = 0; trial < kTrials; ++trial) {
      std::vector<float> x(90), y(90);
      double a = random.normal(), b = random.normal();
      for (std::size_t i = 0; i < x.size(); ++i) {
        a = kept * a + std::sqrt(1 - kept * kept) * random.normal();
        b = kept * b + std::sqrt(1 - kept * kept) * random.normal();
        x[i] = static_cast<float>(a), y[i] = static_cast<float>(b);
      }
      found += correlate(x, y).p_value < 0.05;
    }
    EXPECT_GT(found, kTrials * 0.02) << kept;
    EXPECT_LT(found, kTrials * 0.09) << kept;
  }
}

TEST(Correlation, RelatedSeriesAreFound) {
  Random random(5);
  std::vector<float> x(60), y(60);
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = static_cast<float>(random.normal());
    y[i] = static_cast<float>(-0.8 * static_cast<double>(x[i]) + 0.6 * random.normal());
  }
  const Correlation c = correlate(x, y);
  EXPECT_LT(c.pearson, -0.6);
  EXPECT_LT(c.p_value, 1e-4);
  EXPECT_NEAR(correlate(x, x).pearson, 1, 1e-12);
  EXPECT_EQ(correlate(x, x).p_value, 0);
}

// Figures of the paper's own example (15 p-values, four of which are findings at 0.05).
TEST(FalseDiscoveryRates, AsInThePaper) {
  const std::vector<double> p{0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
                              0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000};
  const auto rates = false_discovery_rates(p);
  int found = 0;
  for (const double rate : rates) found += rate <= 0.05;
  EXPECT_EQ(found, 4);
  EXPECT_NEAR(rates[3], 0.0095 * 15 / 4, 1e-12);
  EXPECT_NEAR(rates[6], 0.0298 * 15 / 7, 1e-12);
  EXPECT_NEAR(rates[5], 0.0298 * 15 / 7, 1e-12) << "never above a larger p-value's";
}

TEST(FalseDiscoveryRates, KeepsPlacesAndLeavesOutWhatIsNotKnown) {
  const double none = std::numeric_limits<double>::quiet_NaN();
  const auto rates = false_discovery_rates(std::vector<double>{0.04, none, 0.01});
  EXPECT_NEAR(rates[0], 0.04, 1e-12);
  EXPECT_TRUE(std::isnan(rates[1]));
  EXPECT_NEAR(rates[2], 0.02, 1e-12);
  EXPECT_TRUE(false_discovery_rates({}).empty());
}

}  // namespace
}  // namespace glucose
