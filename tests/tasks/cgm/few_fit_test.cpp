// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/few_fit.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/tasks/cgm/features.hpp"
#include "core/tasks/cgm/workings.hpp"
#include "support/cgm_rows.hpp"

namespace glucose {
namespace {

const CgmModel& trained() {
  static const CgmModel model = [] {
    CgmRows rows;
    for (std::uint64_t person = 1; person <= 6; ++person) add_rows(rows, simulated_readings(person, 14));
    return train_cgm(std::move(rows)).model;
  }();
  return model;
}

CgmQuestion ask(Micros at, double level = 0.9) {
  CgmQuestion q;
  q.at = at;
  q.n_minutes = 2;
  q.minutes = {30, 60};
  q.level = level;
  return q;
}

std::span<const Reading> last_of(const std::vector<Reading>& readings, std::size_t end, std::size_t n) {
  return std::span(readings).subspan(end - n, n);
}

}  // namespace

TEST(CgmFew, PlacesCoverEveryWindow) {
  EXPECT_EQ(cgm_few_of(1), 0U);
  EXPECT_EQ(cgm_few_of(3), 1U);
  EXPECT_EQ(cgm_few_of(12), 3U);
  EXPECT_EQ(cgm_few_of(kCgmLeastKnown - 1), kCgmFewKnown.size() - 1);
  EXPECT_FALSE(cgm_few_of(kCgmLeastKnown));
  EXPECT_FALSE(cgm_few_of(kCgmWindow));
}

TEST(CgmFew, UnknownIsNotCalm) {
  CgmWindow flat;
  for (const float level : {80.0F, 120.0F, 200.0F}) {
    flat.fill(level);
    const CgmSpreadColumns columns = cgm_spread_columns(flat);
    for (const std::size_t k : {std::size_t{5}, std::size_t{11}}) {
      const float calm = cgm_spread_at(trained(), k, columns, {});
      const float one = cgm_spread_at(trained(), k, columns, {1}), four = cgm_spread_at(trained(), k, columns, {4});
      EXPECT_GT(one, 1.1F * calm) << level;
      EXPECT_GE(four, calm) << level;
      EXPECT_EQ(cgm_spread_at(trained(), k, columns, {kCgmLeastKnown}), calm);
      EXPECT_FLOAT_EQ(cgm_spread_at(trained(), k, columns, {kCgmWindow, 0, 20}), std::hypot(calm, 20.0F));
    }
    const CgmNodes sure = cgm_nodes(trained(), flat, 600), unsure = cgm_nodes(trained(), flat, 600, {1});
    const CgmForecastPoint a = cgm_point_at_horizon(trained(), sure, 5, 0.9);
    const CgmForecastPoint b = cgm_point_at_horizon(trained(), unsure, 5, 0.9);
    EXPECT_EQ(a.mg_dl, b.mg_dl);
    EXPECT_GT(b.upper - b.lower, 1.1F * (a.upper - a.lower));
    EXPECT_LT(b.score, a.score);
  }
}

TEST(CgmFew, IntervalsHoldAfterGapsOfPersonsLeftOut) {
  for (const std::size_t known : {1, 2, 4, 8, 16}) {
    int n = 0, inside = 0;
    for (std::uint64_t person = 30; person < 36; ++person) {
      const auto readings = simulated_readings(person, 10);
      for (std::size_t end = 100; end + 30 < readings.size(); end += 11) {
        const Micros at = readings[end - 1].measured_at;
        const float outcome = CgmSeries(readings).value_at(at + 30 * kMinute);
        if (std::isnan(outcome)) continue;
        const CgmForecastPoint p = cgm_forecast(trained(), last_of(readings, end, known), ask(at)).points[0];
        ++n;
        inside += p.lower <= outcome && outcome <= p.upper ? 1 : 0;
      }
    }
    EXPECT_GT(static_cast<double>(inside) / n, 0.84) << known;
    EXPECT_LT(static_cast<double>(inside) / n, 0.96) << known;
  }
}

TEST(CgmFew, APersonsAreWiderByAsMuchAsItsOthers) {
  const CgmModel own = train_cgm(rows_of(ar2_readings(3, 3000, 8)), trained()).model;
  for (const std::size_t k : {std::size_t{5}, std::size_t{11}}) {
    const float wider = own.spread[k * kCgmSpreadColumns] - trained().spread[k * kCgmSpreadColumns];
    EXPECT_NE(wider, 0);
    for (std::size_t few = 0; few < kCgmFewKnown.size(); ++few) {
      const std::size_t at = (few * kCgmHorizons + k) * kCgmSpreadColumns;
      EXPECT_NEAR(own.few_spread[at] - trained().few_spread[at], wider, 1e-5);
    }
  }
}

TEST(CgmFew, NeverCollapsesAtTheEdgeOfWhatCanBeShown) {
  CgmModel wild = trained();
  for (std::size_t k = 0; k < kCgmHorizons; ++k) wild.median[kCgmLags * kCgmHorizons + k] = 2000;
  const auto readings = simulated_readings(20, 2);
  for (const float sign : {1.0F, -1.0F}) {
    for (float& w : wild.median) w *= sign;
    const CgmForecast said = cgm_forecast(wild, readings, ask(readings.back().measured_at));
    for (int i = 0; i < said.n; ++i) {
      const auto& p = said.points[static_cast<std::size_t>(i)];
      EXPECT_GT(p.upper - p.lower, 5) << p.lower << ' ' << p.upper;
      EXPECT_TRUE(p.lower >= kGlucoseLow && p.upper <= kGlucoseHigh);
    }
  }
}

/// 110 mg/dL, then what a sensor says instead.
TEST(CgmFew, AJumpIsNotCarriedOn) {
  for (const float to : {190.0F, 250.0F, 401.0F, 40.0F}) {
    std::vector<Reading> readings;
    for (int m = 0; m <= 720; m += 5) readings.push_back(reading_at(m, 110 + 3 * std::sin(static_cast<float>(m) / 30)));
    readings.push_back(reading_at(725, to));
    const CgmForecast said = cgm_forecast(trained(), readings, ask(726 * kMinute));
    for (int i = 0; i < said.n; ++i) {
      const auto& p = said.points[static_cast<std::size_t>(i)];
      EXPECT_GT(p.mg_dl, std::min(110.0F, to) - 15) << to;
      EXPECT_LT(p.mg_dl, std::max(110.0F, to) + 15) << to;
      EXPECT_GT(p.upper - p.lower, 0.8F * std::abs(to - 110)) << to;
      EXPECT_LT(p.score, 0.9F);
    }
  }
}

TEST(CgmFew, TwoSensorsAreAnsweredTheSameWhicheverSpokeLast) {
  std::vector<Reading> readings;
  for (int m = 0; m <= 720; m += 5) {
    readings.push_back(reading_at(m, 130));
    readings.push_back(reading_at(m + 2, 170));
  }
  const auto before = std::span(readings).first(readings.size() - 1);
  const CgmForecastPoint a = cgm_forecast(trained(), before, ask(720 * kMinute)).points[0];
  const CgmForecastPoint b = cgm_forecast(trained(), readings, ask(722 * kMinute)).points[0];
  EXPECT_NEAR(a.mg_dl, b.mg_dl, 8);
  EXPECT_NEAR(a.mg_dl, 150, 20);
  EXPECT_LT(a.lower, 130);
  EXPECT_GT(a.upper, 170);
}

}  // namespace glucose
