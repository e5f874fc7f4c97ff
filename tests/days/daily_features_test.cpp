// SPDX-License-Identifier: PostgreSQL
#include "core/days/daily_features.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "core/days/hemisphere.hpp"
#include "days/some_days.hpp"

namespace glucose {
namespace {

constexpr std::int32_t kFirst = 9500;  // 2026-01-04, a Sunday
constexpr std::int32_t kLast = kFirst + 40;
constexpr float kNone = kUnknown;

TEST(DailyFeatures, OfNothingOnlyTheCalendarIsKnown) {
  SomeDays days(kFirst, 42);
  const DailyVector x = days.at(kLast);
  for (int i = 0; i < kDailyFeatures; ++i)
    EXPECT_EQ(std::isnan(x[static_cast<std::size_t>(i)]), i < kWeekdaySin || i > kGapDays)
        << kDailyTable[static_cast<std::size_t>(i)].name;
  EXPECT_EQ(x[kGapDays], 14);
}

TEST(DailyFeatures, TheCalendarIsThatOfTheDayToPredict) {
  SomeDays days(kFirst, 42);
  DailyVector x = days.at(kFirst + 35);  // 2026-02-08, a Sunday: Monday is to be predicted
  EXPECT_NEAR(x[kWeekdaySin], std::sin(2 * std::numbers::pi / 7), 1e-6);
  EXPECT_EQ(x[kFreeDay], 0);
  EXPECT_NEAR(x[kSeasonCos], std::cos(2 * std::numbers::pi * 40 / 365.25), 1e-6);
  EXPECT_EQ(days.at(kFirst + 33)[kFreeDay], 1);  // Friday: Saturday
  days.put(kFirst + 36, Input::free_day, 1, 0);
  EXPECT_EQ(days.at(kFirst + 35)[kFreeDay], 1);
  days.material().calendar.south = true;
  EXPECT_NEAR(days.at(kFirst + 35)[kSeasonCos], -x[kSeasonCos], 1e-6);
}

TEST(DailyFeatures, DayOfTheYearInLeapYearsAndOthers) {
  const auto season = [](std::int32_t day) {
    SomeDays days(day - 1, 2);
    return days.at(day - 1)[kSeasonCos];
  };
  const auto expected = [](int of_year) { return std::cos(2 * std::numbers::pi * of_year / 365.25); };
  EXPECT_NEAR(season(0), expected(1), 1e-6);            // 2000-01-01
  EXPECT_NEAR(season(60), expected(61), 1e-6);          // 2000-03-01, leap
  EXPECT_NEAR(season(366 + 59), expected(60), 1e-6);    // 2001-03-01
  EXPECT_NEAR(season(366 + 364), expected(365), 1e-6);  // 2001-12-31
  EXPECT_NEAR(season(-1), expected(365), 1e-6);         // 1999-12-31
}

TEST(DailyFeatures, HemispheresByZone) {
  for (const char* zone : {"Australia/Perth", "America/Sao_Paulo", "Africa/Johannesburg", "NZ", "Pacific/Auckland"})
    EXPECT_TRUE(is_south(zone)) << zone;
  for (const char* zone : {"Europe/Berlin", "UTC", "America/New_York", "Asia/Singapore", "Pacific/Truk", ""})
    EXPECT_FALSE(is_south(zone)) << zone;
}

TEST(DailyFeatures, FoodFromMealsBeforeMetrics) {
  SomeDays days(kFirst, 42);
  days.put(kLast, Input::energy, 3000);
  days.put(kLast, Input::fiber, 31);
  days.put(kLast, Input::sugar, 40);
  days.eat(kLast, 2 * 60, {200, 20, 5, 5, kNone});  // of the evening before, but for the sums
  days.eat(kLast, 8 * 60, {400, 50, 20, 10, 5});
  days.eat(kLast, 8 * 60 + 15, {kNone, 10, 5, 2, 1});  // a line of the same; 4 × 10 + 4 × 5 + 9 × 2 kcal
  days.eat(kLast, 19 * 60 + 30, {700, 60, 40, 30, 8});
  const DailyVector x = days.at(kLast);
  EXPECT_FLOAT_EQ(x[kEaten], 200 + 400 + 78 + 700);
  EXPECT_FLOAT_EQ(x[kCarbs], 140);
  EXPECT_FLOAT_EQ(x[kProtein], 70);
  EXPECT_FLOAT_EQ(x[kFat], 47);
  EXPECT_FLOAT_EQ(x[kFiber], 31) << "of one line it is not known";
  EXPECT_FLOAT_EQ(x[kSugar], 40);
  EXPECT_FLOAT_EQ(x[kOccasions], 3);
  EXPECT_FLOAT_EQ(x[kCarbShare], 400.0F * 140 / 1378);
  EXPECT_FLOAT_EQ(x[kProteinShare], 400.0F * 70 / 1378);
  EXPECT_FLOAT_EQ(x[kLastMeal], 90);
  EXPECT_FLOAT_EQ(x[kEatingWindow], 11 * 60 + 30);
}

TEST(DailyFeatures, ADayWithoutEnoughFoodIsNotRecorded) {
  SomeDays days(kFirst, 42);
  days.eat(kLast, 8 * 60, {499, 50, 20, 10, 5});
  EXPECT_TRUE(std::isnan(days.at(kLast)[kEaten]));
  EXPECT_TRUE(std::isnan(days.at(kLast)[kLastMeal]));
  days.put(kLast - 1, Input::carbs, 100);
  EXPECT_TRUE(std::isnan(days.at(kLast - 1)[kCarbs]));
  days.put(kLast - 1, Input::occasions, 2);
  EXPECT_FLOAT_EQ(days.at(kLast - 1)[kCarbs], 100);
  EXPECT_FLOAT_EQ(days.at(kLast - 1)[kOccasions], 2);
  days.put(kLast - 2, Input::energy, 500);
  EXPECT_FLOAT_EQ(days.at(kLast - 2)[kEaten], 500);
}

TEST(DailyFeatures, NeverRecordedIsNotNone) {
  SomeDays days(kFirst, 42);
  for (const std::int32_t day : {kLast - 2, kLast}) days.put(day, Input::energy, 2000);
  EXPECT_TRUE(std::isnan(days.at(kLast)[kAlcohol]));
  days.put(kLast - 1, Input::alcohol, 2);
  EXPECT_EQ(days.at(kLast)[kAlcohol], 0);
  EXPECT_EQ(days.at(kLast - 1)[kAlcohol], 2) << "also when no food is recorded";
  EXPECT_TRUE(std::isnan(days.at(kLast - 2)[kAlcohol])) << "not yet";
  EXPECT_TRUE(std::isnan(days.at(kLast)[kCaffeine]));
  days.material().ever[static_cast<std::size_t>(Input::caffeine)] = kFirst - 100;
  EXPECT_EQ(days.at(kLast)[kCaffeine], 0);
}

TEST(DailyFeatures, ADeviceThatWasNotWornHasCountedNothing) {
  SomeDays days(kFirst, 42);
  days.put(kLast, Input::steps, 0);
  days.put(kLast, Input::sedentary, 1440);
  DailyVector x = days.at(kLast);
  EXPECT_TRUE(std::isnan(x[kSteps]) && std::isnan(x[kSedentary]) && std::isnan(x[kWorkouts]));
  days.put(kLast, Input::resting_heart_rate, 55);
  x = days.at(kLast);
  EXPECT_TRUE(x[kSteps] == 0 && x[kWorkouts] == 0 && x[kWorkoutMinutes] == 0);
  days.put(kLast, Input::wear, 599);
  EXPECT_TRUE(std::isnan(days.at(kLast)[kSteps]));
  days.put(kLast - 1, Input::total_energy, 799);
  EXPECT_TRUE(std::isnan(days.at(kLast - 1)[kTotalEnergy]));
}

TEST(DailyFeatures, OneKindOfLoad) {
  SomeDays days(kFirst, 42);
  days.put(kLast, Input::strain, 12);
  EXPECT_FLOAT_EQ(days.at(kLast)[kLoad], 120);
  days.put(kLast, Input::active_light, 200);
  days.put(kLast, Input::active_moderate, 30);
  days.put(kLast, Input::active_vigorous, 20);
  EXPECT_FLOAT_EQ(days.at(kLast)[kLoad], (200 + 90 + 140) / 10.0F);
  days.put(kLast - 3, Input::training_load, 400);
  EXPECT_FLOAT_EQ(days.at(kLast)[kLoad], 0) << "worn, and no session";
  EXPECT_FLOAT_EQ(days.at(kLast - 3)[kLoad], 400);
}

TEST(DailyFeatures, OwnLevelsAndWhatIsFarFromThem) {
  SomeDays days(kFirst, 42);
  for (int i = 1; i <= 30; ++i) {
    const std::int32_t day = kLast - i;
    days.put(day, Input::resting_heart_rate, i % 2 == 0 ? 58.0F : 62.0F);
    days.put(day, Input::rmssd, i % 2 == 0 ? 40.0F : 50.0F);
    days.put(day, Input::sleep, 420);
    days.put(day, Input::steps, i <= 6 ? 12000 : 6000);
    if (i <= 7) days.put(day, Input::skin_temperature, 34);
  }
  days.put(kLast, Input::resting_heart_rate, 66);
  days.put(kLast, Input::skin_temperature, 34.5F);
  days.put(kLast, Input::sleep, 300);
  days.put(kLast, Input::steps, 12000);
  DailyVector x = days.at(kLast);
  const double sd = std::sqrt(4.0 * 30 / 29);
  EXPECT_NEAR(x[kStrainScore], 6 / sd, 1e-5) << "of the heart rate alone";
  EXPECT_NEAR(x[kTemperatureDeviation], 0.5, 1e-5);
  EXPECT_NEAR(x[kSleepDebt], (29 * 420 + 300) / 30.0 - 300, 1e-4 + 6 * 0) << "only the last night is short";
  EXPECT_NEAR(x[kLoadRatio], 2, 1e-6);
  EXPECT_TRUE(std::isnan(x[kLoadShortSleep])) << "sleep had no spread";
  days.put(kLast, Input::rmssd, 45);
  x = days.at(kLast);
  const double mean = (std::log(40.0) + std::log(50.0)) / 2, half = (std::log(50.0) - std::log(40.0)) / 2;
  EXPECT_NEAR(x[kStrainScore], 6 / sd - (std::log(45.0) - mean) / (half * std::sqrt(30.0 / 29)), 1e-4);
  SomeDays few(kFirst, 42);
  for (int i = 0; i <= 6; ++i) few.put(kLast - i, Input::resting_heart_rate, 60.0F + static_cast<float>(i));
  EXPECT_TRUE(std::isnan(few.at(kLast)[kStrainScore])) << "six days are no level";
}

TEST(DailyFeatures, TheEveningBeforeTheNight) {
  SomeDays days(kFirst, 42);
  days.put(kLast, Input::sleep_onset, -30);
  days.eat(kLast - 1, 12 * 60, {500, 50, 20, 10, 5});
  days.eat(kLast - 1, 22 * 60, {500, 50, 20, 10, 5});
  days.eat(kLast, 21 * 60, {500, 50, 20, 10, 5});
  EXPECT_FLOAT_EQ(days.at(kLast)[kLateMeal], 180 - 90);
  SomeDays early(kFirst, 42);
  early.put(kLast, Input::sleep_onset, 0);
  early.eat(kLast - 1, 18 * 60, {500, 50, 20, 10, 5});
  EXPECT_FLOAT_EQ(early.at(kLast)[kLateMeal], 0);
  SomeDays night(kFirst, 42);
  night.put(kLast, Input::sleep_onset, 60);
  night.eat(kLast, 30, {500, 50, 20, 10, 5});
  EXPECT_FLOAT_EQ(night.at(kLast)[kLateMeal], 150) << "after midnight";
}

TEST(DailyFeatures, NothingOfLaterAndNothingThatWasNotKnown) {
  SomeDays days(kFirst, 42);
  const Micros morning = (kLast + 1) * kDay + 8 * 60 * kMinute;
  days.put(kLast, Input::resting_heart_rate, 55, morning);
  days.put(kLast, Input::steps, 8000);
  days.eat(kLast, 12 * 60, {900, 80, 20, 10, 5});
  EXPECT_TRUE(std::isnan(days.at(kLast)[kRestingHeartRate]));
  EXPECT_FLOAT_EQ(days.at(kLast, morning)[kRestingHeartRate], 55);
  const DailyVector before = days.at(kLast);
  for (int i = 0; i < kInputs; ++i) days.put(kLast + 1, i, 77, 0);
  days.eat(kLast + 1, 5, {900, 80, 20, 10, 5});
  DailyVector after = days.at(kLast);
  after[kFreeDay] = before[kFreeDay];  // the one that is known before
  for (std::size_t i = 0; i < before.size(); ++i)
    EXPECT_TRUE(before[i] == after[i] || (std::isnan(before[i]) && std::isnan(after[i]))) << kDailyTable[i].name;
}

TEST(DailyFeatures, ThePreferredSourceThatWasKnown) {
  SomeDays days(kFirst, 42);
  const Micros late = (kLast + 2) * kDay;
  days.put(kLast, Input::steps, 9000, late);
  days.put(kLast, Input::steps, 7000);
  EXPECT_FLOAT_EQ(days.at(kLast)[kSteps], 7000);
  EXPECT_FLOAT_EQ(days.at(kLast, late)[kSteps], 9000);
}

TEST(DailyFeatures, DaysSinceTheMetricWasKnown) {
  SomeDays days(kFirst, 42);
  days.put(kLast - 3, kTarget, 1, 0);
  EXPECT_EQ(days.at(kLast)[kGapDays], 3);
  EXPECT_EQ(days.at(kLast - 3)[kGapDays], 0);
  EXPECT_EQ(days.at(kLast - 4)[kGapDays], 14);
}

}  // namespace
}  // namespace glucose
