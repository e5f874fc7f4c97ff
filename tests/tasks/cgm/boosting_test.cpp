// SPDX-License-Identifier: PostgreSQL
// When trees serve in the forecast from readings alone: where persons left out gain by them beyond chance.
#include "core/tasks/cgm/boosting.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/base/byte_io.hpp"
#include "core/tasks/cgm/codec.hpp"
#include "support/cgm_rows.hpp"
#ifdef PGG_HAS_BOOSTING
#include "boosting/boosting.hpp"
#endif

using namespace glucose;

namespace {

constexpr std::size_t P = kCgmColumns, K = kCgmHorizons, T = kCgmTreeCount;
constexpr std::size_t kPlenty = std::size_t{1} << 30;

/// Rows of persons with what a head does not know: `effect` mg/dL more or less an hour ahead, as two columns agree.
CgmRows rows_with(float effect, int persons = 20, std::size_t each = 180, std::uint64_t seed = 5) {
  Random rng(seed);
  CgmRows rows;
  for (rows.persons = 1; rows.persons <= persons; ++rows.persons)
    for (std::size_t i = 0; i < each; ++i) {
      std::array<float, P> x;
      for (float& value : x) value = static_cast<float>(rng.normal());
      rows.x.insert(rows.x.end(), x.begin(), x.end());
      rows.spread.insert(rows.spread.end(), kCgmSpreadColumns, 1.0F);
      rows.level.push_back(150);
      rows.trust.push_back({});
      const bool agree = (x[kCgmTreeSees[0]] > 0) == (x[kCgmTreeSees[10]] > 0);
      for (std::size_t k = 0; k < K; ++k)
        rows.change.push_back(static_cast<float>(10 * rng.normal()) +
                              (agree ? effect : -effect) * static_cast<float>(k + 1) / 12);
      rows.split.push_back(static_cast<std::uint8_t>(i % 10 < 7 ? 0 : i % 10 < 9 ? 1 : 2));
      rows.turn.push_back(static_cast<std::uint8_t>(rows.persons % kCgmFolds));
      rows.part.push_back(static_cast<std::uint8_t>(i * kCgmFolds / each));
      rows.at.push_back(static_cast<Micros>(i) * kCgmStepMin * kMinute);
    }
  --rows.persons;
  return rows;
}

CgmBoostingOptions options(std::size_t least_rows = 1000) {
  CgmBoostingOptions o;
#ifdef PGG_HAS_BOOSTING
  o.boosting = pg_glucose_boosting();
#endif
  o.memory_cap = kPlenty;
  o.least_rows = least_rows;
  return o;
}

}  // namespace

TEST(CgmBoosting, NeedsRowsPersonsAndMemory) {
  const CgmRows rows = rows_with(0);
  EXPECT_TRUE(may_boost_cgm(rows, options()));
  EXPECT_FALSE(may_boost_cgm(rows, options(rows.size())));  // test rows are not learnt from
  EXPECT_FALSE(may_boost_cgm(rows, CgmBoostingOptions{nullptr, kPlenty}));
  EXPECT_FALSE(may_boost_cgm(rows_with(0, 2 * kCgmFolds - 1), options()));
  CgmBoostingOptions small = options();
  small.memory_cap = std::size_t{4} << 20;
  EXPECT_FALSE(may_boost_cgm(rows, small));
  EXPECT_FALSE(may_boost_cgm({}, options(0)));
}

TEST(CgmBoosting, WithoutTheModuleAModelIsLinear) {
  CgmBoostingOptions without = options();
  without.boosting = nullptr;
  CgmTraining training(rows_with(20), {}, without);
  while (!training.done()) training.step();
  const CgmOutcome outcome = training.take();
  EXPECT_FALSE(outcome.model.has_trees());
  EXPECT_FALSE(outcome.trees.has_value());
  EXPECT_EQ(encode_cgm(outcome.model), encode_cgm(train_cgm(rows_with(20)).model));
}

#ifdef PGG_HAS_BOOSTING

namespace {

CgmOutcome boosted(CgmRows rows, std::optional<CgmModel> prior = {}, std::size_t least_rows = 1000) {
  CgmTraining training(std::move(rows), std::move(prior), options(least_rows));
  while (!training.done()) training.step();
  return training.take();
}

const CgmMeasured& of(const CgmOutcome& outcome, Split split) {
  return outcome.measured[static_cast<std::size_t>(split)];
}

double at_an_hour(const CgmErrors& errors) {
  return errors.at(11).rmse;
}

const CgmOutcome& with_effect() {
  static const CgmOutcome outcome = boosted(rows_with(20));
  return outcome;
}

}  // namespace

