// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/tuning.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "core/tasks/cgm/codec.hpp"
#include "support/cgm_rows.hpp"

namespace glucose {
namespace {

constexpr std::size_t K = kCgmHorizons;

const CgmRows& person() {
  static const CgmRows rows = rows_of(ar2_readings(1, 1500));
  return rows;
}

/// Changes that nothing foretells, and few of them: whoever learns much from them learns what is not there.
CgmRows unforeseeable() {
  Random rng(3);
  std::vector<Reading> readings;
  double level = 300;
  for (int i = 0; i < 700; ++i) readings.push_back(reading_at(5 * i, static_cast<float>(level += rng.normal())));
  return rows_of(readings);
}

SearchGrid grid_of(std::vector<std::vector<double>> penalties, std::uint64_t seed = 1) {
  TrainOptions base;
  base.seed = seed;
  return {Algorithm::linear, base, {{"l2", std::move(penalties)}}};
}

std::vector<TriedCombination> tuned(CgmRows rows, const SearchGrid& grid, std::optional<CgmModel> prior = {}) {
  CgmTuning tuning(std::move(rows), std::move(prior), grid);
  while (!tuning.done()) tuning.step();
  return tuning.ranked();
}

std::size_t before_test(const CgmRows& rows) {
  return rows.count(Split::train) + rows.count(Split::validation);
}

TEST(CgmOrigins, ExpandAndCoverTheRowsBeforeTheTestOnce) {
  const auto origins = cgm_origins(person());
  std::size_t next = origins[0].first;
  EXPECT_EQ(next, before_test(person()) * 40 / 100);
  for (const CgmOrigin& origin : origins) {
    EXPECT_EQ(origin.first, next);
    next += origin.n;
    EXPECT_GT(origin.learnt, 0U);
    EXPECT_LT(origin.learnt, origin.first);
  }
  EXPECT_EQ(next, before_test(person()));
}

TEST(CgmOrigins, KeepWhereTheOwnPastIsLookedUp) {
  const CgmRows all = rows_of_person(ar2_readings(3, 1500));
  const CgmRows rows = cgm_rows_at(all, cgm_origins(all)[1]);
  ASSERT_EQ(rows.origins.size(), 1U);
  ASSERT_EQ(rows.origins[0].readings.size(), rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i)
    EXPECT_EQ(rows.origins[0].series->at(rows.origins[0].readings[i]), rows.at[i]);
}

TEST(CgmOrigins, LearnFromWhatWasKnownThenOnly) {
  for (const CgmOrigin& origin : cgm_origins(person())) {
    const CgmRows rows = cgm_rows_at(person(), origin);
    const Micros asked = person().at[origin.first];
    Micros validation = asked;
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (rows.in(i, mask_of(Split::validation))) validation = std::min(validation, rows.at[i]);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Micros outcome = rows.at[i] + kCgmLongestMin * kMinute;
      EXPECT_EQ(rows.in(i, mask_of(Split::test)), rows.at[i] >= asked);
      if (rows.in(i, kCgmLearnt)) {
        EXPECT_LE(outcome + kCgmGap, asked);
      }
      if (rows.in(i, mask_of(Split::train))) {
        EXPECT_LT(outcome, validation);
      }
    }
    EXPECT_EQ(rows.count(Split::test), origin.n);
    EXPECT_GT(rows.count(Split::train), 3 * rows.count(Split::validation));
    EXPECT_EQ(rows.x.size(), rows.size() * kCgmColumns);
    EXPECT_EQ(rows.change.size(), rows.size() * K);
  }
}

TEST(CgmOrigins, TooFewRowsAreRefused) {
  EXPECT_THROW(cgm_origins({}), Error);
  try {
    cgm_origins(rows_of(ar2_readings(1, 200)));
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::too_little_history);
  }
}

TEST(CgmTuning, RanksThePenaltyThatSuitsFirst) {
  EXPECT_EQ(tuned(person(), grid_of({{1e6}, {10}})).front().combination, 1U);  // what is there can be learnt
  EXPECT_EQ(tuned(unforeseeable(), grid_of({{1e6}, {0}})).front().combination, 0U);
}

