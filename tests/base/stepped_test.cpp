// SPDX-License-Identifier: PostgreSQL
#include "core/base/stepped.hpp"

#include <gtest/gtest.h>

#include "core/base/random.hpp"

namespace glucose {
namespace {

std::vector<float> some_values(std::size_t n) {
  Random random(n);
  std::vector<float> values(n);
  for (float& value : values) value = static_cast<float>(random.normal());
  return values;
}

int steps_of(Steps work) {
  int n = 0;
  for (; !work.done(); work.step()) ++n;
  return n;
}

TEST(Stepped, SortingIsThatOfTheStandardLibraryInSeveralSteps) {
  for (const std::size_t n : {0U, 1U, 1000U, 65'536U, 65'537U, 400'000U}) {
    std::vector<float> values = some_values(n), sorted = values;
    std::sort(sorted.begin(), sorted.end());
    const int steps = steps_of(sort_in_steps(values));
    EXPECT_EQ(values, sorted) << n;
    EXPECT_EQ(n > 65'536, steps > 3) << n;
  }
}

TEST(Stepped, RoomIsMadeInSeveralStepsAndNothingIsLost) {
  std::vector<float> values = some_values(1'000'000);
  values.shrink_to_fit();
  const std::vector<float> before = values;
  EXPECT_FALSE(has_room(values, 1));
  EXPECT_GE(steps_of(make_room_in_steps(values, 7)), 4);
  EXPECT_EQ(values, before);
  EXPECT_GE(values.capacity(), 2'000'000U);
  EXPECT_TRUE(has_room(values, 7));
}

TEST(Stepped, WhereThereIsRoomNothingMoves) {
  std::vector<float> values(3);
  values.reserve(10);
  const float* const at = values.data();
  steps_of(make_room_in_steps(values, 7));
  EXPECT_EQ(values.data(), at);
}

}  // namespace
}  // namespace glucose
