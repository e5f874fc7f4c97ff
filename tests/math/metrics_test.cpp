// SPDX-License-Identifier: PostgreSQL
#include "core/math/metrics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace glucose {
namespace {

TEST(Metrics, ByHand) {
  const std::vector<float> forecast{110, 150, 190, 160}, outcome{100, 160, 200, 200};
  const Metrics m = measure(forecast, outcome);  // errors 10, -10, -10, -40
  EXPECT_EQ(m.n, 4);
  EXPECT_DOUBLE_EQ(m.mae, 17.5);
  EXPECT_DOUBLE_EQ(m.rmse, std::sqrt(475.0));
  EXPECT_DOUBLE_EQ(m.bias, -12.5);
  EXPECT_DOUBLE_EQ(m.mape, 100 * (0.1 + 0.0625 + 0.05 + 0.2) / 4);
  EXPECT_DOUBLE_EQ(m.r2, 1 - 1900.0 / 6700.0);  // about the mean 165: 4225 + 25 + 1225 + 1225
}

TEST(Metrics, AllRight) {
  const std::vector<float> y{100, 160, 200};
  const Metrics m = measure(y, y);
  EXPECT_EQ(m.mae, 0);
  EXPECT_EQ(m.rmse, 0);
  EXPECT_EQ(m.r2, 1);
  EXPECT_EQ(m.mape, 0);
  EXPECT_EQ(m.bias, 0);
}

TEST(Metrics, TheMeanHasR2ZeroAndWorseIsNegative) {
  const std::vector<float> y{100, 200}, mean{150, 150}, worse{200, 100};
  EXPECT_DOUBLE_EQ(measure(mean, y).r2, 0);
  EXPECT_DOUBLE_EQ(measure(worse, y).r2, -3);
}

TEST(Metrics, OfNothingAreNotNumbers) {
  const Metrics m = measure({}, {});
  EXPECT_EQ(m.n, 0);
  for (const double value : {m.mae, m.rmse, m.r2, m.mape, m.bias}) EXPECT_TRUE(std::isnan(value));
}

TEST(Metrics, ConstantOutcomesHaveNoR2) {
  const std::vector<float> y(37, 101.3F), forecast(37, 111.3F);
  const Metrics m = measure(forecast, y);
  EXPECT_TRUE(std::isnan(m.r2));
  EXPECT_NEAR(m.mae, 10, 1e-5);
  EXPECT_NEAR(m.bias, 10, 1e-5);
  EXPECT_TRUE(std::isnan(measure(std::vector<float>{90}, std::vector<float>{100}).r2));
}

TEST(Metrics, ANotFiniteForecastShows) {
  const std::vector<float> y{100, 200}, bad{100, std::nanf("")};
  const Metrics m = measure(bad, y);
  EXPECT_TRUE(std::isnan(m.mae) && std::isnan(m.rmse) && std::isnan(m.r2));
}

}  // namespace
}  // namespace glucose
