// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/day.hpp"

#include <gtest/gtest.h>

#include <numbers>

#include "core/model/artifact.hpp"
#include "core/tasks/cgm/day_fit.hpp"
#include "core/tasks/cgm/model.hpp"
#include "core/tasks/cgm/workings.hpp"
#include "support/cgm_rows.hpp"

using namespace glucose;

namespace {

constexpr int kDayMin = 1440;

/// 120 mg/dL and 30 more or less by the time of day, highest at six in the morning of the clock.
std::vector<Reading> rhythmic(int days, double step_min = 15, int shifted_min = 0) {
  std::vector<Reading> readings;
  for (double m = 0; m < days * kDayMin; m += step_min) {
    const double angle = 2 * std::numbers::pi * (m + shifted_min) / kDayMin;
    readings.push_back(reading_at(m, static_cast<float>(120 + 30 * std::sin(angle))));
  }
  return readings;
}

DayPast past_of(const std::vector<Reading>& readings, const DayClock& clock = {}) {
  const CgmSeries series(readings);
  return {series, series.size() - 1, clock};
}

DayRows day_rows(const std::vector<std::vector<Reading>>& persons) {
  CgmRows rows;
  for (const auto& readings : persons) add_rows(rows, readings);
  return std::move(rows.day);
}

DayFitted fitted(DayRows rows, std::optional<DayModel> prior = {}) {
  DayFit fit(std::move(rows), std::move(prior));
  while (!fit.done()) fit.step();
  return fit.take();
}

std::vector<std::vector<Reading>> crowd(int persons, int days, Profile profile = Profile::t2d) {
  std::vector<std::vector<Reading>> all;
  for (int i = 0; i < persons; ++i)
    all.push_back(simulated_readings(static_cast<std::uint64_t>(100 + i), days, profile));
  return all;
}

const CgmModel& model_of_crowd() {
  static const CgmModel model = [] {
    CgmRows rows;
    for (const auto& readings : crowd(6, 12)) add_rows(rows, readings);
    return train_cgm(std::move(rows)).model;
  }();
  return model;
}

CgmQuestion ask(Micros at, std::vector<int> minutes) {
  CgmQuestion q;
  q.at = at;
  q.n_minutes = static_cast<int>(minutes.size());
  std::copy(minutes.begin(), minutes.end(), q.minutes.begin());
  return q;
}

}  // namespace

TEST(DayPast, TheRhythmIsThePersonsShrunkByHowLittleIsKnown) {
  const DayPast ten = past_of(rhythmic(10)), three = past_of(rhythmic(3));
  EXPECT_NEAR(ten.state().days, 10, 1e-6);
  EXPECT_NEAR(ten.state().mean, 120, 0.1);
  // The last reading is of 23:45: six hours and a quarter later it is six, the highest.
  const float high = ten.ahead(375).rhythm - 120, low = ten.ahead(375 + 720).rhythm - 120;
  EXPECT_NEAR(high, 30 * 10.0 / 12, 1);
  EXPECT_NEAR(low, -high, 0.2);
  EXPECT_NEAR(three.ahead(375).rhythm - 120, 30 * 3.0 / 5, 1);
  EXPECT_NEAR(ten.ahead(375).plain, 150, 0.5);
  EXPECT_NEAR(ten.ahead(375).yesterday, 150 - ten.ahead(375).rhythm, 0.5);
}

TEST(DayPast, OldReadingsAreForgottenAndASensorsRhythmDoesNotCount) {
  EXPECT_NEAR(past_of(rhythmic(40)).state().days, 30, 0.02);
  const DayPast five = past_of(rhythmic(6, 5)), fifteen = past_of(rhythmic(6, 15));
  EXPECT_NEAR(five.state().days, fifteen.state().days, 1e-6);
  EXPECT_NEAR(five.ahead(590).rhythm, fifteen.ahead(600).rhythm, 1);  // the last readings are of 23:55 and 23:45
}

TEST(DayPast, UnknownIsNotCalm) {
  const DayPast one = past_of({reading_at(0, 200)});
  const DayState& s = one.state();
  EXPECT_EQ(s.level, 200);
  EXPECT_NEAR(s.sigma, 25, 1);
  EXPECT_NEAR(s.day_sd, s.sigma, 1.5);
  EXPECT_EQ(one.ahead(600).rhythm, 200);
  EXPECT_EQ(one.ahead(600).yesterday, 0);
  EXPECT_EQ(one.ahead(600).plain, 200);
  // A steady day that is known is calm.
  std::vector<Reading> steady;
  for (int m = 0; m < 2 * kDayMin; m += 15) steady.push_back(reading_at(m, 110));
  EXPECT_LT(past_of(steady).state().day_sd, 8);
}

