// SPDX-License-Identifier: PostgreSQL
#include "core/math/shrinkage.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/base/random.hpp"

namespace glucose {
namespace {

TEST(Shrinkage, IntervalsHoldAndExpectationsAreNearerThanMeans) {
  Random random(5);
  for (const double between : {0.0, 0.5, 2.0}) {
    int held = 0, all = 0;
    double plain = 0, shrunken = 0;
    for (int round = 0; round < 300; ++round) {
      constexpr int kGroups = 12;
      std::vector<double> values, truth;
      std::vector<int> group;
      for (int j = 0; j < kGroups; ++j) {
        truth.push_back(20 + between * random.normal());
        for (int i = 0; i <= j % 5; ++i) values.push_back(truth.back() + random.normal()), group.push_back(j);
      }
      const GroupMeans found = shrunken_means(values, group, kGroups);
      for (std::size_t j = 0; j < kGroups; ++j) {
        const GroupMean& g = found.groups[j];
        held += g.lower <= truth[j] && truth[j] <= g.upper ? 1 : 0, ++all;
        plain += std::pow(g.mean - truth[j], 2), shrunken += std::pow(g.expected - truth[j], 2);
      }
    }
    EXPECT_GT(held, 0.87 * all) << between;
    EXPECT_LT(shrunken, plain * 1.01) << between;
  }
}

TEST(Shrinkage, TheFewerTheValuesTheMoreIsPulled) {
  const std::vector<double> values{10, 0, 1, 2, 1, 0, 10, 9, 11, 10, 10, 9, 11, 5, 6};
  const std::vector<int> group{0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 3, 3};
  const GroupMeans found = shrunken_means(values, group, 5);
  EXPECT_LT(found.groups[0].expected, found.groups[2].expected);  // both have a mean of 10
  EXPECT_GT(found.groups[0].upper - found.groups[0].lower, found.groups[2].upper - found.groups[2].lower);
  EXPECT_TRUE(std::isnan(found.groups[4].mean) && std::isnan(found.groups[4].expected));
  EXPECT_EQ(found.groups[4].n, 0);
}

TEST(Shrinkage, LittleSaysLittle) {
  const GroupMeans one = shrunken_means(std::vector<double>{3}, std::vector<int>{0}, 1);
  EXPECT_EQ(one.groups[0].expected, 3);
  EXPECT_TRUE(std::isnan(one.groups[0].lower) && std::isnan(one.within_sd));
  EXPECT_TRUE(shrunken_means({}, {}, 0).groups.empty());
  const GroupMeans same = shrunken_means(std::vector<double>{4, 4, 4}, std::vector<int>{0, 0, 1}, 2);
  for (const GroupMean& g : same.groups) EXPECT_NEAR(g.expected, 4, 1e-9);
}

}  // namespace
}  // namespace glucose
