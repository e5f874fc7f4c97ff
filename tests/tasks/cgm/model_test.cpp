// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/model.hpp"

#include <gtest/gtest.h>

#include "core/tasks/cgm/codec.hpp"
#include "core/tasks/cgm/workings.hpp"
#include "core/tasks/meal/models/codec.hpp"
#include "support/cgm_rows.hpp"
#include "support/models.hpp"

using namespace glucose;

namespace {

const CgmModel& trained() {
  static const CgmModel model = train_cgm(rows_of(simulated_readings(1, 20))).model;
  return model;
}

CgmQuestion ask(Micros at, std::vector<int> minutes = {5, 30, 60, 120}, double level = 0.9) {
  CgmQuestion q;
  q.at = at;
  q.level = level;
  q.n_minutes = static_cast<int>(minutes.size());
  std::copy(minutes.begin(), minutes.end(), q.minutes.begin());
  return q;
}

}  // namespace

TEST(CgmForecast, IsOrderedAndWiderAtHigherLevelsAndLaterHorizons) {
  const auto readings = simulated_readings(2, 4);
  for (std::size_t last = 400; last < readings.size(); last += 53) {
    const std::span<const Reading> known(readings.data(), last + 1);
    const Micros at = readings[last].measured_at + kMinute;
    CgmForecast narrow = cgm_forecast(trained(), known, ask(at, {5, 30, 60, 120}, 0.1));
    for (const double level : {0.3, 0.5, 0.8, 0.9, 0.95, 0.99}) {
      const CgmForecast wide = cgm_forecast(trained(), known, ask(at, {5, 30, 60, 120}, level));
      for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_LE(wide.points[i].lower, narrow.points[i].lower);
        EXPECT_GE(wide.points[i].upper, narrow.points[i].upper);
        EXPECT_EQ(wide.points[i].mg_dl, narrow.points[i].mg_dl);
      }
      narrow = wide;
    }
    for (std::size_t i = 0; i < 4; ++i) {
      const CgmForecastPoint& p = narrow.points[i];
      EXPECT_TRUE(kGlucoseLow <= p.lower && p.lower <= p.mg_dl && p.mg_dl <= p.upper && p.upper <= kGlucoseHigh);
      EXPECT_TRUE(p.score >= 0 && p.score <= 1);
    }
    EXPECT_GE(narrow.points[0].score, narrow.points[3].score);
  }
}

TEST(CgmForecast, LiesBetweenTheHorizonsOfTheModelWhenTheReadingIsOlder) {
  CgmModel hours = trained();
  hours.day = {};
  const auto readings = simulated_readings(2, 3);
  const Micros last = readings.back().measured_at;
  const CgmForecast now = cgm_forecast(hours, readings, ask(last, {30, 35, 40, 120}));
  const CgmForecast later = cgm_forecast(hours, readings, ask(last + 5 * kMinute, {25, 30, 35, 115}));
  const CgmForecast between = cgm_forecast(hours, readings, ask(last + 2 * kMinute, {30}));
  for (std::size_t i = 0; i < 4; ++i) EXPECT_FLOAT_EQ(now.points[i].mg_dl, later.points[i].mg_dl);
  EXPECT_NEAR(between.points[0].mg_dl, now.points[0].mg_dl + 0.4F * (now.points[1].mg_dl - now.points[0].mg_dl), 1e-3);
  // Beyond the model's last horizon its forecast holds and the interval grows.
  const CgmForecast far = cgm_forecast(hours, readings, ask(last + 40 * kMinute, {120}));
  EXPECT_EQ(far.points[0].mg_dl, now.points[3].mg_dl);
  EXPECT_GT(far.points[0].upper - far.points[0].lower, now.points[3].upper - now.points[3].lower);
}

TEST(CgmForecast, NothingLaterAndNothingBackfilledChangesIt) {
  auto readings = simulated_readings(3, 3);
  const std::size_t last = 500;
  const Micros at = readings[last].measured_at + 2 * kMinute;
  const CgmForecast a = cgm_forecast(trained(), std::span(readings.data(), last + 1), ask(at));
  Reading late = readings[last - 3];
  late.measured_at += kMinute;
  late.recorded_at = at + 1;
  late.mg_dl = 400;
  readings.insert(readings.begin() + static_cast<std::ptrdiff_t>(last) - 2, late);
  for (std::size_t i = last + 2; i < readings.size(); ++i) readings[i].mg_dl = 300;
  const CgmForecast b = cgm_forecast(trained(), readings, ask(at));
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(a.points[i].upper, b.points[i].upper);
}

TEST(CgmForecast, NeedsAReadingOfTheLastHour) {
  std::vector<Reading> steady;
  for (int m = 0; m <= 240; m += 15) steady.push_back(reading_at(m, 120));
  const Micros at = 240 * kMinute;
  EXPECT_NO_THROW(cgm_forecast(trained(), steady, ask(at + 60 * kMinute)));
  EXPECT_THROW(cgm_forecast(trained(), steady, ask(at + 60 * kMinute + 1)), Error);
  EXPECT_THROW(cgm_forecast(trained(), {}, ask(at)), Error);
}

TEST(CgmCodec, WhatIsReadIsWhatWasWritten) {
  const auto bytes = encode_cgm(trained());
  EXPECT_EQ(encode_cgm(decode_cgm(bytes)), bytes);
}

TEST(CgmCodec, DamagedForeignAndLongerBytesAreRefused) {
  const auto bytes = encode_cgm(trained());
  for (std::size_t i = 0; i < bytes.size(); i += 37) {
    auto flipped = bytes;
    flipped[i] ^= 0x40;
    EXPECT_EQ(code_of(flipped), ErrorCode::model_mismatch) << i;
  }
  auto longer = bytes;
  longer.push_back(0);
  EXPECT_EQ(code_of(longer), ErrorCode::model_mismatch);
  EXPECT_EQ(code_of(std::span(bytes).first(bytes.size() / 2)), ErrorCode::model_mismatch);
  EXPECT_EQ(code_of({}), ErrorCode::model_mismatch);
}

TEST(CgmCodec, AMealModelIsNoneAndTheReverse) {
  EXPECT_EQ(code_of(encode(small_model(Algorithm::ridge))), ErrorCode::model_mismatch);
  EXPECT_THROW(decode(encode_cgm(trained())), Error);
}

TEST(CgmCodec, NotFiniteAndUnorderedNumbersAreRefused) {
  CgmModel model = trained();
  model.mean[3] = std::numeric_limits<float>::infinity();
  EXPECT_EQ(code_of(encode_cgm(model)), ErrorCode::model_mismatch);
  model = trained();
  std::swap(model.quantiles[4], model.quantiles[9]);
  EXPECT_EQ(code_of(encode_cgm(model)), ErrorCode::model_mismatch);
  model = trained();
  model.quantiles[kCgmLevelCount - 1] = 1e7F;
  EXPECT_EQ(code_of(encode_cgm(model)), ErrorCode::model_mismatch);
}