TEST(DayPast, TheClockIsThePersonsOfThatDay) {
  // The clock is put forward an hour after five days; the rhythm goes with the clock.
  std::vector<Reading> readings = rhythmic(5);
  for (const Reading& r : rhythmic(5, 15, 60))
    readings.push_back({r.measured_at + 5 * kDay, r.measured_at + 5 * kDay, r.mg_dl});
  const std::vector<int> offsets{0, 0, 0, 0, 0, 60, 60, 60, 60, 60};
  const DayPast with = past_of(readings, {0, offsets}), without = past_of(readings);
  const float high = with.ahead(375 - 60).rhythm;
  EXPECT_NEAR(high - 120, 25, 1);
  EXPECT_LT(without.ahead(375 - 60).rhythm, high - 0.3F);
  EXPECT_EQ(with.state().minute, 45);
}

TEST(DayPast, NothingLaterChangesIt) {
  auto readings = simulated_readings(5, 6);
  const std::size_t at = readings.size() / 2;
  const DayPast known = [&] {
    const CgmSeries series{std::span<const Reading>(readings).first(at + 1)};
    return DayPast(series, at, {});
  }();
  for (std::size_t i = at + 1; i < readings.size(); ++i) readings[i].mg_dl = 400;
  const CgmSeries series(readings);
  const DayPast later(series, at, {});
  EXPECT_EQ(known.state().mean, later.state().mean);
  for (const int minutes : {120, 600, 1440}) {
    EXPECT_EQ(known.ahead(minutes).rhythm, later.ahead(minutes).rhythm);
    EXPECT_EQ(known.ahead(minutes).yesterday, later.ahead(minutes).yesterday);
  }
}

TEST(DayRows, OutcomesDoNotReachIntoTheNextSplit) {
  const DayRows rows = day_rows({simulated_readings(1, 10)});
  ASSERT_GT(rows.size(), 300U);
  int known = 0, cut = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool learns = rows.split[i] != static_cast<std::uint8_t>(Split::test);
    const bool all = !std::isnan(rows.outcome[i].back());
    known += learns && all ? 1 : 0;
    cut += learns && !all ? 1 : 0;
  }
  // Of seven days and of one and a half: a day less each.
  EXPECT_NEAR(known, 48 * 6.5, 30);
  EXPECT_NEAR(cut, 48 * 2, 30);
}

TEST(DayRows, AreEvenlyThinned) {
  CgmRows rows;
  add_rows(rows, simulated_readings(1, 10), 0, kForever, 600);
  EXPECT_NEAR(static_cast<double>(rows.day.size()), 100, 15);
}

TEST(DayFit, BeatsTheMeanOfTheTimeOfDayAndItsIntervalsHold) {
  const DayMeasured test = fitted(day_rows(crowd(8, 14))).test;
  double inside = 0, n = 0;
  for (std::size_t k = 0; k < kDayNodes; ++k) {
    EXPECT_LT(test.mean.at(k).rmse, test.plain.at(k).rmse) << kDayNodesMin[k];
    inside += test.inside[k];
    n += test.mean.at(k).n;
  }
  EXPECT_NEAR(inside / n, 0.9, 0.04);
}

TEST(DayFit, APersonsOwnPartIsSmallAndOfFewDays) {
  const DayModel population = fitted(day_rows(crowd(8, 10))).model;
  const DayModel own = fitted(day_rows({simulated_readings(9, 8, Profile::t1d)}), population).model;
  EXPECT_EQ(own.quantiles, population.quantiles);
  for (std::size_t i = 0; i < own.mean.size(); ++i) {
    const std::size_t column = i % kDayColumns;
    const bool may = std::find(kDayOwn.begin(), kDayOwn.end(), column) != kDayOwn.end();
    if (may)
      EXPECT_LT(std::abs(own.mean[i] - population.mean[i]), 0.2F);
    else
      EXPECT_EQ(own.mean[i], population.mean[i]);
  }
}