TEST(CgmTuning, RanksThePenaltyOfACorrectionToo) {
  CgmModel prior = train_cgm(unforeseeable()).model;
  std::fill(prior.median.begin(), prior.median.end(), 0.0F);
  const auto ranked = tuned(person(), grid_of({{1e6}, {10}}), prior);
  EXPECT_EQ(ranked.front().combination, 1U);
  EXPECT_LT(ranked.front().rmse, 0.95 * ranked.back().rmse);
}

TEST(CgmTuning, PoolsTheRowsOfAllOrigins) {
  const SearchGrid grid = grid_of({{}, {30}, {300}, {3000}});
  const auto ranked = tuned(person(), grid), again = tuned(person(), grid_of({{}, {30}, {300}, {3000}}, 9));
  ASSERT_EQ(ranked.size(), 4U);
  std::set<std::size_t> all;
  for (std::size_t i = 0; i < ranked.size(); ++i) {
    all.insert(ranked[i].combination);
    EXPECT_EQ(ranked[i].n, static_cast<int>(before_test(person()) - cgm_origins(person())[0].first));
    EXPECT_TRUE(0 < ranked[i].mae && ranked[i].mae < ranked[i].rmse);
    if (i > 0) {
      EXPECT_LE(ranked[i - 1].rmse, ranked[i].rmse);
    }
    EXPECT_EQ(ranked[i].rmse, again[i].rmse);  // the seed decides about the order of the visits alone
    EXPECT_EQ(ranked[i].combination, again[i].combination);
    // The default is 300.
    if (i > 0 && ranked[i].combination == 2) {
      EXPECT_EQ(ranked[i - 1].combination, 0U);
      EXPECT_EQ(ranked[i - 1].rmse, ranked[i].rmse);
    }
  }
  EXPECT_EQ(all.size(), 4U);
}

TEST(CgmTuning, TestRowsChangeNothing) {
  const SearchGrid grid = grid_of({{30}});
  const TriedCombination as_it_was = tuned(person(), grid).front();
  CgmRows changed = person();
  for (std::size_t i = 0; i < changed.size(); ++i)
    if (changed.in(i, mask_of(Split::test))) std::fill_n(&changed.change[i * K], K, 200.0F);
  EXPECT_EQ(tuned(changed, grid).front().rmse, as_it_was.rmse);
  const CgmOrigin last = cgm_origins(person()).back();
  std::fill_n(&changed.change[last.first * K], K, 200.0F);
  EXPECT_GT(tuned(changed, grid).front().rmse, as_it_was.rmse);
}

TEST(CgmTuning, WhatWasTriedSoFarIsThere) {
  CgmTuning tuning(person(), {}, grid_of({{30}, {300}}));
  EXPECT_TRUE(tuning.ranked().empty());
  while (tuning.ranked().empty()) tuning.step();
  EXPECT_FALSE(tuning.done());
  EXPECT_EQ(tuning.ranked().size(), 1U);
}

TEST(CgmTuning, ThePenaltyIsWhatTrainingUses) {
  const auto trained = [](double l2) {
    CgmTraining training(person(), {}, {}, l2);
    while (!training.done()) training.step();
    return training.take().model;
  };
  const CgmModel usual = trained(-1);
  EXPECT_EQ(encode_cgm(usual), encode_cgm(trained(300)));
  EXPECT_NE(encode_cgm(usual), encode_cgm(trained(301)));
  const auto size = [](const CgmModel& model) {
    double squares = 0;
    for (std::size_t p = 0; p < kCgmColumns; ++p)
      if (p != kCgmLags) squares += std::pow(static_cast<double>(model.median[p * K + 11]), 2);
    return squares;
  };
  EXPECT_GT(size(trained(10)), size(usual));
  EXPECT_GT(size(usual), size(trained(1e5)));
}

}  // namespace
}  // namespace glucose
