// SPDX-License-Identifier: PostgreSQL
#include "core/days/meal_lines.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "support/rows.hpp"

namespace glucose {
namespace {

Meal line(std::uint8_t id, int minute, float carbs_g, MealType type = MealType::lunch) {
  Meal meal = meal_at(minutes(minute));
  meal.id = {id};
  meal.nutrition = {kUnknown, carbs_g, kUnknown, kUnknown, kUnknown};
  meal.type = type;
  return meal;
}

TEST(WholeMeals, LinesOfAQuarterOfAnHourAreOne) {
  const std::vector<Meal> lines{line(1, 0, 10, MealType::snack), line(2, 0, 20),        line(3, 15, 30), line(4, 16, 5),
                                line(5, 200, kUnknown),          line(6, 210, kUnknown)};
  const WholeMeals whole(lines);
  ASSERT_EQ(whole.all().size(), 3U);
  EXPECT_EQ(whole.all()[0].id, lines[0].id);
  EXPECT_EQ(whole.all()[0].eaten_at, 0);
  EXPECT_FLOAT_EQ(whole.all()[0].nutrition.carbs_g, 60);
  EXPECT_EQ(whole.all()[0].type, MealType::lunch);       // of the line with most
  EXPECT_FLOAT_EQ(whole.all()[1].nutrition.carbs_g, 5);  // sixteen minutes after the first
  EXPECT_TRUE(std::isnan(whole.all()[2].nutrition.carbs_g));
}

TEST(WholeMeals, WithoutLinesNothingChanges) {
  const std::vector<Meal> lines{line(1, 0, 10), line(2, 16, 20), line(3, 100, 30)};
  EXPECT_EQ(WholeMeals(lines).all().data(), lines.data());
  EXPECT_EQ(WholeMeals({}).all().size(), 0U);
}

TEST(WholeMeals, HowFarBackTheHistoryGoesDoesNotMatter) {
  std::vector<Meal> lines;
  for (int i = 0; i < 40; ++i) lines.push_back(line(static_cast<std::uint8_t>(i), 100 * (i / 3) + 5 * (i % 3), 1));
  const WholeMeals all(lines), newest(std::span<const Meal>(lines).subspan(12));
  for (std::size_t i = 0; i < newest.all().size(); ++i)
    EXPECT_EQ(newest.all()[i].id, all.all()[all.all().size() - newest.all().size() + i].id);
}

TEST(WholeMeals, AsFarAsItWasEatenByALine) {
  const std::vector<Meal> lines{line(1, 0, 10), line(2, 5, 20), line(3, 12, 30), line(4, 100, 7)};
  EXPECT_FLOAT_EQ(WholeMeals::of(lines, lines[0]).nutrition.carbs_g, 10);
  EXPECT_FLOAT_EQ(WholeMeals::of(lines, lines[1]).nutrition.carbs_g, 30);
  const Meal last = WholeMeals::of(lines, lines[2]);
  EXPECT_FLOAT_EQ(last.nutrition.carbs_g, 60);
  EXPECT_EQ(last.eaten_at, lines[2].eaten_at);
  EXPECT_EQ(last.id, lines[2].id);
  EXPECT_FLOAT_EQ(WholeMeals::of(lines, lines[3]).nutrition.carbs_g, 7);
  Meal changed = lines[1];
  changed.nutrition.carbs_g = 100;  // what if?
  EXPECT_FLOAT_EQ(WholeMeals::of(lines, changed).nutrition.carbs_g, 110);
  EXPECT_FLOAT_EQ(WholeMeals::of(lines, line(9, 50, 3)).nutrition.carbs_g, 3);  // not among them
}

TEST(WholeMeals, TheMealOfALineIsNoEarlierOne) {
  const std::vector<Meal> lines{line(1, 0, 10), line(2, 5, 20), line(3, 100, 7)};
  const WholeMeals others = WholeMeals::without(lines, lines[1]);
  ASSERT_EQ(others.all().size(), 1U);
  EXPECT_EQ(others.all()[0].id, lines[2].id);
}

TEST(WholeMeals, NoMoreThanOneMealMayHold) {
  const std::vector<Meal> lines{line(1, 0, 400), line(2, 5, 400)};
  EXPECT_FLOAT_EQ(WholeMeals(lines).all()[0].nutrition.carbs_g, 500);
}

}  // namespace
}  // namespace glucose
