// SPDX-License-Identifier: PostgreSQL
#include "core/seeing/unusual.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/base/random.hpp"

namespace glucose {
namespace {

TEST(Unusual, ALimitIsAsRareAsItsLevelSays) {
  for (const double level : {0.5, 0.8, 0.9, 0.95}) {
    EXPECT_NEAR(probability_of({0, 60, 150, 120, 200, level, 200}), 1 - level, 1e-12);
    EXPECT_NEAR(probability_of({0, 60, 150, 120, 200, level, 120}), 1 - level, 1e-12);
    EXPECT_NEAR(probability_of({0, 60, 150, 120, 200, level, 250}), std::pow(1 - level, 2), 1e-12);
  }
  EXPECT_EQ(probability_of({0, 60, 150, 120, 200, 0.9, 150}), 1);
  EXPECT_GT(probability_of({0, 60, 150, 150, 150, 0.9, 151}), 0.3);  // no width is no certainty
}

TEST(Unusual, HorizonsOfAMealCountTogetherAndMealsAmongAll) {
  const ServedForecast f[] = {
      {0, 60, 150, 120, 180, 0.9, 150}, {0, 120, 150, 120, 180, 0.9, 210}, {1, 60, 150, 120, 180, 0.9, 155}};
  const auto responses = responses_of(f);
  ASSERT_EQ(responses.size(), 2U);
  EXPECT_EQ(responses[0].forecast, 1U);
  EXPECT_NEAR(responses[0].p_value, 2 * 0.01, 1e-12);
  EXPECT_NEAR(responses[0].rate, 0.04, 1e-12);
  EXPECT_TRUE(responses_of({}).empty());
}

TEST(Unusual, OfManyMealsThatCameAsForecastFewAreCalledSo) {
  int persons_with_one = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Random random(seed);
    std::vector<ServedForecast> forecasts;
    for (int meal = 0; meal < 100; ++meal)
      for (const int minutes : {60, 120}) {
        const double u = random.uniform() - 0.5;
        const double away = -std::copysign(20 * std::log(1 - 2 * std::abs(u)), u);  // Laplace of spread 20
        const double limit = 20 * std::log(10);
        forecasts.push_back({meal, minutes, 150, 150 - limit, 150 + limit, 0.9, 150 + away});
      }
    bool any = false;
    for (const Response& r : responses_of(forecasts)) any = any || r.rate <= 0.1;
    persons_with_one += any ? 1 : 0;
  }
  EXPECT_LE(persons_with_one, 28);  // a rate of 0.1, and chance
  EXPECT_GE(persons_with_one, 4);
}

TEST(Unusual, WordsAreOfTheUnitAndTheLanguage) {
  const ServedForecast f{0, 90, 150, 120, 190, 0.9, 251};
  EXPECT_EQ(in_words(f, 0.0011, GlucoseUnit::mg_dl, false),
            "90 minutes after the meal 251 mg/dL, where 120 to 190 mg/dL were expected: the forecast held that for as "
            "rare as one meal in 900.");
  EXPECT_NE(in_words(f, 0.0011, GlucoseUnit::mmol_l, true).find("13,9 mmol/L, erwartet waren 6,7 bis 10,5 mmol/L"),
            std::string::npos);
}

}  // namespace
}  // namespace glucose
