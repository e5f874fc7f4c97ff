// SPDX-License-Identifier: PostgreSQL
#include "core/seeing/profile.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace glucose {
namespace {

TEST(Profile, PercentilesOfEachPart) {
  std::vector<ClockSample> samples;
  for (int i = 20; i >= 0; --i) samples.push_back({i % 2 == 0 ? 60 : 74, static_cast<float>(100 + i)});
  samples.push_back({1439, 80});
  const auto parts = profile_of(samples, 15);
  ASSERT_EQ(parts.size(), 96U);
  EXPECT_EQ(parts[4].minute_of_day, 60);
  EXPECT_EQ(parts[4].n, 21);
  for (std::size_t k = 0; k < kProfileShares.size(); ++k)
    EXPECT_NEAR(parts[4].mg_dl[k], 100 + 20 * kProfileShares[k], 1e-9);
  EXPECT_EQ(parts[5].n, 0);
  EXPECT_TRUE(std::isnan(parts[5].mg_dl[2]));
  EXPECT_EQ(parts[95].mg_dl[0], 80);
  EXPECT_EQ(profile_of(samples, 120)[0].n, 21);
  EXPECT_NEAR(profile_of(std::vector<ClockSample>{{0, 100}, {0, 200}}, 60)[0].mg_dl[1], 125, 1e-9);
}

}  // namespace
}  // namespace glucose
