// SPDX-License-Identifier: PostgreSQL
#include "core/base/steps.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>

namespace glucose {
namespace {

Steps count_to(int& n, int last) {
  while (n < last) {
    ++n;
    co_yield Pause{};
  }
}

Steps fail_after(int pauses) {
  for (int i = 0; i < pauses; ++i) co_yield Pause{};
  throw std::runtime_error("no");
}

Steps hold(std::shared_ptr<int> what) {
  co_yield Pause{};
  *what = 1;
}

TEST(Steps, GoOnFromPauseToPauseAndBeginWithTheFirst) {
  int n = 0;
  Steps steps = count_to(n, 3);
  EXPECT_EQ(n, 0);
  for (int i = 1; i <= 3; ++i) {
    ASSERT_FALSE(steps.done());
    steps.step();
    EXPECT_EQ(n, i);
  }
  EXPECT_FALSE(steps.done());  // it does not know yet that nothing follows
  steps.step();
  EXPECT_TRUE(steps.done());
  steps.step();
  EXPECT_EQ(n, 3);
}

TEST(Steps, WhatIsThrownComesOutOfTheStepAndEndsTheWork) {
  Steps steps = fail_after(1);
  steps.step();
  EXPECT_FALSE(steps.done());
  EXPECT_THROW(steps.step(), std::runtime_error);
  EXPECT_TRUE(steps.done());
  EXPECT_NO_THROW(steps.step());
}

TEST(Steps, LeaveNothingBehindWhenTheyAreGivenUp) {
  const auto what = std::make_shared<int>(0);
  {
    Steps steps = hold(what);
    steps.step();
    EXPECT_EQ(what.use_count(), 2);
  }
  EXPECT_EQ(what.use_count(), 1);
  EXPECT_EQ(*what, 0);
}

TEST(Steps, AreMovedWithWhereTheyAre) {
  int n = 0;
  Steps first = count_to(n, 2);
  first.step();
  Steps second = std::move(first);
  EXPECT_TRUE(first.done());  // NOLINT(bugprone-use-after-move): nothing is left in it
  second.step();
  EXPECT_EQ(n, 2);
  first = std::move(second);
  first.step();
  EXPECT_TRUE(first.done());
  EXPECT_TRUE(Steps().done());
}

}  // namespace
}  // namespace glucose
