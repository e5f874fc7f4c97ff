// SPDX-License-Identifier: PostgreSQL
// What is known when a meal is eaten, and that nothing later ever is.
#include "core/tasks/meal/features/timeline.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "core/base/random.hpp"
#include "support/rows.hpp"
#include "support/simulated_samples.hpp"

namespace glucose {
namespace {

// Places in 'meal/2'; RichTable tests hold them to the table's names.
constexpr std::size_t kRecalled60 = 24, kRecalled120 = 25, kSameMoment = 41, kMealsLastDay = 51;

std::vector<Moment> moments(const SimulatedHistory& history) {
  Timeline timeline(history.meals, history.readings);
  std::vector<Moment> all;
  for (const Meal& meal : history.meals) all.push_back(timeline.moment(meal));
  return all;
}

/// A person whose readings came late now and then, some by hours, and who logs two meals at once sometimes.
SimulatedHistory untidy(std::uint64_t seed) {
  SimulatedHistory history = simulated_history(seed, 9, static_cast<Profile>(seed % kProfiles));
  Random rng(seed);
  for (Reading& r : history.readings) {
    if (rng.below(10) == 0) r.recorded_at += rng.below(300) * kMinute;
    if (rng.below(20) == 0) r.measured_at -= kMinute;
  }
  for (std::size_t i = 5; i < history.meals.size(); i += 7) history.meals[i].eaten_at = history.meals[i - 1].eaten_at;
  return history;
}

/// Everything that is not known at a moment, made different: readings measured or recorded later, later meals.
SimulatedHistory with_another_future(const SimulatedHistory& history, Micros now, Random& rng) {
  SimulatedHistory other;
  for (Reading r : history.readings) {
    const bool known = r.measured_at <= now && r.recorded_at <= now;
    if (!known) {
      if (rng.below(5) == 0) continue;
      r.mg_dl = static_cast<float>(rng.uniform(30, 500));
    }
    other.readings.push_back(r);
    if (rng.below(4) != 0) continue;
    const Micros measured_at = r.measured_at + rng.below(9) * kMinute;  // beside it, and recorded after now
    other.readings.push_back({measured_at, std::max(now, measured_at) + 1 + rng.below(400) * kMinute,
                              static_cast<float>(rng.uniform(30, 500))});
  }
  std::stable_sort(other.readings.begin(), other.readings.end(),
                   [](const Reading& a, const Reading& b) { return a.measured_at < b.measured_at; });
  for (Meal meal : history.meals) {
    if (meal.eaten_at > now) {
      if (rng.below(3) == 0) continue;
      meal.nutrition.carbs_g = static_cast<float>(rng.uniform(0, 200));
      meal.type = MealType::snack;
    }
    other.meals.push_back(meal);
  }
  return other;
}

TEST(Timeline, NothingLaterChangesAnyColumn) {
  Random rng(3);
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const SimulatedHistory history = untidy(seed);
    const std::vector<Moment> before = moments(history);
    for (std::size_t i = 0; i < before.size(); i += 3) {
      const Micros now = before[i].eaten_at;
      const std::vector<Moment> after = moments(with_another_future(history, now, rng));
      for (std::size_t j = 0; j < before.size() && before[j].eaten_at <= now; ++j) {
        for (std::size_t c = 0; c < kRichFeatures; ++c)
          ASSERT_EQ(bits_of(before[j].rich)[c], bits_of(after[j].rich)[c])
              << kRichTable[c].name << ", person " << seed << ", meal " << j << " of " << i << ": " << before[j].rich[c]
              << " became " << after[j].rich[c];
        ASSERT_EQ(bits_of(before[j].features), bits_of(after[j].features));
      }
    }
  }
}

TEST(Timeline, AskedForOneMealItSaysTheSameAsOnItsWay) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    const SimulatedHistory history = untidy(seed);
    const std::vector<Moment> walked = moments(history);
    for (std::size_t i = 0; i < walked.size(); i += 4) {
      const Moment alone = Timeline(history.meals, history.readings).moment(history.meals[i]);
      for (std::size_t c = 0; c < kRichFeatures; ++c)
        ASSERT_EQ(bits_of(alone.rich)[c], bits_of(walked[i].rich)[c]) << kRichTable[c].name << i;
    }
  }
}

