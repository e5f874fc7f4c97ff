// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/models/forecast.hpp"
#include "core/readings/low_glucose.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/base/random.hpp"
#include "core/tasks/meal/features/features.hpp"
#include "support/models.hpp"
#include "support/rows.hpp"

namespace glucose {
namespace {

Model mean_model(float a, float b, Intervals intervals = flat_intervals({15, 20})) {
  return {Algorithm::mean, {60, 120}, MeanModel{{a, b}}, std::move(intervals), {}};
}
Forecast answer(const Model& model, const Moment& moment, const SensorState& state, double level = 0.9) {
  return forecast(model, moment, model.recollection(), level, state);
}
Forecast answer(const Model& model, const SensorState& state) {
  return answer(model, plain_moment(), state);
}
SensorState sensor(int used, float sd, std::uint8_t issues = 0) {
  return {used, sd, true, 0, issues};
}
SensorState assess(const std::vector<Reading>& readings, double at = 0) {
  return assess_sensor(history_of(extract(meal_at(minutes(at)), readings, kUnknown)),
                       BelievedReadings(readings, minutes(at)).issues(), readings, minutes(at));
}
std::vector<Reading> every(int step, int from, int to, float base, float slope) {
  std::vector<Reading> readings;
  for (int t = from; t <= to; t += step) readings.push_back(reading(t, base + slope * static_cast<float>(t)));
  return readings;
}

TEST(SensorState, AWholeWindowHasNoIssue) {
  const SensorState s = assess(every(5, -180, 0, 120, 0.1F));
  EXPECT_EQ(s.issues, 0);
  EXPECT_EQ(s.readings_used, 12);
  EXPECT_TRUE(s.has_last);
  EXPECT_EQ(s.last_reading_at, 0);
  EXPECT_NEAR(s.sd_mg_dl, 5.408327F, 1e-3F);  // 1.5 mg/dL a step: 1.5 · sqrt(13)
}

TEST(SensorState, StaleAfterFifteenMinutes) {
  const auto readings = every(5, -180, 0, 120, 0.1F);
  EXPECT_EQ(assess(readings, 15).issues & kStale, 0);
  EXPECT_EQ(assess(readings, 15).last_reading_at, 0);
  EXPECT_NE(assess(readings, 16).issues & kStale, 0);
}

TEST(SensorState, FlatIsAnHourWithoutChange) {
  EXPECT_NE(assess(every(15, -60, 0, 111, 0)).issues & kFlat, 0);
  EXPECT_EQ(assess(every(15, -45, 0, 111, 0)).issues & kFlat, 0);
  EXPECT_EQ(assess(every(30, -60, 0, 111, 0)).issues & kFlat, 0);  // three readings
  auto readings = every(5, -180, 0, 111, 0);
  EXPECT_NE(assess(readings).issues & kFlat, 0);
  readings[3].mg_dl = 112;  // it moved before, and has been stuck since
  EXPECT_NE(assess(readings).issues & kFlat, 0);
  readings[30].mg_dl = 112;
  EXPECT_EQ(assess(readings).issues & kFlat, 0);
}

TEST(SensorState, OneReadingInReach) {
  const SensorState s = assess({reading(-500, 100), reading(-5, 120)});
  EXPECT_NE(s.issues & kSingleReading, 0);
  EXPECT_NE(s.issues & kGaps, 0);
  EXPECT_EQ(s.readings_used, 2);  // it is in the reach of -15 and of 0
  EXPECT_EQ(assess({reading(-10, 100), reading(-5, 120)}).issues & kSingleReading, 0);
}

TEST(SensorState, OnlyOldReadingsAreStaleWithGaps) {
  const SensorState s = assess({reading(-1000, 100)});
  EXPECT_TRUE(s.has_last);
  EXPECT_EQ(s.last_reading_at, minutes(-1000));
  EXPECT_EQ(s.issues, kStale | kGaps);
  EXPECT_EQ(s.readings_used, 0);
  EXPECT_TRUE(std::isnan(s.sd_mg_dl));
}

TEST(SensorState, SeesNoReadingOfTheFuture) {
  auto readings = every(5, -180, 60, 120, 0.1F);
  const SensorState s = assess(readings);
  EXPECT_EQ(s.last_reading_at, 0);
  EXPECT_EQ(s.issues, 0);
  for (Reading& r : readings)
    if (r.measured_at > minutes(-20)) r.recorded_at = minutes(30);
  EXPECT_EQ(assess(readings).last_reading_at, minutes(-20));
  EXPECT_NE(assess(readings).issues & kStale, 0);
  EXPECT_FALSE(assess({reading(5, 100)}).has_last);
}

TEST(Forecast, IsTheMedianWithinItsInterval) {
  const Forecast f = answer(mean_model(120, 150), sensor(12, 5));
  ASSERT_EQ(f.n, 2);
  EXPECT_EQ(f.horizons[0].minutes_ahead, 60);
  EXPECT_EQ(f.horizons[1].minutes_ahead, 120);
  for (std::size_t k = 0; k < 2; ++k) {
    const HorizonForecast& h = f.horizons[k];
    EXPECT_EQ(h.mean_mg_dl, k == 0 ? 120 : 150);
    EXPECT_NEAR(h.mg_dl, h.mean_mg_dl, 1e-3);  // nothing known makes one side longer, but that lows are near
    EXPECT_NEAR(deviation(static_cast<double>(h.lower), static_cast<double>(h.mg_dl)),
                static_cast<double>(h.mg_dl - h.upper), 1e-3);
    EXPECT_FALSE(h.limited);
  }
  // Student's t of 5 degrees of freedom, mean size 1, in scales of 15 and 20: 2.015 / 0.949 at 90 %.
  EXPECT_NEAR(f.horizons[0].upper - f.horizons[0].mg_dl, 15 * 2.12, 1.5);
  EXPECT_NEAR((f.horizons[1].upper - 150) / (f.horizons[0].upper - 120), 20.0 / 15, 1e-3);
}

TEST(Forecast, WiderAtAHigherLevel) {
  double before = 0;
  for (const double level : {0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99}) {
    const Forecast f = answer(small_model(Algorithm::personal), plain_moment(), sensor(12, 5), level);
    const auto width = static_cast<double>(f.horizons[0].upper - f.horizons[0].lower);
    EXPECT_GE(width, before) << level;
    before = width;
  }
}

TEST(Forecast, TheOlderTheLastReadingTheWider) {
  const Model model = mean_model(150, 150);
  Moment moment = plain_moment();
  std::fill_n(moment.features.begin() + kHistory, kHistorySteps, 120.0F);
  moment.rich[meal2::kSdMonth] = 40, moment.rich[meal2::kDoubt] = 0.05F;
  const auto width = [](const Forecast& f, std::size_t k) { return f.horizons[k].upper - f.horizons[k].lower; };
  Forecast before = answer(model, moment, sensor(12, 10));
  const Forecast fresh = before;
  for (int gone = 1; gone <= kHistorySteps; ++gone) {
    moment.features[static_cast<std::size_t>(kHistory + kHistorySteps - gone)] = kUnknown;
    if (gone == kHistorySteps) moment.features[kHistory] = 120;  // the last one that counts
    const Forecast now = answer(model, moment, sensor(12 - gone, 10));
    for (const std::size_t k : {0U, 1U}) {
      if (gone <= 8) {
        EXPECT_GT(width(now, k), width(before, k)) << gone;
        EXPECT_LT(now.horizons[k].near, before.horizons[k].near) << gone;
      } else {
        EXPECT_EQ(width(now, k), width(before, k)) << gone;
      }
    }
    before = now;
  }
  // An hour later half as much of it counts.
  EXPECT_GT(width(before, 0) / width(fresh, 0), 1.3F);
  EXPECT_GT(width(before, 0) / width(fresh, 0), width(before, 1) / width(fresh, 1));
  EXPECT_FLOAT_EQ(before.horizons[0].mg_dl, fresh.horizons[0].mg_dl);
}

TEST(Forecast, ProbabilitiesFollowTheForecast) {
  const auto at = [](float mg_dl) { return answer(mean_model(mg_dl, mg_dl), sensor(12, 5)).horizons[0]; };
  EXPECT_NEAR(at(70).below_70, 0.5, 1e-3);
  EXPECT_NEAR(at(180).above_180, 0.5, 1e-3);
  EXPECT_LT(at(120).below_70, 0.05);
  for (float mg_dl = 40; mg_dl < 300; mg_dl += 10) {
    EXPECT_GE(at(mg_dl).below_70, at(mg_dl + 10).below_70);
    EXPECT_LE(at(mg_dl).above_180, at(mg_dl + 10).above_180);
    EXPECT_LE(at(mg_dl).below_70 + at(mg_dl).above_180, 1);
    EXPECT_GT(at(mg_dl).near, 0);
    EXPECT_LT(at(mg_dl).near, 1);
  }
  // Near is 20 mg/dL, or 20 % where that is more.
  EXPECT_NEAR(at(80).near, at(100).near, 0.03);
  EXPECT_LT(at(100).near, at(200).near);
}

TEST(Forecast, StaysWithinWhatASensorShows) {
  Forecast f = answer(mean_model(700, -80), sensor(12, 5));
  EXPECT_EQ(f.horizons[0].mg_dl, 600);
  EXPECT_EQ(f.horizons[0].mean_mg_dl, 600);
  EXPECT_EQ(f.horizons[0].lower, 600);
  EXPECT_EQ(f.horizons[0].upper, 600);
  EXPECT_TRUE(f.horizons[0].limited);
  EXPECT_EQ(f.horizons[1].mg_dl, 20);
  EXPECT_EQ(f.horizons[1].lower, 20);
  EXPECT_EQ(f.horizons[1].upper, 20);
  f = answer(mean_model(590, 35), sensor(12, 5));
  EXPECT_EQ(f.horizons[0].upper, 600);
  EXPECT_LT(f.horizons[0].lower, 570);
  EXPECT_EQ(f.horizons[1].lower, 20);
  EXPECT_FALSE(f.horizons[1].limited);
}

TEST(Forecast, IsAlwaysOrdered) {
  Random rng(8);
  for (int i = 0; i < 2000; ++i) {
    Intervals odd = random_intervals(rng, 2, rng.below(3) != 0);
    const float huge = std::numeric_limits<float>::max();
    if (!odd.grids.empty() && rng.below(3) == 0) odd.grids.front() = -huge, odd.grids.back() = huge;
    odd.scale[0].log_scale = static_cast<float>(5 * rng.normal());
    odd.n = static_cast<int>(rng.below(200));
    Model model = mean_model(static_cast<float>(500 * rng.normal()), static_cast<float>(500 * rng.normal()), odd);
    model.memory = random_memory(rng, static_cast<int>(rng.below(40)));
    const Forecast f = answer(model, plain_moment(), sensor(12, 5), rng.uniform(0.01, 0.99));
    for (std::size_t k = 0; k < 2; ++k) {
      const HorizonForecast& h = f.horizons[k];
      ASSERT_LE(20, h.lower);
      ASSERT_LE(h.lower, h.mg_dl);
      ASSERT_LE(h.mg_dl, h.upper);
      ASSERT_LE(h.upper, 600);
      for (const float share : {h.below_70, h.above_180, h.near}) {
        ASSERT_GE(share, 0);
        ASSERT_LE(share, 1);
      }
    }
  }
}

TEST(Forecast, NotFiniteIsAModelThatDoesNotFit) {
  for (const float wrong : {NAN, INFINITY, -INFINITY}) {
    const Error error = error_of([&] { (void)answer(mean_model(120, wrong), sensor(12, 5)); });
    EXPECT_EQ(error.code(), ErrorCode::model_mismatch);
  }
}

TEST(Forecast, NeedsAReadingToStartFrom) {
  SensorState none;
  EXPECT_EQ(error_of([&] { (void)answer(mean_model(120, 120), none); }).code(), ErrorCode::too_little_history);
  // A reading of 31 days ago makes neither a window nor a baseline: the history is at fault, not the model.
  const Micros at = 31 * kDay;
  const std::vector<Reading> old{reading(0, 120)};
  const Moment moment = Timeline({}, old).moment(meal_at(at));
  const SensorState state = assess_sensor(history_of(moment.features), 0, old, at);
  for (const Algorithm kind : kKinds)
    EXPECT_EQ(error_of([&] { (void)answer(small_model(kind), moment, state); }).code(), ErrorCode::too_little_history);
}

TEST(Forecast, EveryKindAnswersFromOneReading) {
  const std::vector<Reading> one{reading(-600, 130)};
  const Moment moment = Timeline({}, one).moment(meal_at(0));
  for (const Algorithm kind : kKinds) {
    const Forecast f = answer(small_model(kind), moment, assess_sensor(history_of(moment.features), 0, one, 0));
    EXPECT_EQ(f.confidence, Confidence::low);
    EXPECT_TRUE(std::isfinite(f.horizons[1].mg_dl));
  }
}

Sample sample_at(Micros at, float level, float after_one, float after_two) {
  Sample sample{plain_moment(level), {}, {}};
  sample.eaten_at = at;
  sample.targets.fill(kUnknown);
  sample.targets[0] = after_one, sample.targets[1] = after_two;
  return sample;
}

TEST(Follower, RemembersEachMealOnce) {
  const Model model = mean_model(120, 130);
  Follower follower(model);
  HorizonForecast out[2];
  follower.answer(sample_at(0, 120, 150, 140), 0.9, out);
  follower.follow(sample_at(300 * kMinute, 120, 130, kUnknown));
  const auto& meals = follower.known().memory().meals;
  ASSERT_EQ(meals.size(), 2U);
  EXPECT_EQ(meals[0].residual[0], 30);
  EXPECT_NEAR(meals[0].score[0], 30.0 / 15, 1e-5);
  EXPECT_NEAR(meals[0].score[1], 10.0 / 20, 1e-5);
  EXPECT_GT(meals[0].rank[0], 0.9);
  EXPECT_TRUE(std::isnan(meals[1].residual[1]) && std::isnan(meals[1].score[1]) && std::isnan(meals[1].rank[1]));
}

TEST(Follower, DoesNotRememberAgainWhatTheModelRemembers) {
  Model model = small_model(Algorithm::personal);
  Follower follower(model);
  for (const RememberedMeal& meal : model.memory.meals) follower.follow(sample_at(meal.eaten_at, 120, 150, 140));
  EXPECT_EQ(follower.known().remembered(), 7);
  follower.follow(sample_at(1000 * kDay, 120, 150, 140));
  follower.follow(sample_at(1000 * kDay, 120, 150, 140));  // another meal of the same moment
  EXPECT_EQ(follower.known().remembered(), 9);
}

Nutrition meal(float kcal, float carbs, float protein, float fat, float fiber) {
  return {kcal, carbs, protein, fat, fiber};
}
void expect_wrong(const Nutrition& eaten, const std::string& why) {
  const Error error = error_of([&] { check_meal(eaten); });
  EXPECT_EQ(error.code(), ErrorCode::out_of_range);
  EXPECT_NE(std::string(error.what()).find(why), std::string::npos) << error.what();
}

TEST(CheckMeal, AcceptsWhatPeopleEat) {
  EXPECT_NO_THROW(check_meal(meal(540, 62, 25, 21, 7)));
  EXPECT_NO_THROW(check_meal(meal(0, 0, 0, 0, 0)));
  EXPECT_NO_THROW(check_meal(meal(5000, 500, 300, 200, 40)));
  EXPECT_NO_THROW(check_meal(meal(540, 0, 0, 0, 0)));   // calories alone were logged
  EXPECT_NO_THROW(check_meal(meal(15, 60, 0, 0, 0)));   // a label's rounding and more
  EXPECT_NO_THROW(check_meal(meal(430, 26, 3, 0, 0)));  // two large beers
}

TEST(CheckMeal, UnknownIsAllowedEverywhere) {
  EXPECT_NO_THROW(check_meal(meal(kUnknown, kUnknown, kUnknown, kUnknown, kUnknown)));
  EXPECT_NO_THROW(check_meal(meal(kUnknown, 300, 200, 200, kUnknown)));
  EXPECT_NO_THROW(check_meal(meal(2000, 10, kUnknown, kUnknown, kUnknown)));
}

TEST(CheckMeal, RefusesWhatIsOutsideItsRangeAndNamesIt) {
  const char* names[] = {"calories", "carbs_g", "protein_g", "fat_g", "fiber_g"};
  const float high[] = {5000, 500, 500, 500, 500};
  for (std::size_t i = 0; i < 5; ++i)
    for (const float wrong : {-0.1F, high[i] + 0.1F, INFINITY, -INFINITY}) {
      std::array<float, 5> v{kUnknown, kUnknown, kUnknown, kUnknown, kUnknown};
      v[i] = wrong;
      expect_wrong(meal(v[0], v[1], v[2], v[3], v[4]), std::string("\"") + names[i] + "\" is outside its range");
    }
}

TEST(CheckMeal, RefusesMixedUpUnits) {
  expect_wrong(meal(50, 120, 20, 30, 5), "hold far more energy");      // 830 kcal in 50
  expect_wrong(meal(0.54F, 120, 20, 30, 5), "hold far more energy");   // thousands of kcal
  expect_wrong(meal(2260, 62, 25, 21, 7), "far more than the macro");  // 540 kcal in kJ
  expect_wrong(meal(4184, 120, 40, 40, 7), "far more than the macro");
}

}  // namespace
}  // namespace glucose
