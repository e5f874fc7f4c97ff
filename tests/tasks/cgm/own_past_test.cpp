// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/own_past.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/tasks/cgm/features.hpp"
#include "core/tasks/cgm/scorer.hpp"
#include "core/tasks/cgm/workings.hpp"
#include "support/cgm_rows.hpp"

namespace glucose {
namespace {

std::vector<Reading> rough(std::uint64_t seed, double sd, int n = 1200) {
  return rough_readings(seed, sd, n);
}

std::span<const Reading> until(const std::vector<Reading>& readings, std::size_t last) {
  return std::span(readings).first(last + 1);
}

CgmOwnPast past_of(const CgmModel& model, std::span<const Reading> known) {
  const CgmSeries series(known);
  return CgmPast(model, series, {}).at(series.size() - 1, known.back().measured_at);
}

CgmQuestion ask(Micros at) {
  CgmQuestion q;
  q.at = at;
  q.n_minutes = 3;
  q.minutes = {30, 45, 60};
  return q;
}

/// Half an hour ahead, at every moment of the later part: squared errors of both heads, and how many of the outcomes
/// the interval of 90 % held. served: with the person's own past, else as learnt.
struct Errors {
  double median = 0, mean = 0, inside = 0, n = 0;
};
Errors errors_of(const std::vector<Reading>& readings, bool served) {
  Errors errors;
  const CgmSeries series(readings);
  CgmPast past(of_smooth(), series, {});
  for (std::size_t i = 600; i + 6 < readings.size(); i += 5) {
    const CgmLook look = series.look(i);
    const CgmOwnPast own = served ? past.at(i, look.at) : CgmOwnPast{};
    const CgmNodes nodes = cgm_nodes(of_smooth(), look.window, DayClock{}.minute_of_day(look.at), look.trust, own);
    const CgmForecastPoint p = cgm_point_at_horizon(of_smooth(), nodes, 5, 0.9);
    const float came = readings[i + 6].mg_dl;
    errors.median += std::pow(p.mg_dl - came, 2);
    errors.mean += std::pow(p.mean_mg_dl - came, 2);
    errors.inside += p.lower <= came && came <= p.upper ? 1 : 0;
    ++errors.n;
  }
  return errors;
}

}  // namespace

TEST(CgmOwnPast, ACalmForecastGoesBackToTheDaysMean) {
  EXPECT_NEAR(CgmOwnPast::calm_change(23, 100, 160), 60 * (1 - std::exp(-0.6)), 1e-4);
  EXPECT_NEAR(CgmOwnPast::calm_change(5, 160, 100), -60 * (1 - std::exp(-0.15)), 1e-4);
  const CgmOwnPast half{160, 0.5F, 0, {1, 1, 1}};
  EXPECT_NEAR(half.mixed(10, half.median_calm, 5, 100), 5 + half.calm_change(5, 100) / 2, 1e-5);
  EXPECT_EQ(CgmOwnPast{}.mixed(10, 0, 5, 100), 10);  // no past: no mean, and none is needed
}

TEST(CgmOwnPast, TheSpreadIsWidenedInBetweenToo) {
  const CgmOwnPast own{100, 0, 0, {2, 1.4F, 1}};
  EXPECT_EQ(own.wider_at(0), 2);
  EXPECT_EQ(own.wider_at(5), 2);
  EXPECT_NEAR(own.wider_at(8), 1.7, 1e-6);
  EXPECT_NEAR(own.wider_at(17), 1.2, 1e-6);
  EXPECT_EQ(own.wider_at(23), 1);
}

TEST(CgmOwnPast, IsNearlyNothingForOnesOwnKind) {
  const std::vector<Reading> readings = ar2_readings(77, 1200);
  for (std::size_t last = 700; last < readings.size(); last += 50) {
    const CgmOwnPast own = past_of(of_smooth(), until(readings, last));
    EXPECT_LT(own.median_calm, 0.2F);
    EXPECT_LT(own.mean_calm, 0.2F);
    for (const float wider : own.wider) {
      EXPECT_GT(wider, 0.8F);
      EXPECT_LT(wider, 1.35F);
    }
  }
  const Errors as_learnt = errors_of(readings, false), served = errors_of(readings, true);
  EXPECT_LT(served.median, 1.02 * as_learnt.median);
  EXPECT_LT(served.mean, 1.02 * as_learnt.mean);
  EXPECT_NEAR(served.inside / served.n, as_learnt.inside / served.n, 0.03);
}

TEST(CgmOwnPast, CalmsAndWidensForecastsOfANoisierSensor) {
  const std::vector<Reading> readings = rough(77, 6);
  const Errors as_learnt = errors_of(readings, false), served = errors_of(readings, true);
  EXPECT_LT(served.median, 0.9 * as_learnt.median);
  EXPECT_LT(served.mean, 0.9 * as_learnt.mean);
  EXPECT_LT(as_learnt.inside / as_learnt.n, 0.8);
  EXPECT_GT(served.inside / served.n, 0.84);
  EXPECT_LT(served.inside / served.n, 0.97);
}

TEST(CgmOwnPast, WhatCameAfterTheMomentIsNotThere) {
  const std::vector<Reading> readings = rough(5, 6);
  const std::size_t last = 800;
  const Micros now = readings[last].measured_at;
  const CgmSeries all(readings), known(until(readings, last));
  const CgmOwnPast a = CgmPast(of_smooth(), all, {}).at(last, now), b = CgmPast(of_smooth(), known, {}).at(last, now);
  EXPECT_GT(a.median_calm, 0.2F);
  EXPECT_EQ(a.mean, b.mean);
  EXPECT_EQ(a.median_calm, b.median_calm);
  EXPECT_EQ(a.mean_calm, b.mean_calm);
  EXPECT_EQ(a.wider, b.wider);
}

TEST(CgmOwnPast, LooksBackAsFarAsAForecastReads) {
  const std::vector<Reading> readings = rough(5, 6);
  for (const int late : {0, 7, 59}) {
    const Micros at = readings[900].measured_at + late * kMinute;
    const auto known = until(readings, 900);
    const auto first =
        std::find_if(known.begin(), known.end(), [at](const Reading& r) { return r.measured_at >= at - kCgmReach; });
    const CgmForecast a = cgm_forecast(of_smooth(), known, ask(at));
    const CgmForecast b = cgm_forecast(of_smooth(), {first, known.end()}, ask(at));
    const CgmForecast shorter = cgm_forecast(of_smooth(), {first + 24, known.end()}, ask(at));
    EXPECT_EQ(a.points[0].mg_dl, b.points[0].mg_dl);
    EXPECT_EQ(a.points[0].upper, b.points[0].upper);
    EXPECT_NE(a.points[0].mg_dl, shorter.points[0].mg_dl);
  }
}

TEST(CgmOwnPast, NeedsAPast) {
  const std::vector<Reading> readings = rough(5, 6);
  const CgmOwnPast own = past_of(of_smooth(), std::span(readings).first(kCgmLeastKnown + 5));
  EXPECT_EQ(own.median_calm, 0);
  EXPECT_EQ(own.mean_calm, 0);
  EXPECT_EQ(own.wider, (CgmAtPast{1, 1, 1}));
}

TEST(CgmOwnPast, TheBaselineStaysTheLastReading) {
  CgmModel baseline = of_smooth();
  for (CgmHead* head : {&baseline.median, &baseline.mean}) std::fill(head->begin(), head->end(), 0.0F);
  const std::vector<Reading> readings = rough(5, 12);
  EXPECT_EQ(past_of(baseline, readings).median_calm, 0);
  EXPECT_GT(past_of(baseline, readings).wider[0], 1);
}

TEST(CgmOwnPast, MomentsOfAnHourOfNonsenseDoNotCount) {
  CgmModel broken = of_smooth();
  for (float& w : broken.median) w = 3e37F;
  const CgmOwnPast own = past_of(broken, rough(5, 6));
  EXPECT_TRUE(std::isfinite(own.median_calm));
  for (const float wider : own.wider) EXPECT_TRUE(std::isfinite(wider));
}

// What a stored model is measured by is what it would have said then.
TEST(CgmOwnPast, IsTheSameWhereForecastsAreMeasured) {
  const std::vector<Reading> one = rough(5, 6), other = ar2_readings(6, 700);
  CgmRows rows;
  for (const auto& readings : {one, other}) {
    CgmRowsBuilder builder(rows, readings, {}, 0, kForever, 150, CgmRowsFor::measuring);
    while (!builder.done()) builder.step();
  }
  CgmScorer scorer(of_smooth(), rows, 0);
  std::size_t compared = 0, calmed = 0;
  for (std::size_t row = 0; !scorer.done(); ++row) {
    ScoredRow scored;
    if (!scorer.next(scored)) continue;
    const CgmOrigins& person = rows.origins[row < rows.origins[1].first_row ? 0 : 1];
    const auto& readings = &person == rows.origins.data() ? one : other;
    // One in doubt begins from what is believed instead of a reading.
    if (readings[person.readings[row - person.first_row]].measured_at != scored.at) continue;
    const auto after =
        std::find_if(readings.begin(), readings.end(), [&](const Reading& r) { return r.measured_at > scored.at; });
    const CgmForecast said = cgm_forecast(of_smooth(), {readings.begin(), after}, ask(scored.at));
    EXPECT_EQ(scored.value[5], said.points[0].mg_dl);
    EXPECT_EQ(scored.upper[5], said.points[0].upper);
    ++compared;
    calmed += said.own.median_calm > 0.1F ? 1 : 0;
  }
  EXPECT_GT(compared, 200U);
  EXPECT_GT(calmed, 50U);
}

}  // namespace glucose
