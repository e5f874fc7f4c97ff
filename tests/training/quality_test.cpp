// SPDX-License-Identifier: PostgreSQL
#include "core/training/quality.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace glucose {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
using Issues = std::vector<std::string>;

/// Good in every respect; pairs were compared, all limits asked for.
QualityFacts good() {
  return {{20, 30}, {20, 30}, false, 0.7, 10, 0.9, 40, "meals"};
}
const QualityLimits kLimits{0.5, 15, QualityLimits::Range{0.85, 0.95}, 20};

void expect(const QualityFacts& facts, bool rejected, bool ready, const Issues& issues) {
  const QualityVerdict verdict = judge_quality(facts, kLimits);
  EXPECT_EQ(verdict.rejected, rejected);
  EXPECT_EQ(verdict.production_ready, ready);
  EXPECT_EQ(verdict.issues, issues);
}

TEST(JudgeQuality, GoodIsReadyWithoutAnyIssue) {
  expect(good(), false, true, {});
}

TEST(JudgeQuality, WorseOnValidationIsRejectedUnlessChanceExplainsIt) {
  QualityFacts facts = good();
  facts.validation.model = 30.01;
  expect(facts, true, false, {"worse than persistence on validation"});
  facts.within_chance = true;
  expect(facts, false, false, {"worse than persistence on validation, though within chance"});
  facts.validation.model = 30;
  expect(facts, false, false, {"no better than persistence on validation"});
}

TEST(JudgeQuality, WithoutPairsBothSplitsMustSayTheSame) {
  QualityFacts facts = good();
  facts.within_chance.reset();
  facts.validation.model = 31;
  expect(facts, false, true, {});
  facts.test.model = 30;
  expect(facts, true, false, {"no better than persistence on validation and test"});
  facts.validation.model = 29;
  expect(facts, false, false, {"no better than persistence on test"});
}

TEST(JudgeQuality, NotFiniteIsRejected) {
  for (const double value : {kNan, std::numeric_limits<double>::infinity()})
    for (const bool on_test : {false, true}) {
      QualityFacts facts = good();
      (on_test ? facts.test : facts.validation).model = value;
      expect(facts, true, false, {"forecasts are not finite"});
      facts.within_chance.reset();
      expect(facts, true, false, {"forecasts are not finite"});
    }
}

TEST(JudgeQuality, EachLimitBlocksAtItsBorder) {
  QualityFacts facts = good();
  facts.r2 = 0.5;
  expect(facts, false, false, {"R2 on test is not above 0.5"});
  facts.r2 = -0.01;
  expect(facts, false, false, {"R2 on test is below 0"});
  facts = good();
  facts.mape_percent = 15;
  expect(facts, false, false, {"MAPE on test is not below 15 %"});
  const std::string cover = "the 90 % interval holds fewer than 85 % or more than 95 % of the test outcomes";
  for (const double outside : {0.849, 0.951, kNan}) {
    facts = good();
    facts.coverage = outside;
    expect(facts, false, false, {cover});
  }
  for (const double inside : {0.85, 0.95}) {
    facts.coverage = inside;
    expect(facts, false, true, {});
  }
}

TEST(JudgeQuality, WhatATaskDoesNotAskForDoesNotCount) {
  QualityFacts facts = good();
  facts.r2 = -1;
  facts.coverage.reset();
  EXPECT_EQ(judge_quality(facts, {{}, 15, {}, 20}).issues, Issues{});
}

TEST(JudgeQuality, FewResidualsAreSaidButDoNotBlock) {
  QualityFacts facts = good();
  facts.residuals = 19;
  expect(facts, false, true, {"interval rests on only 19 meals"});
  facts.residuals = 20;
  expect(facts, false, true, {});
}

}  // namespace
}  // namespace glucose
