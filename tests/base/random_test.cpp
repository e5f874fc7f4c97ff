// SPDX-License-Identifier: PostgreSQL
#include "core/base/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace glucose {
namespace {

TEST(Random, SameSeedSameStreamOtherSeedOtherStream) {
  Random a(7), b(7), c(8);
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const auto x = a.bits();
    EXPECT_EQ(x, b.bits());
    differs |= x != c.bits();
  }
  EXPECT_TRUE(differs);
}

TEST(Random, NormalHasMeanZeroAndVarianceOne) {
  Random r(1);
  double sum = 0, squares = 0;
  constexpr int n = 200000;
  for (int i = 0; i < n; ++i) {
    const double x = r.normal();
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / n, 0.0, 0.01);
  EXPECT_NEAR(squares / n, 1.0, 0.02);
}

TEST(Random, BelowStaysBelowAndReachesAll) {
  Random r(3);
  std::array<int, 7> seen{};
  for (int i = 0; i < 7000; ++i) ++seen.at(r.below(7));
  for (int count : seen) EXPECT_GT(count, 800);
}

TEST(Random, ShuffleIsAPermutation) {
  Random r(3);
  std::vector<int> items(50);
  std::iota(items.begin(), items.end(), 0);
  auto shuffled = items;
  r.shuffle(shuffled);
  EXPECT_NE(shuffled, items);
  std::sort(shuffled.begin(), shuffled.end());
  EXPECT_EQ(shuffled, items);
}

}  // namespace
}  // namespace glucose
