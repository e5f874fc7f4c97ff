// SPDX-License-Identifier: PostgreSQL
#include "core/simulation/physiology.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/simulation/insulin_dosing.hpp"

namespace glucose::sim {
namespace {

BodyParameters type1_body() {
  BodyParameters p = normal_body();
  p.secretes = false;
  p.secretion_beta = p.secretion_rate_gain = p.m5_min_kg_per_pmol = 0;
  p.basal_insulin_pmol_l = 60;
  p.basal_glucose_mg_dl = 140;
  return p;
}

std::vector<double> after_meal(const BodyParameters& parameters, const StomachFood& food, int minutes = 300) {
  Body body(parameters);
  const Influence still{body.basal_rate_pmol_per_kg_min(), 1, 0};
  body.eat(food);
  std::vector<double> glucose{body.plasma_mg_dl()};
  for (int i = 0; i < minutes; ++i) {
    body.step_minute(still);
    glucose.push_back(body.plasma_mg_dl());
  }
  return glucose;
}

std::size_t peak_minute(const std::vector<double>& glucose) {
  return static_cast<std::size_t>(std::max_element(glucose.begin(), glucose.end()) - glucose.begin());
}

TEST(Physiology, StaysAtItsBasalSteadyState) {
  for (const auto& parameters :
       {normal_body(), type2_body(), between(normal_body(), type2_body(), 0.4), type1_body()}) {
    Body body(parameters);
    const Influence still{body.basal_rate_pmol_per_kg_min(), 1, 0};
    for (int i = 0; i < 3 * 1440; ++i) body.step_minute(still);
    EXPECT_NEAR(body.plasma_mg_dl(), parameters.basal_glucose_mg_dl, 0.01);
    EXPECT_NEAR(body.insulin_pmol_l(), parameters.basal_insulin_pmol_l, 0.01);
  }
}

// The published constants unchanged and 78 g of glucose: a normal body peaks near 160 mg/dL within 90 min and is back
// in 4 h, a type 2 body near 280 mg/dL and later. Guards the equations; bands are wide because figures are not exact.
TEST(Physiology, PublishedConstantsGiveAnOrdinaryGlucoseTest) {
  const auto normal = after_meal(normal_body(), {78, 0, 1, 10}, 420);
  EXPECT_NEAR(normal[peak_minute(normal)], 158, 12);
  EXPECT_GE(peak_minute(normal), 30U);
  EXPECT_LE(peak_minute(normal), 90U);
  EXPECT_NEAR(normal[240], 90, 8);
  const auto type2 = after_meal(type2_body(), {78, 0, 1, 10}, 420);
  EXPECT_NEAR(type2[peak_minute(type2)], 280, 30);
  EXPECT_GT(peak_minute(type2), 90U);
}

TEST(Physiology, MoreCarbohydrateRisesHigher) {
  for (const auto& parameters : {normal_body(), type2_body(), type1_body()}) {
    double before = 0;
    for (const double carbs_g : {0.0, 10.0, 25.0, 50.0, 80.0, 120.0}) {
      const double at_60 = after_meal(parameters, {carbs_g, 0, 1, 15})[60];
      EXPECT_GT(at_60, before) << carbs_g;
      before = at_60;
    }
  }
}

TEST(Physiology, FatAndFiberDelayAndLowerTheRise) {
  const Plate lean{60, 20, 5, 3, 1, 1}, fat{60, 20, 60, 3, 1, 1}, fiber{60, 20, 5, 20, 1, 1};
  const auto a = after_meal(type2_body(), food_of(lean, 15)), b = after_meal(type2_body(), food_of(fat, 15)),
             c = after_meal(type2_body(), food_of(fiber, 15));
  for (const auto& slow : {b, c}) {
    EXPECT_LT(slow[60], a[60] - 3);
    EXPECT_LT(slow[peak_minute(slow)], a[peak_minute(a)]);
    EXPECT_GT(peak_minute(slow), peak_minute(a));
  }
}

TEST(Physiology, ProteinAloneRaisesGlucoseALittleAndLate) {
  const auto glucose = after_meal(type1_body(), {0, 60, 1, 15}, 480);
  EXPECT_GT(peak_minute(glucose), 120U);
  EXPECT_GT(glucose[peak_minute(glucose)], glucose[0] + 5);
  EXPECT_LT(glucose[peak_minute(glucose)], glucose[0] + 60);
}

TEST(Physiology, InsulinLowersGlucoseAndTitrationBalancesAMeal) {
  const BodyParameters parameters = type1_body();
  const double grams = titrated_grams_per_unit(parameters), drop = titrated_drop_per_unit(parameters);
  EXPECT_GT(grams, 3);
  EXPECT_LT(grams, 40);
  EXPECT_GE(drop, 10);
  EXPECT_LE(drop, 150);
  Body body(parameters);
  const Influence still{body.basal_rate_pmol_per_kg_min(), 1, 0};
  body.inject(2);
  EXPECT_NEAR(body.insulin_on_board_u(), 2, 1e-9);
  for (int i = 0; i < 240; ++i) body.step_minute(still);
  EXPECT_LT(body.plasma_mg_dl(), parameters.basal_glucose_mg_dl - 10);
  EXPECT_LT(body.insulin_on_board_u(), 0.5);
}

TEST(Physiology, StaysFiniteAndNonNegativeWhateverHappens) {
  for (const auto& parameters : {normal_body(), type2_body(), type1_body()}) {
    Body body(parameters);
    for (int i = 0; i < 2 * 1440; ++i) {
      if (i % 60 == 0) body.eat({300, 200, 2.5, 1});
      if (i == 1000) body.inject(500);
      body.step_minute({i < 700 ? 0.0 : 50.0, i % 2 == 0 ? 0.2 : 5.0, i < 300 ? 20.0 : -20.0});
      ASSERT_TRUE(std::isfinite(body.plasma_mg_dl()) && std::isfinite(body.insulin_pmol_l())) << i;
      ASSERT_GE(body.plasma_mg_dl(), 0);
      ASSERT_GE(body.insulin_pmol_l(), 0);
    }
  }
}

}  // namespace
}  // namespace glucose::sim