TEST(Timeline, OfAMealThatIsNotAmongThem) {
  const SimulatedHistory history = simulated_history(5, 6);
  std::vector<Meal> without = history.meals;
  const Meal meal = without[15];
  without.erase(without.begin() + 15);
  const Moment among = Timeline(history.meals, history.readings).moment(meal);
  EXPECT_EQ(bits_of(Timeline(without, history.readings).moment(meal).rich), bits_of(among.rich));
}

/// What is recalled of a meal at minute 0, which rose by 40 in an hour, at a later minute.
float recalled_at(double minute, double recorded_later = 0) {
  std::vector<Reading> readings;
  for (int t = -180; t <= 240; t += 5)
    readings.push_back(late_reading(t, t + recorded_later, 100 + 40 * static_cast<float>(std::max(t, 0)) / 60));
  const std::vector<Meal> meals{meal_at(0)};
  return Timeline(meals, readings).moment(meal_at(minutes(minute))).rich[kRecalled60];
}

TEST(Timeline, OutcomesAreRecalledOnceTheyAreKnown) {
  EXPECT_EQ(recalled_at(30), 0);
  EXPECT_EQ(recalled_at(59), 0);
  EXPECT_FLOAT_EQ(recalled_at(60), 40.0F / 5);
  EXPECT_FLOAT_EQ(recalled_at(200), 40.0F / 5);
  EXPECT_TRUE(std::isnan(recalled_at(89, 30)) || recalled_at(89, 30) == 0);  // recorded half an hour later
}

TEST(Timeline, EachHorizonIsRecalledByItself) {
  std::vector<Reading> readings;
  for (int t = -180; t <= 100; t += 5) readings.push_back(reading(t, 100 + static_cast<float>(std::max(t, 0))));
  const std::vector<Meal> meals{meal_at(0)};
  const RichVector rich = Timeline(meals, readings).moment(meal_at(minutes(100))).rich;
  EXPECT_FLOAT_EQ(rich[kRecalled60], 60.0F / 5);
  EXPECT_EQ(rich[kRecalled120], 0);
}

TEST(Timeline, MealsOfOneMomentSeeEachOthersCarbsButAreNotEarlier) {
  std::vector<Meal> meals{meal_at(0, 30), meal_at(0, 20), meal_at(0, kUnknown), meal_at(minutes(120), 50)};
  for (std::uint8_t i = 0; i < 4; ++i) meals[i].id[0] = i;
  const std::vector<Reading> readings{reading(-5, 100), reading(115, 120)};
  Timeline timeline(meals, readings);
  const float others[] = {20, 30, 50, 0}, before[] = {0, 0, 0, 3};
  for (std::size_t i = 0; i < 4; ++i) {
    const RichVector rich = timeline.moment(meals[i]).rich;
    EXPECT_EQ(rich[kSameMoment], others[i]) << i;
    EXPECT_EQ(rich[kMealsLastDay], before[i]) << i;
  }
}

TEST(Timeline, MealsOlderThanThirtyDaysAreForgotten) {
  const std::vector<Meal> meals{meal_at(0, 200), meal_at(20 * kDay, 50)};
  const std::vector<Reading> readings{reading(0, 100)};
  Timeline timeline(meals, readings);
  EXPECT_LT(timeline.moment(meal_at(30 * kDay)).rich[36], -30);       // both are usual carbs
  EXPECT_EQ(timeline.moment(meal_at(30 * kDay + 1)).rich[36], 0.0F);  // only the second is
}

}  // namespace
}  // namespace glucose
