// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/blending.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/tasks/cgm/codec.hpp"
#include "support/cgm_rows.hpp"

using namespace glucose;

namespace {

constexpr std::size_t P = kCgmColumns, K = kCgmHorizons;
constexpr std::size_t kSixHourMean = kCgmLags + 1;

/// Rows whose outcomes also follow the mean of six hours, by a factor of each person.
CgmRows rows_with(const std::vector<float>& factors, std::uint64_t seed) {
  CgmRows rows;
  for (std::size_t person = 0; person < factors.size(); ++person) {
    const std::size_t first = rows.size();
    add_rows(rows, ar2_readings(seed + person, 1500));
    for (std::size_t i = first; i < rows.size(); ++i)
      for (std::size_t k = 0; k < K; ++k)
        rows.change[i * K + k] += factors[person] * rows.x[i * P + kSixHourMean] * static_cast<float>(k + 1);
  }
  return rows;
}

CgmHeads fitted(const CgmRows& rows) {
  CgmHeads heads;
  for (std::size_t head = 0; head < 2; ++head) {
    CgmFit fit(rows, kCgmLearnt,
               {.loss = head == 0 ? CgmLoss::window : CgmLoss::squared, .penalty = 50, .folds = true});
    while (!fit.done()) fit.step();
    heads.all[head] = fit.take();
    heads.without_fold[head] = fit.take_fold_heads();
  }
  return heads;
}

CgmBlending::Shares blended(const CgmRows& rows, CgmHeads& heads) {
  CgmBlending blending(rows, heads);
  while (!blending.done()) blending.step();
  return blending.shares();
}

double squared_error(const CgmHead& head, const CgmRows& rows) {
  double sum = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const CgmTargets said = cgm_changes(head, &rows.x[i * P]);
    for (std::size_t k = 0; k < K; ++k)
      if (const float change = rows.change[i * K + k]; !std::isnan(change))
        sum += static_cast<double>((said[k] - change) * (said[k] - change));
  }
  return sum;
}

}  // namespace

TEST(CgmBlending, IsForFewPersonsNotForOneAndNotForMany) {
  for (const int persons : {0, 1, kCgmFolds - 1, 4 * kCgmFolds, 200}) EXPECT_FALSE(are_few_persons(persons)) << persons;
  for (const int persons : {kCgmFolds, 9, 10, 4 * kCgmFolds - 1}) EXPECT_TRUE(are_few_persons(persons)) << persons;
}

TEST(CgmBlending, WhatTellsPersonsApartIsDearer) {
  const std::vector<double> penalties = cgm_penalties(7, 10);
  ASSERT_EQ(penalties.size(), P);
  for (std::size_t p = 0; p < P; ++p)
    EXPECT_EQ(penalties[p], (p >= 25 && p < 31) || p >= 74 ? 70 : 7) << p;  // longer past; log SD and clock
  EXPECT_EQ(cgm_penalties(7, 1), std::vector<double>(P, 7));
}

TEST(CgmBlending, WhatMisleadsAboutOtherPersonsIsLeftOut) {
  // What six hours mean is each person's own: nobody's says anything about another's.
  const CgmRows rows = rows_with({3, -3, 2, -2, 3, -3}, 40), others = rows_with({0, 0, 0}, 90);
  CgmHeads heads = fitted(rows);
  const CgmHeads before = heads;
  const CgmBlending::Shares shares = blended(rows, heads);
  for (std::size_t head = 0; head < 2; ++head) {
    EXPECT_GT(*std::max_element(shares[head].begin(), shares[head].end()), 0.4) << head;
    EXPECT_LT(squared_error(heads.all[head], others), squared_error(before.all[head], others)) << head;
    // One head comes out: of the columns that the short one does not see, what is left of the full one.
    for (std::size_t p = kCgmLags + 1; p < P; ++p)
      for (std::size_t k = 0; k < K; ++k)
        EXPECT_NEAR(heads.all[head][p * K + k], (1 - shares[head][k]) * before.all[head][p * K + k], 1e-4);
    EXPECT_NE(heads.without_fold[head][2], before.without_fold[head][2]);
  }
}

TEST(CgmBlending, WhatHoldsForEverybodyStays) {
  const CgmRows rows = rows_with({3, 3, 3, 3, 3, 3}, 40);
  CgmHeads heads = fitted(rows);
  const CgmHeads before = heads;
  const CgmBlending::Shares shares = blended(rows, heads);
  for (std::size_t head = 0; head < 2; ++head) {
    for (const float share : shares[head]) EXPECT_EQ(share, 0) << head;
    EXPECT_EQ(heads.all[head], before.all[head]);
    EXPECT_EQ(heads.without_fold[head], before.without_fold[head]);
  }
}

TEST(CgmBlending, ATrainingOfFewIsMeasuredOnPersonsLeftOutAndTheSameAgain) {
  const CgmRows rows = rows_with({3, -3, 2, -2, 3, -3}, 40);
  const std::size_t validation = rows.count(Split::validation);
  const CgmOutcome outcome = train_cgm(rows);
  EXPECT_EQ(static_cast<std::size_t>(outcome.measured[static_cast<std::size_t>(Split::validation)].rows), validation);
  EXPECT_EQ(encode_cgm(outcome.model), encode_cgm(train_cgm(rows).model));
}
