// SPDX-License-Identifier: PostgreSQL
#include "core/seeing/summary.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <string>

#include "seeing/simulated_stretch.hpp"

namespace glucose {
namespace {

std::map<std::string, double> numbers_of(const Summary& s) {
  return {{"readings", s.readings},
          {"days", s.days},
          {"covered_pct", s.covered_pct},
          {"mean", s.mean},
          {"sd", s.sd},
          {"cv_pct", s.cv_pct},
          {"gmi_pct", s.gmi_pct},
          {"very_low_pct", s.very_low_pct},
          {"low_pct", s.low_pct},
          {"in_range_pct", s.in_range_pct},
          {"tight_range_pct", s.tight_range_pct},
          {"high_pct", s.high_pct},
          {"very_high_pct", s.very_high_pct},
          {"very_low_episodes", s.very_low_episodes},
          {"low_episodes", s.low_episodes},
          {"high_episodes", s.high_episodes},
          {"very_high_episodes", s.very_high_episodes},
          {"lbgi", s.lbgi},
          {"hbgi", s.hbgi},
          {"gri", s.gri},
          {"adrr", s.adrr},
          {"mage", s.mage},
          {"modd", s.modd},
          {"conga", s.conga},
          {"j_index", s.j_index}};
}

void expect_same(const Summary& a, const Summary& b) {
  for (const auto& [name, value] : numbers_of(a)) {
    const double other = numbers_of(b).at(name);
    EXPECT_TRUE(value == other || (std::isnan(value) && std::isnan(other))) << name << ": " << value << ' ' << other;
  }
}

Summary summary_of(std::vector<SensorValue> samples) {
  samples.resize(settle(samples, 0));
  return summary_of(stretch_of(samples), Targets());
}

/// A case of the reference: what it is made of, and what comes of it.
struct Case {
  std::string name;
  SimulatedStretch how;
  std::map<std::string, double> numbers;
};

std::vector<Case> read_cases() {
  std::ifstream file(PGG_TEST_DATA "/statistics.txt");
  std::vector<Case> cases;
  std::vector<std::string> names;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    std::string first, word;
    words >> first;
    if (first == "names") {
      while (words >> word) names.push_back(word);
      continue;
    }
    Case c{first, {}, {}};
    words >> c.how.seed >> c.how.n >> c.how.step_min >> c.how.gap_of >> c.how.jitter_s >> c.how.swing;
    for (const std::string& name : names) {
      words >> word;
      c.numbers[name] = std::stod(word);
    }
    cases.push_back(c);
  }
  return cases;
}

TEST(GlucoseSummary, EqualsTheReference) {
  const auto cases = read_cases();
  ASSERT_GE(cases.size(), 9U);
  for (const Case& c : cases) {
    const auto numbers = numbers_of(summary_of(samples_of(c.how)));
    ASSERT_EQ(numbers.size(), c.numbers.size());
    for (const auto& [name, expected] : c.numbers) {
      const double got = numbers.at(name);
      if (std::isnan(expected))
        EXPECT_TRUE(std::isnan(got)) << c.name << ' ' << name;
      else
        EXPECT_NEAR(got, expected, 1e-9 * std::max(1.0, std::abs(expected))) << c.name << ' ' << name;
    }
  }
}

// Parts of any size, settled or not, put together in any order, with readings that two of them have.
TEST(GlucoseSummary, PartsAreAsTheWhole) {
  std::mt19937 random(7);
  for (const Case& c : read_cases()) {
    const auto all = samples_of(c.how);
    const Summary whole = summary_of(all);
    for (int round = 0; round < 20; ++round) {
      std::vector<std::vector<SensorValue>> parts(1 + random() % 5);
      for (const SensorValue& s : all) {
        parts[random() % parts.size()].push_back(s);
        if (random() % 10 == 0) parts[random() % parts.size()].push_back(s);
      }
      std::vector<SensorValue> together;
      std::size_t sorted = 0;
      for (auto& part : parts) {
        std::shuffle(part.begin(), part.end(), random);
        if (random() % 2 == 0) part.resize(settle(part, 0));
        together.insert(together.end(), part.begin(), part.end());
        if (random() % 2 == 0) together.resize(sorted = settle(together, sorted));
      }
      together.resize(settle(together, sorted));
      expect_same(whole, summary_of(together));
    }
  }
}

TEST(GlucoseSummary, OfNoneAndOfOne) {
  const Summary none = summary_of({});
  EXPECT_EQ(none.readings, 0);
  EXPECT_EQ(none.days, 0);
  EXPECT_EQ(none.low_episodes, 0);
  EXPECT_FALSE(none.is_enough);
  for (const auto& [name, value] : numbers_of(none))
    EXPECT_TRUE(std::isnan(value) || value == 0) << name << ' ' << value;
  const Summary one = summary_of({{kDay, 60.0F}});
  EXPECT_EQ(one.readings, 1);
  EXPECT_EQ(one.mean, 60);
  EXPECT_TRUE(std::isnan(one.sd));
  EXPECT_EQ(one.low_pct, 100);
  EXPECT_EQ(one.low_episodes, 1);  // it stands for a quarter of an hour
  EXPECT_TRUE(std::isnan(one.mage) && std::isnan(one.modd) && std::isnan(one.conga) && std::isnan(one.adrr));
}

TEST(GlucoseSummary, HandComputed) {
  // 100 for 10 minutes, 60 for 5, a gap, 200 for 5 (the usual step).
  const std::vector<SensorValue> samples{{0, 100}, {5 * kMinute, 100}, {10 * kMinute, 60}, {60 * kMinute, 200}};
  const Stretch stretch = stretch_of(samples, 0, 100 * kMinute);
  EXPECT_EQ(stretch.usual_step, 5 * kMinute);
  const Summary s = summary_of(stretch, Targets());
  EXPECT_DOUBLE_EQ(s.covered_pct, 20);
  EXPECT_DOUBLE_EQ(s.mean, 115);
  EXPECT_DOUBLE_EQ(s.low_pct, 25);
  EXPECT_DOUBLE_EQ(s.in_range_pct, 50);
  EXPECT_DOUBLE_EQ(s.high_pct, 25);
  EXPECT_DOUBLE_EQ(s.gri, 2.4 * 25 + 0.8 * 25);
  EXPECT_DOUBLE_EQ(s.gmi_pct, 3.31 + 0.02392 * 115);
  EXPECT_DOUBLE_EQ(s.sd, std::sqrt((225 + 225 + 3025 + 7225) / 3.0));
}

TEST(GlucoseSummary, LimitsBelongToTheRange) {
  const std::vector<SensorValue> samples{{0, 70}, {5 * kMinute, 180}, {10 * kMinute, 54}, {15 * kMinute, 250}};
  const Summary s = summary_of(stretch_of(samples), Targets());
  EXPECT_DOUBLE_EQ(s.in_range_pct, 50);
  EXPECT_DOUBLE_EQ(s.very_low_pct, 0);
  EXPECT_DOUBLE_EQ(s.very_high_pct, 0);
  EXPECT_DOUBLE_EQ(s.low_pct, 25);
  EXPECT_DOUBLE_EQ(s.high_pct, 25);
}

TEST(GlucoseSummary, TenthsOfMmolPerLitreAreOnTheSideOfTheLimitThatTheyName) {
  const auto shares = [](double mmol_l) {
    const std::vector<SensorValue> samples{{0, static_cast<float>(mmol_l * kMgDlPerMmolL)}};
    return summary_of(stretch_of(samples, 0, 15 * kMinute), Targets());
  };
  EXPECT_EQ(shares(3.0).very_low_pct, 0);
  EXPECT_EQ(shares(2.9).very_low_pct, 100);
  EXPECT_EQ(shares(3.9).in_range_pct, 100);
  EXPECT_EQ(shares(3.8).low_pct, 100);
  EXPECT_EQ(shares(7.8).tight_range_pct, 100);
  EXPECT_EQ(shares(7.9).tight_range_pct, 0);
  EXPECT_EQ(shares(10.0).in_range_pct, 100);
  EXPECT_EQ(shares(10.0).high_pct, 0);
  EXPECT_EQ(shares(10.0).high_episodes, 0);
  EXPECT_EQ(shares(10.1).high_pct, 100);
  EXPECT_EQ(shares(10.1).high_episodes, 1);
  EXPECT_EQ(shares(13.9).very_high_pct, 0);
  EXPECT_EQ(shares(13.9).very_high_episodes, 0);
  EXPECT_DOUBLE_EQ(shares(13.9).gri, 0.8 * 100);
  EXPECT_EQ(shares(14.0).very_high_pct, 100);
}

TEST(GlucoseSummary, WholeMgPerDecilitreAreWhatTheyWere) {
  Targets t;
  t.low = 69.5, t.high = 180.5;
  for (int g = 40; g <= 400; ++g) {
    const std::vector<SensorValue> samples{{0, static_cast<float>(g)}};
    const Stretch stretch = stretch_of(samples, 0, 15 * kMinute);
    const Summary usual = summary_of(stretch, Targets()), odd = summary_of(stretch, t);
    EXPECT_EQ(usual.in_range_pct, g >= 70 && g <= 180 ? 100 : 0) << g;
    EXPECT_EQ(usual.tight_range_pct, g >= 70 && g <= 140 ? 100 : 0) << g;
    EXPECT_EQ(usual.very_high_pct, g > 250 ? 100 : 0) << g;
    EXPECT_EQ(odd.low_pct, g < 69.5 ? 100 : 0) << g;
    EXPECT_EQ(odd.high_pct, g > 180.5 ? 100 : 0) << g;
  }
}

TEST(GlucoseSummary, EnoughIsSeventyPercentOfTwoWeeks) {
  const auto days = [](int n, Micros step) {
    std::vector<SensorValue> samples;
    for (Micros at = 0; at < n * kDay; at += step) samples.push_back({at, 100});
    return stretch_of(samples, 0, 14 * kDay);
  };
  EXPECT_TRUE(summary_of(days(10, 5 * kMinute), Targets()).is_enough);
  EXPECT_FALSE(summary_of(days(9, 5 * kMinute), Targets()).is_enough);
  EXPECT_TRUE(summary_of(days(14, 15 * kMinute), Targets()).is_enough);
  EXPECT_FALSE(summary_of(days(14, 60 * kMinute), Targets()).is_enough);
}

TEST(GlucoseSummary, DaysAreThoseOfTheClock) {
  std::vector<SensorValue> samples;
  for (int hour = 0; hour < 48; ++hour) samples.push_back({hour * 60 * kMinute, hour < 24 ? 50.0F : 300.0F});
  const Stretch stretch = stretch_of(samples);
  EXPECT_EQ(summary_of(stretch, Targets()).days, 2);
  // Midnight where the person is, an hour later: the first hour is the end of a day before.
  const std::vector<Micros> midnights{-23 * 60 * kMinute, 60 * kMinute, kDay + 60 * kMinute, 2 * kDay + 60 * kMinute};
  const Summary s = summary_of(stretch, Targets(), midnights);
  EXPECT_EQ(s.days, 3);
  // The day of one reading does not count, and the first full one has a reading of the other level.
  EXPECT_GT(s.adrr, summary_of(stretch, Targets()).adrr);
}

TEST(Stretch, ReadingsOfOneMomentAreOne) {
  const std::vector<SensorValue> samples{{0, 100}, {0, 120}, {5 * kMinute, 100}};
  const Stretch stretch = stretch_of(samples);
  ASSERT_EQ(stretch.points.size(), 2U);
  EXPECT_EQ(stretch.points[0].mg_dl, 110);
  std::vector<SensorValue> twice{{5, 1}, {0, 2}, {5, 1}, {0, 1}};
  EXPECT_EQ(settle(twice, 1), 3U);
  EXPECT_EQ(twice[0].mg_dl, 1);
}

TEST(Stretch, NothingCoversMoreThanThePeriod) {
  const std::vector<SensorValue> samples{{0, 100}, {5 * kMinute, 100}, {10 * kMinute, 100}};
  EXPECT_EQ(stretch_of(samples, 0, 12 * kMinute).covered, 12 * kMinute);
  EXPECT_EQ(stretch_of(samples).covered, 15 * kMinute);
  EXPECT_EQ(stretch_of(samples, 5 * kMinute, 10 * kMinute).points.size(), 1U);
}

TEST(Stretch, FindsPointsByTime) {
  const Stretch stretch = stretch_of(std::vector<SensorValue>{{0, 100}, {5 * kMinute, 110}, {10 * kMinute, 120}});
  EXPECT_EQ(stretch.first_from(-1), 0U);
  EXPECT_EQ(stretch.first_from(5 * kMinute), 1U);
  EXPECT_EQ(stretch.first_from(5 * kMinute + 1), 2U);
  EXPECT_EQ(stretch.first_from(11 * kMinute), 3U);
  ASSERT_EQ(stretch.between(0, 10 * kMinute).size(), 2U);
  EXPECT_EQ(stretch.between(1, 11 * kMinute).front().mg_dl, 110);
  EXPECT_EQ(stretch.between(1, 11 * kMinute).size(), 2U);
  EXPECT_TRUE(stretch.between(1, 5 * kMinute).empty());
  EXPECT_TRUE(stretch.between(20 * kMinute, 30 * kMinute).empty());
  EXPECT_TRUE(stretch.between(10 * kMinute, 0).empty());
  EXPECT_TRUE(Stretch().between(0, kDay).empty());
}

TEST(Stretch, AGapIsMoreThanALateReading) {
  const std::vector<SensorValue> late{{0, 100}, {15 * kMinute, 100}, {31 * kMinute, 100}, {46 * kMinute, 100}};
  EXPECT_EQ(stretch_of(late).covered, 61 * kMinute);
  const std::vector<SensorValue> gap{{0, 100}, {5 * kMinute, 100}, {10 * kMinute, 100}, {26 * kMinute, 100}};
  EXPECT_EQ(stretch_of(gap).covered, 20 * kMinute);
}

}  // namespace
}  // namespace glucose
