// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/own_share.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/cgm_rows.hpp"

namespace glucose {
namespace {

constexpr std::size_t K = kCgmHorizons, k30 = 5;

/// A head of which so much is left.
CgmHead part_of(CgmHead head, float part) {
  for (float& w : head) w *= part;
  return head;
}

struct Found {
  CgmOwnShares shares;
  float wider = 0;
};
Found tried(const CgmRows& rows, const CgmModel& population, float median_part, float mean_part) {
  CgmOwnTrial trial(rows, population,
                    {std::vector<CgmHead>(kCgmFolds, part_of(population.median, median_part)),
                     std::vector<CgmHead>(kCgmFolds, part_of(population.mean, mean_part))});
  while (!trial.done()) trial.step();
  return {trial.shares(), trial.wider(k30)};
}

float most(const std::array<float, K>& of_head) {
  return *std::max_element(of_head.begin(), of_head.end());
}

}  // namespace

TEST(CgmOwnTrial, WhatIsNoBetterIsNotServed) {
  const CgmRows rows = rows_of_person(ar2_readings(20, 1500));
  const Found same = tried(rows, of_smooth(), 1, 1), worse = tried(rows, of_smooth(), 0.5F, 0.7F);
  for (std::size_t head = 0; head < 2; ++head) {
    EXPECT_EQ(most(same.shares[head]), 0);
    EXPECT_EQ(most(worse.shares[head]), 0);
  }
}

TEST(CgmOwnTrial, HeadsAreJudgedApart) {
  CgmModel population = of_smooth();
  for (float& w : population.mean) w *= 3;
  const Found found = tried(rows_of_person(ar2_readings(20, 1500)), population, 0.5F, 1.0F / 3);
  EXPECT_EQ(most(found.shares[0]), 0);
  EXPECT_EQ(most(found.shares[1]), 1);
}

// A population of a smooth sensor follows the noise of a rough one. What the last day calms need not be mended again.
TEST(CgmOwnTrial, ComparesWhatIsServed) {
  const CgmRows served = rows_of_person(rough_readings(9, 8, 2000));
  CgmRows as_learnt = served;
  as_learnt.origins.clear();
  const Found with = tried(served, of_smooth(), 0.8F, 0.8F), without = tried(as_learnt, of_smooth(), 0.8F, 0.8F);
  EXPECT_EQ(without.shares[0][k30], 1);
  EXPECT_EQ(with.shares[0][k30], 0);
  EXPECT_LT(with.shares[1][k30], without.shares[1][k30]);
  EXPECT_GT(with.wider, 0);
  EXPECT_LT(with.wider, 0.9F * without.wider);
}

TEST(CgmTraining, WhatTheLastDayCalmsDoesNotWidenAPersonsSpread) {
  CgmRows served = rows_of_person(rough_readings(9, 8, 2000)), as_learnt = served;
  as_learnt.origins.clear();
  const auto constant = [](const CgmModel& model) { return model.spread[k30 * kCgmSpreadColumns]; };
  const float population = constant(of_smooth());
  const float with = constant(train_cgm(std::move(served), of_smooth()).model) - population;
  const float without = constant(train_cgm(std::move(as_learnt), of_smooth()).model) - population;
  EXPECT_GT(with, 0);
  EXPECT_LT(with, 0.9F * without);
}

}  // namespace glucose