TEST(DayFit, FromNothingComesTheRhythmAndAWideInterval) {
  const DayModel model = fitted({}).model;
  const DayPast past = past_of(rhythmic(10));
  const DayOutlook outlook(model, past, 1440);
  EXPECT_FLOAT_EQ(outlook.mean(), past.ahead(1440).rhythm);
  EXPECT_GT(outlook.quantile(0.95) - outlook.quantile(0.05), 60);
  EXPECT_NEAR(outlook.below(outlook.mean()), 0.5, 1e-3);
}

TEST(DayFit, SameRowsSameBits) {
  const DayModel a = fitted(day_rows(crowd(5, 4))).model, b = fitted(day_rows(crowd(5, 4))).model;
  EXPECT_EQ(a.mean, b.mean);
  EXPECT_EQ(a.spread, b.spread);
  EXPECT_EQ(a.quantiles, b.quantiles);
}

TEST(CgmForecastOfADay, AMomentIsTheSameWhateverElseIsAskedAndThereIsNoStep) {
  const auto readings = simulated_readings(200, 12);
  const Micros at = readings.back().measured_at + 7 * kMinute;
  std::vector<int> minutes;
  for (int m = 5; m <= 1440; m += 5) minutes.push_back(m);
  const CgmForecast day = cgm_forecast(model_of_crowd(), readings, ask(at, minutes));
  const CgmForecast hours = cgm_forecast(model_of_crowd(), readings, ask(at, {30, 60, 120}));
  for (const auto& [of_hours, of_day] : {std::pair{0, 5}, {1, 11}, {2, 23}}) {
    const auto& a = hours.points[static_cast<std::size_t>(of_hours)];
    const auto& b = day.points[static_cast<std::size_t>(of_day)];
    EXPECT_EQ(a.mg_dl, b.mg_dl);
    EXPECT_EQ(a.lower, b.lower);
    EXPECT_EQ(a.upper, b.upper);
  }
  for (std::size_t i = 1; i < minutes.size(); ++i) {
    const auto &a = day.points[i - 1], &b = day.points[i];
    EXPECT_TRUE(kGlucoseLow <= b.lower && b.lower <= b.mg_dl && b.mg_dl <= b.upper && b.upper <= kGlucoseHigh);
    const float width = b.upper - b.lower;
    if (minutes[i] <= 60) continue;
    EXPECT_LT(std::abs(b.mg_dl - a.mg_dl), 0.1F * width) << minutes[i];
    EXPECT_LT(std::abs(b.lower - a.lower), 0.1F * width) << minutes[i];
    EXPECT_LT(std::abs(b.upper - a.upper), 0.1F * width) << minutes[i];
  }
}

TEST(CgmForecastOfADay, LittleKnownIsWiderAndOfLowerConfidence) {
  const auto readings = simulated_readings(201, 14);
  const Micros at = readings.back().measured_at;
  const auto known_of = [&](int days) {
    const auto first = std::partition_point(readings.begin(), readings.end(),
                                            [&](const Reading& r) { return r.measured_at <= at - days * kDay; });
    return cgm_forecast(model_of_crowd(), {&*first, static_cast<std::size_t>(readings.end() - first)},
                        ask(at, {60, 720}));
  };
  const CgmForecast week = known_of(14), few = known_of(4), one = known_of(1);
  EXPECT_EQ(week.points[1].at_most, Confidence::high);
  EXPECT_EQ(few.points[1].at_most, Confidence::medium);
  EXPECT_EQ(one.points[1].at_most, Confidence::low);
  EXPECT_EQ(one.points[0].at_most, Confidence::high);
}

TEST(CgmForecastOfADay, TheHeadsAreMedianAndMeanAndTheMeanIsUsualFarAhead) {
  const auto readings = simulated_readings(202, 10);
  CgmQuestion q = ask(readings.back().measured_at, {60, 720});
  const CgmForecast usual = cgm_forecast(model_of_crowd(), readings, q);
  q.head = Head::median;
  const CgmForecast median = cgm_forecast(model_of_crowd(), readings, q);
  q.head = Head::mean;
  const CgmForecast mean = cgm_forecast(model_of_crowd(), readings, q);
  EXPECT_EQ(usual.points[0].mg_dl, median.points[0].mg_dl);
  EXPECT_EQ(usual.points[1].mg_dl, usual.points[1].mean_mg_dl);
  EXPECT_EQ(usual.points[1].mean_mg_dl, mean.points[1].mean_mg_dl);
  EXPECT_EQ(median.points[1].mean_mg_dl, mean.points[1].mean_mg_dl);
  EXPECT_NE(median.points[1].mg_dl, usual.points[1].mg_dl);
}

