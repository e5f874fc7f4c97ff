// SPDX-License-Identifier: PostgreSQL
#include "core/forecast.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/features.hpp"
#include "core/random.hpp"
#include "models.hpp"
#include "rows.hpp"

namespace glucose {
namespace {

Model mean_model(float a, float b, Intervals intervals = {50, {-30, -40}, {30, 40}}) {
  return {Algorithm::mean, {60, 120}, MeanModel{{a, b}}, std::move(intervals)};
}
SensorState sensor(int used, float sd, std::uint8_t issues = 0) {
  return {used, sd, true, 0, issues};
}
Confidence confidence(const SensorState& state) {
  return forecast(mean_model(120, 130), plain_features(), state).confidence;
}

TEST(Confidence, ByReadingsAndSteadiness) {
  EXPECT_EQ(confidence(sensor(12, 29.9F)), Confidence::high);
  EXPECT_EQ(confidence(sensor(12, 30)), Confidence::medium);
  EXPECT_EQ(confidence(sensor(12, 90)), Confidence::medium);
  EXPECT_EQ(confidence(sensor(11, 5, kGaps)), Confidence::medium);
  EXPECT_EQ(confidence(sensor(8, 5, kGaps)), Confidence::medium);
  EXPECT_EQ(confidence(sensor(8, 80, kGaps)), Confidence::medium);
  EXPECT_EQ(confidence(sensor(7, 5, kGaps)), Confidence::low);
  EXPECT_EQ(confidence(sensor(0, kUnknown, kGaps | kStale)), Confidence::low);
}

TEST(Confidence, IsLoweredByWhatIsWrongWithTheSensor) {
  EXPECT_EQ(confidence(sensor(12, 5, kStale)), Confidence::medium);
  EXPECT_EQ(confidence(sensor(12, 0, kFlat)), Confidence::medium);
  EXPECT_EQ(confidence(sensor(12, 0, kFlat | kStale)), Confidence::low);
  EXPECT_EQ(confidence(sensor(9, 5, kStale | kGaps)), Confidence::low);
  EXPECT_EQ(confidence(sensor(12, 5, kSingleReading)), Confidence::low);
}

TEST(Confidence, ScoreStaysInItsBandAndGrows) {
  for (int used = 0; used <= kHistorySteps; ++used)
    for (const float sd : {kUnknown, 0.0F, 10.0F, 29.0F, 30.0F, 60.0F, 200.0F})
      for (int issues = 0; issues < 16; ++issues) {
        const Forecast f =
            forecast(mean_model(120, 130), plain_features(), sensor(used, sd, static_cast<std::uint8_t>(issues)));
        const float low[] = {0, 0.5F, 0.75F}, high[] = {0.5F, 0.75F, 1.0001F};
        const auto band = static_cast<std::size_t>(f.confidence);
        EXPECT_GE(f.confidence_score, low[band]);
        EXPECT_LT(f.confidence_score, high[band]);
      }
  const auto score = [](int used, float sd) {
    return forecast(mean_model(120, 130), plain_features(), sensor(used, sd)).confidence_score;
  };
  EXPECT_EQ(score(12, 0), 1);
  EXPECT_GT(score(12, 5), score(12, 20));
  EXPECT_GT(score(11, 5), score(9, 5));
}

SensorState assess(const std::vector<Reading>& readings, double at = 0) {
  return assess_sensor(extract(meal_at(minutes(at)), readings, kUnknown), readings, minutes(at));
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

TEST(Forecast, AddsTheIntervalToThePoint) {
  const Forecast f = forecast(mean_model(120, 150, {50, {-20, -35}, {30, 45}}), plain_features(), sensor(12, 5));
  ASSERT_EQ(f.n, 2);
  EXPECT_EQ(f.horizons[0].minutes_ahead, 60);
  EXPECT_EQ(f.horizons[0].mg_dl, 120);
  EXPECT_EQ(f.horizons[0].lower, 100);
  EXPECT_EQ(f.horizons[0].upper, 150);
  EXPECT_FALSE(f.horizons[0].limited);
  EXPECT_EQ(f.horizons[1].minutes_ahead, 120);
  EXPECT_EQ(f.horizons[1].lower, 115);
  EXPECT_EQ(f.horizons[1].upper, 195);
}

TEST(Forecast, StaysWithinWhatASensorShows) {
  Forecast f = forecast(mean_model(650, -40), plain_features(), sensor(12, 5));
  EXPECT_EQ(f.horizons[0].mg_dl, 600);
  EXPECT_EQ(f.horizons[0].lower, 600);
  EXPECT_EQ(f.horizons[0].upper, 600);
  EXPECT_TRUE(f.horizons[0].limited);
  EXPECT_EQ(f.horizons[1].mg_dl, 20);
  EXPECT_EQ(f.horizons[1].lower, 20);
  EXPECT_EQ(f.horizons[1].upper, 20);
  f = forecast(mean_model(590, 35), plain_features(), sensor(12, 5));
  EXPECT_EQ(f.horizons[0].upper, 600);
  EXPECT_EQ(f.horizons[0].lower, 560);
  EXPECT_EQ(f.horizons[1].lower, 20);
  EXPECT_FALSE(f.horizons[1].limited);
}

TEST(Forecast, IsAlwaysOrdered) {
  Random rng(8);
  for (int i = 0; i < 2000; ++i) {
    const auto draw = [&](double scale) { return static_cast<float>(scale * rng.normal()); };
    const float huge = std::numeric_limits<float>::max();
    const Intervals odd{
        3, {draw(100), rng.below(9) == 0 ? -huge : draw(20)}, {draw(100), rng.below(9) == 0 ? huge : draw(20)}};
    const Forecast f = forecast(mean_model(draw(500), draw(500), odd), plain_features(), sensor(12, 5));
    for (std::size_t k = 0; k < 2; ++k) {
      const HorizonForecast& h = f.horizons[k];
      ASSERT_LE(20, h.lower);
      ASSERT_LE(h.lower, h.mg_dl);
      ASSERT_LE(h.mg_dl, h.upper);
      ASSERT_LE(h.upper, 600);
    }
  }
}

TEST(Forecast, NotFiniteIsAModelThatDoesNotFit) {
  for (const float wrong : {NAN, INFINITY, -INFINITY}) {
    const Error error = error_of([&] { (void)forecast(mean_model(120, wrong), plain_features(), sensor(12, 5)); });
    EXPECT_EQ(error.code(), ErrorCode::model_mismatch);
  }
}

TEST(Forecast, NeedsAReadingToStartFrom) {
  SensorState none;
  EXPECT_EQ(error_of([&] { (void)forecast(mean_model(120, 120), plain_features(), none); }).code(),
            ErrorCode::too_little_history);
  // A reading of 31 days ago makes neither a window nor a baseline: the history is at fault, not the model.
  const Micros at = 31 * kDay;
  const std::vector<Reading> old{reading(0, 120)};
  const FeatureVector x = extract(meal_at(at), old, kUnknown);
  const SensorState state = assess_sensor(x, old, at);
  for (const Algorithm kind : kKinds)
    EXPECT_EQ(error_of([&] { (void)forecast(small_model(kind), x, state); }).code(), ErrorCode::too_little_history);
}

TEST(Forecast, EveryKindAnswersFromOneReading) {
  const std::vector<Reading> one{reading(-600, 130)};
  const FeatureVector x = extract(meal_at(0), one, kUnknown);
  for (const Algorithm kind : kKinds) {
    const Forecast f = forecast(small_model(kind), x, assess_sensor(x, one, 0));
    EXPECT_EQ(f.confidence, Confidence::low);
    EXPECT_TRUE(std::isfinite(f.horizons[1].mg_dl));
  }
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