TEST(CgmBoosting, ServesWhatPersonsLeftOutGainBy) {
  const CgmOutcome& outcome = with_effect();
  const CgmOutcome linear = train_cgm(rows_with(20));
  ASSERT_TRUE(outcome.trees.has_value());
  for (std::size_t head = 0; head < 2; ++head)
    for (std::size_t t = 0; t < T; ++t) {
      const CgmTreesGain& gain = (*outcome.trees)[head][t];
      EXPECT_GT(gain.share, 0) << head << ' ' << t;
      EXPECT_LT(gain.corrected, 0.97 * gain.linear) << head << ' ' << t;
      const CgmTrees& trees = head == 0 ? outcome.model.median_trees : outcome.model.mean_trees;
      EXPECT_EQ(trees.share[t], gain.share);
      EXPECT_GT(trees.trees[t].trees(), 0);
    }
  for (const Split split : {Split::validation, Split::test}) {
    EXPECT_LT(at_an_hour(of(outcome, split).median), 0.9 * at_an_hour(of(linear, split).median));
    EXPECT_LT(at_an_hour(of(outcome, split).mean), 0.9 * at_an_hour(of(linear, split).mean));
    EXPECT_EQ(of(outcome, split).rows, of(linear, split).rows);
  }
  // The heads are those without trees; the interval is the whole forecast's.
  for (std::size_t i = 0; i < P * K; ++i) EXPECT_NEAR(outcome.model.mean[i], linear.model.mean[i], 1e-4);
  EXPECT_NEAR(cgm_coverage(of(outcome, Split::test)), 0.9, 0.04);
  EXPECT_LT(outcome.model.spread[11 * kCgmSpreadColumns], linear.model.spread[11 * kCgmSpreadColumns]);
  EXPECT_LT(encode_cgm(outcome.model).size(), 300'000U);
}

TEST(CgmBoosting, SameRowsGiveTheSameBytes) {
  EXPECT_EQ(encode_cgm(with_effect().model), encode_cgm(boosted(rows_with(20)).model));
}

TEST(CgmBoosting, NoiseIsLeftAlone) {
  const CgmOutcome outcome = boosted(rows_with(0));
  ASSERT_TRUE(outcome.trees.has_value());
  for (const auto& of_head : *outcome.trees)
    for (const CgmTreesGain& gain : of_head) {
      EXPECT_EQ(gain.share, 0);
      EXPECT_EQ(gain.corrected, gain.linear);
    }
  EXPECT_FALSE(outcome.model.has_trees());
  EXPECT_EQ(encode_cgm(outcome.model).size(), encode_cgm(train_cgm(rows_with(0)).model).size());
}

TEST(CgmBoosting, WhatHelpsTwoPersonsOnlyIsChance) {
  // Two persons, in different folds, whose outcomes swing ten times as far as the others' and by a rule of their own:
  // each gains by what was learnt from the other over hundreds of rows, but they are two.
  CgmRows rows = rows_with(0);
  const CgmRows of_one = rows_with(200, 1, 300, 9);
  for (const int person : {3, 8}) {
    const std::size_t first = static_cast<std::size_t>(person) * 300;
    std::copy(of_one.x.begin(), of_one.x.end(), rows.x.begin() + static_cast<std::ptrdiff_t>(first * P));
    std::copy(of_one.change.begin(), of_one.change.end(), rows.change.begin() + static_cast<std::ptrdiff_t>(first * K));
  }
  for (std::size_t i = 0; i < rows.size(); ++i) rows.turn[i] = static_cast<std::uint8_t>((i / 300 * 2 + i / 1500) % 5);
  const CgmOutcome outcome = boosted(std::move(rows));
  ASSERT_TRUE(outcome.trees.has_value());
  EXPECT_EQ((*outcome.trees)[1][1].share, 0);
}

TEST(CgmBoosting, FewRowsAreNotTried) {
  const CgmOutcome outcome = boosted(rows_with(20), {}, 20'000);
  EXPECT_FALSE(outcome.trees.has_value());
  EXPECT_FALSE(outcome.model.has_trees());
}

TEST(CgmBoosting, APersonKeepsThePopulationsTreesAndLearnsWhatTheyLeave) {
  const CgmModel& population = with_effect().model;
  CgmModel blind = population;
  blind.median_trees = blind.mean_trees = {};
  // A person like the others, but 15 mg/dL above them.
  CgmRows rows = rows_with(20, 1, 3000, 77);
  for (float& change : rows.change) change += 15;
  for (std::size_t i = 0; i < rows.size(); ++i) rows.x[i * P + kCgmLags] = 1;
  const CgmOutcome own = boosted(rows, population), without = train_cgm(rows, blind);
  for (const auto trees : {&CgmModel::median_trees, &CgmModel::mean_trees}) {
    ByteWriter a, b;
    write(a, own.model.*trees);
    write(b, population.*trees);
    EXPECT_EQ(a.finish(), b.finish());
  }
  EXPECT_FALSE(own.trees.has_value());
  EXPECT_GT(own.own_share[11], 0);
  EXPECT_LT(at_an_hour(of(own, Split::test).mean), 0.9 * at_an_hour(of(without, Split::test).mean));
  EXPECT_LT(std::abs(of(own, Split::test).mean.at(11).bias), 2);
  EXPECT_NEAR(cgm_coverage(of(own, Split::test)), 0.9, 0.05);
}

#endif