TEST(CgmForecastOfADay, ProbabilitiesFollowFromWhatIsSaidAndHaveNoStepEither) {
  const auto readings = simulated_readings(205, 12, Profile::t1d);
  std::vector<int> minutes;
  for (int m = 5; m <= 1440; m += 5) minutes.push_back(m);
  const CgmForecast day = cgm_forecast(model_of_crowd(), readings, ask(readings.back().measured_at, minutes));
  for (std::size_t i = 0; i < minutes.size(); ++i) {
    const auto& p = day.points[i];
    EXPECT_TRUE(p.below_70 >= 0 && p.above_180 >= 0 && p.below_70 + p.above_180 <= 1) << minutes[i];
    EXPECT_TRUE(p.score > 0 && p.score <= 1) << minutes[i];
    EXPECT_EQ(std::isnan(p.rhythm), minutes[i] <= 60) << minutes[i];
    // Within the interval of 90 % a bound that is not in it is not crossed more often than 5 %.
    EXPECT_TRUE(minutes[i] < 150 || p.lower <= 70 || p.below_70 <= 0.051F) << minutes[i];
    EXPECT_TRUE(minutes[i] < 150 || p.upper >= 180 || p.above_180 <= 0.051F) << minutes[i];
    if (i == 0 || minutes[i] <= 60) continue;
    EXPECT_LT(std::abs(p.below_70 - day.points[i - 1].below_70), 0.1F) << minutes[i];
    EXPECT_LT(std::abs(p.above_180 - day.points[i - 1].above_180), 0.1F) << minutes[i];
  }
}

TEST(CgmForecastOfADay, AModelWithoutThatPartSaysSo) {
  CgmModel model = model_of_crowd();
  model.day = {};
  const auto readings = simulated_readings(203, 3);
  EXPECT_NO_THROW(cgm_forecast(model, readings, ask(readings.back().measured_at, {120})));
  EXPECT_THROW(cgm_forecast(model, readings, ask(readings.back().measured_at, {121})), Error);
  EXPECT_TRUE(decode_cgm(encode_cgm(model)).day.empty());
}

TEST(DayCodec, UnorderedNotFiniteAndMissingNumbersAreRefused) {
  const auto refused = [](auto&& damage) {
    CgmModel model = model_of_crowd();
    damage(model.day);
    return code_of(encode_cgm(model)) == ErrorCode::model_mismatch;
  };
  EXPECT_FALSE(refused([](DayModel&) {}));
  EXPECT_TRUE(refused([](DayModel& m) { m.mean[3] = std::numeric_limits<float>::infinity(); }));
  EXPECT_TRUE(refused([](DayModel& m) { std::swap(m.quantiles[4], m.quantiles[9]); }));
  EXPECT_TRUE(refused([](DayModel& m) { m.quantiles[kCgmLevelCount - 1] = 1e7F; }));
  EXPECT_TRUE(refused([](DayModel& m) { m.spread.clear(); }));
  EXPECT_TRUE(refused([](DayModel& m) { m.mean.pop_back(); }));
}

TEST(DayCodec, DamagedBytesUnderAFittingChecksumDoNoHarm) {
  const auto artifact = encode_cgm(model_of_crowd());
  const auto payload = opened(artifact).payload;
  const std::vector<std::uint8_t> bytes(payload.begin(), payload.end());
  const auto readings = simulated_readings(204, 3);
  const CgmQuestion question = ask(readings.back().measured_at, {60, 120, 700, 1440});
  for (std::size_t i = 0; i < bytes.size(); i += 7)
    for (const unsigned mask : {0x01U, 0x40U, 0xffU}) {
      auto flipped = bytes;
      flipped[i] = static_cast<std::uint8_t>(flipped[i] ^ mask);
      try {
        const CgmForecast forecast = cgm_forecast(decode_cgm(sealed("cgm", kCgmSchema, flipped)), readings, question);
        for (std::size_t k = 0; k < 4; ++k) {
          const CgmForecastPoint& p = forecast.points[k];
          EXPECT_TRUE(kGlucoseLow <= p.lower && p.lower <= p.mg_dl && p.mg_dl <= p.upper && p.upper <= kGlucoseHigh)
              << i;
        }
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::model_mismatch) << i;
      }
    }
}
