// SPDX-License-Identifier: PostgreSQL
#include "core/seeing/patterns.hpp"

#include <gtest/gtest.h>

#include "core/seeing/pattern_words.hpp"
#include "support/patternless.hpp"

namespace glucose {
namespace {

/// Readings of every quarter of an hour, of so many days from a Monday on, all 120 but for some noise.
struct PlainDays {
  std::int32_t first_day = 2;  // 2000-01-03
  std::vector<Micros> parts;
  std::vector<SensorValue> samples;
  std::vector<Meal> meals;
  std::array<std::vector<float>, kAfterMetrics.size()> before;

  explicit PlainDays(int days, std::uint64_t seed = 1) {
    Random random(seed);
    for (int k = 0; k <= kDayParts * days; ++k) parts.push_back(k * kDay / kDayParts);
    for (Micros at = 0; at < days * kDay; at += 15 * kMinute)
      samples.push_back({at, static_cast<float>(120 + 8 * random.normal())});
    for (int d = 0; d < days; ++d) {
      meals.push_back(pattern_meal(d * kDay + 8 * 60 * kMinute, MealType::breakfast));
      meals.push_back(pattern_meal(d * kDay + 19 * 60 * kMinute, MealType::dinner));
    }
  }
  template <class Where>
  void raise(float mg_dl, Where&& where) {
    for (SensorValue& s : samples)
      if (where(s.at)) s.mg_dl += mg_dl;
  }
  std::vector<Pattern> patterns() const {
    const Stretch stretch = stretch_of(samples);
    DaysSeen seen{first_day, parts, &stretch, meals, {}};
    for (std::size_t m = 0; m < before.size(); ++m) seen.before[m] = before[m];
    return patterns_of(seen);
  }
};

// Whichever of both is the higher.
const Pattern* find(const std::vector<Pattern>& all, PatternKind kind, int what, int than) {
  for (const Pattern& p : all)
    if (p.kind == kind && ((p.what == what && p.than == than) || (p.what == than && p.than == what))) return &p;
  return nullptr;
}

TEST(Patterns, OfMealsByHand) {
  PlainDays days(14);
  days.raise(31, [](Micros at) { return at % kDay / (60 * kMinute) == 8 || at % kDay / (60 * kMinute) == 9; });
  // Two evenings were as high, and higher.
  days.raise(40, [](Micros at) { return at / kDay >= 12 && at % kDay / (60 * kMinute) >= 19; });
  const auto all = days.patterns();
  const Pattern* p = find(all, PatternKind::meal_type, 0, 2);
  ASSERT_NE(p, nullptr);
  EXPECT_TRUE(p->is_found);
  EXPECT_EQ(p->shift.n, 14);
  EXPECT_EQ(p->shift.n_above, 12);
  EXPECT_EQ(p->what, 0);
  EXPECT_NEAR(p->shift.difference, 31, 6);
  EXPECT_LE(p->shift.lower, p->shift.difference);
  EXPECT_GE(p->shift.upper, p->shift.difference);
  EXPECT_EQ(what_of(*p), "breakfast");
  EXPECT_EQ(than_of(*p), "dinner");
}

TEST(Patterns, OfTimesWeekendsAndWeekdays) {
  PlainDays days(91);
  days.raise(20, [](Micros at) { return at % kDay < kDay / 4; });
  days.raise(20, [](Micros at) { return weekday_of(2 + static_cast<std::int32_t>(at / kDay)) % 6 == 0; });
  const auto all = days.patterns();
  for (int part = 1; part < kDayParts; ++part) {
    const Pattern* night = find(all, PatternKind::time_of_day, 0, part);
    ASSERT_NE(night, nullptr);
    EXPECT_TRUE(night->is_found);
    EXPECT_EQ(night->what, 0);
    EXPECT_NEAR(night->shift.difference, 20, 2);
  }
  EXPECT_FALSE(find(all, PatternKind::time_of_day, 1, 2)->is_found);
  const Pattern* weekend = find(all, PatternKind::weekday, kWeekend, kWorkdays);
  ASSERT_NE(weekend, nullptr);
  EXPECT_TRUE(weekend->is_found);
  EXPECT_EQ(weekend->shift.n, 13);
  EXPECT_NEAR(weekend->shift.difference, 20, 2);
  const Pattern* sunday = find(all, PatternKind::weekday, 0, kDaysAround);
  ASSERT_NE(sunday, nullptr);
  EXPECT_TRUE(sunday->is_found);
  EXPECT_NEAR(sunday->shift.difference, 20 - 20.0 / 6, 2);
  // What is found comes first, the largest first.
  for (std::size_t i = 1; i < all.size(); ++i) {
    EXPECT_GE(all[i - 1].is_found, all[i].is_found);
    if (all[i].is_found) {
      EXPECT_GE(std::abs(all[i - 1].shift.difference), std::abs(all[i].shift.difference));
    }
  }
}

TEST(Patterns, OfDaysAfter) {
  PlainDays days(60);
  Random random(3);
  days.before[0].assign(60, kUnknown);
  for (float& sleep : days.before[0]) sleep = static_cast<float>(420 + 60 * random.normal());
  days.before[0][5] = kUnknown;
  days.raise(25, [&](Micros at) { return days.before[0][static_cast<std::size_t>(at / kDay)] < 400; });
  const auto all = days.patterns();
  const Pattern* p = find(all, PatternKind::after_effect, most_of(0), least_of(0));
  ASSERT_NE(p, nullptr);
  EXPECT_TRUE(p->is_found);
  EXPECT_NEAR(p->shift.difference, -25, 5);
  EXPECT_GT(p->shift.n_below, p->shift.n * 3 / 4);
  EXPECT_EQ(find(all, PatternKind::after_effect, most_of(1), least_of(1)), nullptr);
  // Mostly none: all days with any are the most.
  days.before[2].assign(60, 0);
  for (std::size_t d = 0; d < 60; d += 5) days.before[2][d] = 30;
  const auto again = days.patterns();
  const Pattern* workouts = find(again, PatternKind::after_effect, most_of(2), least_of(2));
  ASSERT_NE(workouts, nullptr);
  EXPECT_EQ(workouts->shift.n, 12);
}

TEST(Patterns, FewDaysAndGapsSayNothing) {
  EXPECT_TRUE(patterns_of({}).empty());
  PlainDays few(8);
  few.raise(60, [](Micros at) { return at % kDay < kDay / 4; });
  EXPECT_TRUE(few.patterns().empty());
  PlainDays gaps(20);  // the sensor is off from 09:00 to 18:00: neither mornings nor breakfasts are covered to 70 %
  std::erase_if(gaps.samples, [](const SensorValue& s) {
    const Micros hour = s.at % kDay / (60 * kMinute);
    return hour >= 9 && hour < 18;
  });
  const auto all = gaps.patterns();
  EXPECT_EQ(find(all, PatternKind::time_of_day, 0, 1), nullptr);
  EXPECT_EQ(find(all, PatternKind::meal_type, 0, 2), nullptr);
  EXPECT_NE(find(all, PatternKind::time_of_day, 0, 3), nullptr);
  EXPECT_EQ(find(all, PatternKind::weekday, kWeekend, kWorkdays), nullptr);
}

TEST(Patterns, WhatIsTooSmallIsNoPattern) {
  PlainDays days(60);
  days.raise(4, [](Micros at) { return at % kDay < kDay / 4; });
  const auto all = days.patterns();
  const Pattern* night = find(all, PatternKind::time_of_day, 0, 1);
  ASSERT_NE(night, nullptr);
  EXPECT_LE(night->rate, kFalsePatterns);
  EXPECT_FALSE(night->is_found);
}

TEST(Patterns, InWords) {
  Pattern p{PatternKind::meal_type, 0, 2, {14, 12, 2, 31, 18, 45, 0.001}, 0.01, true};
  EXPECT_EQ(in_words(p, GlucoseUnit::mg_dl, false),
            "After breakfast, glucose was usually 31 mg/dL higher than after dinner: on 12 of 14 days (18 to 45 on "
            "average).");
  EXPECT_EQ(
      in_words(p, GlucoseUnit::mmol_l, true),
      "Nach dem Frühstück lag die Glukose meist um 1,7 mmol/L höher als nach dem Abendessen: an 12 von 14 Tagen (im "
      "Mittel 1,0 bis 2,5).");
  p = {PatternKind::after_effect, most_of(1), least_of(1), {20, 4, 16, -12, -20, -6, 0.001}, 0.01, true};
  EXPECT_EQ(
      in_words(p, GlucoseUnit::mg_dl, false),
      "On days after those with the most steps, glucose was usually 12 mg/dL lower than after those with the fewest: "
      "in 16 of 20 pairs of days (6 to 20 on average). This names no cause.");
  EXPECT_EQ(in_words(p, GlucoseUnit::mg_dl, true),
            "An Tagen nach denen mit den meisten Schritten lag die Glukose meist um 12 mg/dL niedriger als nach denen "
            "mit den "
            "wenigsten: in 16 von 20 Paaren von Tagen (im Mittel 6 bis 20). Das nennt keine Ursache.");
  p.is_found = false;
  EXPECT_EQ(in_words(p, GlucoseUnit::mg_dl, false).find("higher"), std::string::npos);
  p = {PatternKind::weekday, kWeekend, kWorkdays, {13, 12, 1, 20, 12, 29, 0.001}, 0.01, true};
  EXPECT_EQ(
      in_words(p, GlucoseUnit::mg_dl, false),
      "At weekends, glucose was usually 20 mg/dL higher than on the workdays around them: in 12 of 13 weeks (12 to 29 "
      "on average).");
}

// The small version of ./dev bench patterns.
TEST(PatternsOfPersons, NoneIsClaimedWhereThereIsNone) {
  constexpr int kPersons = 200;
  int claimed = 0, asked = 0;
  for (int i = 0; i < kPersons; ++i) {
    PatternlessPerson person(20'000 + static_cast<std::uint64_t>(i), 14, static_cast<Profile>(i % kProfiles));
    const auto all = person.patterns();
    asked += static_cast<int>(all.size());
    claimed += std::any_of(all.begin(), all.end(), [](const Pattern& p) { return p.is_found; }) ? 1 : 0;
  }
  EXPECT_LE(claimed, kPersons / 20);
  EXPECT_GT(asked, 7 * kPersons);
}

TEST(PatternsOfPersons, WhatIsPlantedIsFound) {
  for (const Planted planted : {Planted::mornings, Planted::breakfasts, Planted::weekends, Planted::after_steps}) {
    int found = 0;
    for (std::uint64_t i = 0; i < 20; ++i) {
      PatternlessPerson person(30'000 + i, planted == Planted::mornings ? 14 : 91, Profile::none);
      person.plant(planted, 20);
      const auto all = person.patterns();
      found += std::any_of(all.begin(), all.end(),
                           [&](const Pattern& p) { return p.is_found && PatternlessPerson::is_it(p, planted); });
    }
    EXPECT_GE(found, 16) << static_cast<int>(planted);
  }
}

}  // namespace
}  // namespace glucose
