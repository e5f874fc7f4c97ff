// SPDX-License-Identifier: PostgreSQL
// The columns of 'meal/2' by hand, by their names in the table.
#include "core/tasks/meal/features/rich_features.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "core/tasks/meal/features/timeline.hpp"
#include "support/rows.hpp"

namespace glucose {
namespace {

std::size_t place(std::string_view name) {
  for (std::size_t i = 0; i < kRichTable.size(); ++i)
    if (kRichTable[i].name == name) return i;
  ADD_FAILURE() << "no column " << name;
  return 0;
}

/// Columns of a moment by name, in double.
struct Columns {
  RichVector rich;
  double operator[](std::string_view name) const { return static_cast<double>(rich[place(name)]); }
};
Columns at(const Meal& meal, const std::vector<Meal>& meals, const std::vector<Reading>& readings) {
  return {Timeline(meals, readings).moment(meal).rich};
}
Meal meal_of(double minute, MealType type, float carbs_g, std::uint8_t id = 0) {
  Meal meal = meal_at(minutes(minute), carbs_g);
  meal.type = type;
  meal.id[0] = id;
  return meal;
}

TEST(RichTable, ColumnsAreWhereOthersLookForThem) {
  EXPECT_EQ(place("level"), meal2::kLevel);                      // the kernel, the scale, and every forecast's start
  EXPECT_EQ(place("above_month_mean"), meal2::kAboveMonthMean);  // how low a forecast may be
  EXPECT_EQ(place("sd_month"), meal2::kSdMonth);
  EXPECT_EQ(place("sd_1h"), meal2::kSd1h);  // the scale
  EXPECT_EQ(place("sd_2h"), meal2::kSd2h);
  EXPECT_EQ(place("calories"), meal2::kFirstNutrient);  // the kernel: calories, carbs, protein, fat
  EXPECT_EQ(place("carbs"), meal2::kFirstNutrient + 1);
  EXPECT_EQ(place("protein"), meal2::kFirstNutrient + 2);
  EXPECT_EQ(place("fat"), meal2::kFirstNutrient + 3);
  EXPECT_EQ(place("day_sin"), meal2::kDaySin);
  EXPECT_EQ(place("day_cos"), meal2::kDayCos);
  EXPECT_EQ(place("is_breakfast"), meal2::kFirstType);  // the larger penalty of types
  EXPECT_EQ(place("is_snack"), meal2::kFirstType + 3);
  // Those of a first day.
  EXPECT_EQ(place("change_15"), meal2::kChange15);
  EXPECT_EQ(place("change_120"), meal2::kChange15 + 3);
  EXPECT_EQ(place("above_6h_mean"), meal2::kAbove6hMean);
  EXPECT_EQ(place("above_day_mean"), meal2::kAboveDayMean);
  EXPECT_EQ(place("sd_day"), meal2::kSdDay);
  EXPECT_EQ(place("rhythm_60"), meal2::kRhythm60);
  EXPECT_EQ(place("above_rhythm_60"), meal2::kAboveRhythm60);
  EXPECT_EQ(place("above_rhythm_120"), meal2::kAboveRhythm120);
  EXPECT_EQ(place("rhythm_doubt"), meal2::kDoubt);
  EXPECT_EQ(place("analogue_doubt"), meal2::kAnalogueDoubt);
  EXPECT_EQ(place("recall_doubt"), meal2::kRecallDoubt);
  EXPECT_EQ(place("carbs_against_usual"), meal2::kCarbsAgainstUsual);
  EXPECT_EQ(place("log_carbs_against_usual"), meal2::kLogCarbsAgainstUsual);
  EXPECT_EQ(place("hours_since_meal"), meal2::kHoursSinceMeal);
  EXPECT_EQ(place("log_hours_since_meal"), meal2::kLogHoursSinceMeal);
  EXPECT_EQ(place("meals_last_day"), meal2::kMealsLastDay);
  EXPECT_EQ(place("above_mean_breakfast"), meal2::kFirstAboveMeanOfType);
}

TEST(RichTable, EveryColumnHasItsOwnNameAUnitAndASource) {
  std::set<std::string_view> names;
  for (const RichFeatureInfo& info : kRichTable) {
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_FALSE(info.unit.empty() || info.source.empty()) << info.name;
  }
}

TEST(RichFeatures, LevelAndItsChanges) {
  std::vector<Reading> readings;
  for (int t = -300; t <= 0; t += 5) readings.push_back(reading(t, 150 + static_cast<float>(t) / 10));
  const Columns x = at(meal_at(0), {}, readings);
  EXPECT_NEAR(x["level"], 150, 1e-4);
  EXPECT_NEAR(x["change_15"], 1.5, 1e-4);
  EXPECT_NEAR(x["change_30"], 3, 1e-4);
  EXPECT_NEAR(x["change_60"], 6, 1e-4);
  EXPECT_NEAR(x["change_120"], 12, 1e-4);
  EXPECT_NEAR(x["above_lowest"], 16.5, 1e-4);  // of the 12 quarter-hours
  for (const char* mean : {"above_6h_mean", "above_day_mean", "above_month_mean"}) EXPECT_NEAR(x[mean], 15, 1e-4);
  EXPECT_NEAR(x["sd_1h"], 0.5 * std::sqrt(14), 1e-4);  // 13 readings, 0.5 apart: sqrt((13² - 1) / 12) steps
  EXPECT_NEAR(x["sd_2h"], 0.5 * std::sqrt(52), 1e-4);
  EXPECT_NEAR(x["sd_day"], 0.5 * std::sqrt(310), 1e-4);
  EXPECT_NEAR(x["gaps"], 0, 1e-6);
}

TEST(RichFeatures, NoReadingsAndNoMeals) {
  const Columns x = at(meal_at(0), {}, {});
  for (const char* name : {"level", "change_15", "above_month_mean", "sd_1h", "sd_month", "above_rhythm_60"})
    EXPECT_TRUE(std::isnan(x[name])) << name;
  for (const char* name : {"rhythm_60", "rhythm_change_120", "analogue_change_60", "recalled_change_120",
                           "recalled_level", "carbs_on_board_50", "meals_last_day", "above_mean_lunch"})
    EXPECT_EQ(x[name], 0) << name;
  for (const char* name : {"rhythm_doubt", "analogue_doubt", "recall_doubt"}) EXPECT_EQ(x[name], 1) << name;
  EXPECT_NEAR(x["gaps"], 1, 1e-6);
  EXPECT_EQ(x["hours_since_meal"], 12);
  EXPECT_EQ(x["carbs_against_usual"], 0);  // 50 g is what is expected of anyone
}

TEST(RichFeatures, OneOldReadingIsTheLevelThereIs) {
  const Columns x = at(meal_at(0), {}, {reading(-600, 140)});
  EXPECT_EQ(x["level"], 140);
  EXPECT_EQ(x["above_month_mean"], 0);
  EXPECT_TRUE(std::isnan(x["change_15"]));
  EXPECT_TRUE(std::isnan(x["above_6h_mean"]));
  EXPECT_TRUE(std::isnan(x["sd_day"]));
  EXPECT_NEAR(x["gaps"], 1, 1e-6);
}

// Glucose is 100 at midnight and rises by 1 each ten minutes, every day; the meal is on the fourth day at noon.
TEST(RichFeatures, RhythmIsWhatThisTimeOfDayUsuallyBrings) {
  std::vector<Reading> readings;
  double sum = 0;
  constexpr int kNoon = 3 * 1440 + 720;
  for (int t = 0; t <= kNoon; t += 5) {
    readings.push_back(reading(t, 100 + static_cast<float>(t % 1440) / 10));
    sum += static_cast<double>(readings.back().mg_dl);
  }
  const double mean = sum / static_cast<double>(readings.size());
  const Columns x = at(meal_at(minutes(kNoon)), {}, readings);
  const double usual_60 = 3 * (178 - mean) / 4, usual_120 = 3 * (184 - mean) / 4;  // three days, and one of the mean
  EXPECT_NEAR(x["rhythm_60"], usual_60, 1e-3);
  EXPECT_NEAR(x["rhythm_120"], usual_120, 1e-3);
  EXPECT_NEAR(x["above_rhythm_60"], 172 - mean - usual_60, 1e-3);
  EXPECT_NEAR(x["above_rhythm_120"], 172 - mean - usual_120, 1e-3);
  EXPECT_NEAR(x["rhythm_change_60"], 3 * 6.0 / 5, 1e-3);
  EXPECT_NEAR(x["rhythm_change_120"], 3 * 12.0 / 5, 1e-3);
  EXPECT_NEAR(x["rhythm_doubt"], 0.25, 1e-6);
}

TEST(RichFeatures, AnaloguesAreMomentsAtThisTimeAndLevel) {
  const std::vector<Reading> readings{reading(0, 100), reading(60, 130), reading(120, 160), reading(1440, 110)};
  const Columns x = at(meal_at(minutes(1440)), {}, readings);
  const double same_time = std::exp(-0.5 * 0.4 * 0.4);                              // 10 mg/dL lower
  const double hour_later = std::exp(-0.5 * (std::pow(60.0 / 45, 2) + 0.8 * 0.8));  // 20 mg/dL higher
  EXPECT_NEAR(x["analogue_change_60"], 30 * (same_time + hour_later) / (same_time + hour_later + 2), 1e-4);
  EXPECT_NEAR(x["analogue_change_120"], 60 * same_time / (same_time + 2), 1e-4);
  EXPECT_NEAR(x["analogue_doubt"], 2 / (same_time + 2), 1e-6);
}

TEST(RichFeatures, AnaloguesAreInterpolatedBetweenNearReadings) {
  // The quarter-hour is between readings 10 minutes apart, an hour later between 16 minutes to one side: not known.
  std::vector<Reading> readings{reading(-5, 90), reading(5, 110), reading(44, 120), reading(64, 130)};
  readings.push_back(reading(1440, 100));
  const double known = at(meal_at(minutes(1440)), {}, readings)["analogue_change_60"];
  EXPECT_EQ(known, 0);
  readings[2] = reading(56, 120);
  EXPECT_NEAR(at(meal_at(minutes(1440)), {}, readings)["analogue_change_60"], 25.0 / 3, 1e-4);
}

/// Lunch 5 h ago rose by 40 and 20, dinner 2.5 h ago by 30 and -10; level now is 130.
const std::vector<Meal> kEarlier{meal_of(-300, MealType::lunch, 60, 1), meal_of(-150, MealType::dinner, 40, 2)};
const std::vector<Reading> kAround{reading(-300, 100), reading(-240, 140), reading(-180, 120), reading(-150, 110),
                                   reading(-90, 140),  reading(-30, 100),  reading(0, 130)};

TEST(RichFeatures, RecallsWhatFollowedEarlierMeals) {
  const Columns x = at(meal_of(0, MealType::lunch, 80), kEarlier, kAround);
  EXPECT_NEAR(x["recalled_change_60"], (40 + 0.4 * 30) / 5.4, 1e-4);
  EXPECT_NEAR(x["recalled_change_120"], (20 - 0.4 * 10) / 5.4, 1e-4);
  EXPECT_NEAR(x["recalled_level"], (-30 - 0.4 * 20) / 5.4, 1e-4);
  EXPECT_NEAR(x["recall_doubt"], 4 / 5.4, 1e-6);
}

TEST(RichFeatures, UsualCarbsAreThoseOfTheTypePulledToAllAndTo50) {
  const Columns x = at(meal_of(0, MealType::lunch, 80), kEarlier, kAround);
  const double of_all = (100 + 2 * 50) / 4.0, usual = (60 + 2 * of_all) / 3;
  EXPECT_NEAR(x["carbs_against_usual"], 80 - usual, 1e-4);
  EXPECT_NEAR(x["log_carbs_against_usual"], std::log(90 / (usual + 10)), 1e-5);
  std::vector<Meal> unknown = kEarlier;
  unknown[0].nutrition.carbs_g = kUnknown;  // says nothing of what is usual
  EXPECT_NEAR(at(meal_of(0, MealType::lunch, 80), unknown, kAround)["carbs_against_usual"], 80 - 140.0 / 3, 1e-4);
}

TEST(RichFeatures, CarbsOfEarlierMealsAreAbsorbedAlongAGammaCurve) {
  const Columns x = at(meal_of(0, MealType::lunch, 80), kEarlier, kAround);
  const auto left = [](double minutes, double constant) {
    return (1 + minutes / constant) * std::exp(-minutes / constant);
  };
  for (const int constant : {30, 50}) {
    const auto on_board = [&](double later) {
      return 60 * left(300 + later, constant) + 40 * left(150 + later, constant);
    };
    const std::string name = std::to_string(constant);
    EXPECT_NEAR(x["carbs_on_board_" + name], on_board(0), 1e-4);
    EXPECT_NEAR(x["absorbed_60_" + name], on_board(0) - on_board(60), 1e-4);
    EXPECT_NEAR(x["absorbed_120_" + name], on_board(0) - on_board(120), 1e-4);
  }
  EXPECT_NEAR(x["meals_on_board"], left(300, 50) + left(150, 50), 1e-6);
  EXPECT_NEAR(x["hours_since_meal"], 2.5, 1e-6);
  EXPECT_NEAR(x["log_hours_since_meal"], std::log(3.5), 1e-6);
  EXPECT_EQ(x["meals_last_day"], 2);
}

TEST(RichFeatures, NutritionAndWhatIsNotKnownOfIt) {
  Meal meal = meal_of(0, MealType::dinner, 60);
  meal.nutrition = {500, 60, 30, 20, 10};
  Columns x = at(meal, {}, kAround);
  EXPECT_EQ(x["calories"], 500);
  EXPECT_NEAR(x["log_carbs"], std::log(61), 1e-6);
  EXPECT_NEAR(x["net_carbs_damped"], 50 / 2.0, 1e-5);
  EXPECT_NEAR(x["net_carbs_ratio"], 50 / 51.0, 1e-6);
  EXPECT_EQ(x["carbs_unknown"] + x["fat_unknown"] + x["fiber_unknown"], 0);
  meal.nutrition = {kUnknown, kUnknown, 30, kUnknown, kUnknown};
  x = at(meal, {}, kAround);
  for (const char* name : {"calories", "carbs", "fat", "fiber", "log_carbs", "net_carbs_damped", "carbs_against_usual"})
    EXPECT_TRUE(std::isnan(x[name])) << name;
  EXPECT_EQ(x["carbs_unknown"] + x["fat_unknown"] + x["fiber_unknown"], 3);
}

TEST(RichFeatures, ClockAndType) {
  Meal meal = meal_of(0, MealType::snack, 20);
  meal.clock.minute_of_day = 6 * 60;
  const Columns x = at(meal, {}, kAround);
  EXPECT_NEAR(x["day_sin"], 1, 1e-6);
  EXPECT_NEAR(x["day_cos"], 0, 1e-6);
  EXPECT_NEAR(x["half_day_sin"], 0, 1e-6);
  EXPECT_NEAR(x["half_day_cos"], -1, 1e-6);
  EXPECT_EQ(x["is_snack"], 1);
  EXPECT_EQ(x["is_breakfast"] + x["is_lunch"] + x["is_dinner"], 0);
  EXPECT_EQ(x["above_mean_snack"], x["above_month_mean"]);
  EXPECT_EQ(x["above_mean_lunch"], 0);
}

}  // namespace
}  // namespace glucose
