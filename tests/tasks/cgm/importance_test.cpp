// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/importance.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>

#include "support/cgm_rows.hpp"

namespace glucose {
namespace {

constexpr std::size_t P = kCgmColumns, K = kCgmHorizons, kSine = 78;

std::vector<Importance> measured(const CgmModel& model, const CgmRows& rows, Micros from = 0, std::uint64_t seed = 1) {
  CgmImportance work(model, rows, from, seed);
  while (!work.done()) work.step();
  work.step();  // one too many changes nothing
  return work.take();
}

/// 40 mg/dL times the sine of the day, an hour ahead; else glucose stays what it is.
CgmModel planted() {
  CgmModel model;
  model.median.assign(P * K, 0.0F);
  model.median[kSine * K + 11] = 40;
  return model;
}

CgmRows with_outcomes_of(const CgmModel& model, CgmRows rows) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const CgmTargets change = cgm_changes(model.median, &rows.x[i * P]);
    std::copy(change.begin(), change.end(), rows.change.begin() + static_cast<std::ptrdiff_t>(i * K));
  }
  return rows;
}

TEST(CgmImportance, FindsTheColumnsAModelUsesAndNoOthers) {
  const CgmRows rows = with_outcomes_of(planted(), rows_of(simulated_readings(1, 6)));
  int seen = 0;
  for (const Importance& i : measured(planted(), rows)) {
    ++seen;
    EXPECT_EQ(i.n, static_cast<int>(rows.size()));
    if (i.feature == "last_reading")
      EXPECT_GT(i.increase, 5);  // what the forecast starts from
    else if (i.feature == "time_of_day" && i.minutes_ahead == 60)
      EXPECT_NEAR(i.increase, 40 * 0.81, 3);  // the mean distance of two sines of random angles
    else
      EXPECT_EQ(i.increase, 0) << i.feature << i.minutes_ahead;
  }
  EXPECT_EQ(seen, 4 * static_cast<int>(kCgmGroups - 1));
}

TEST(CgmImportance, FindsWhatTreesAsk) {
  CgmModel model = planted();
  const std::array<TreeNode, 3> nodes{
      {{20, 0, 0, 0}, {TreeNode::kLeaf, 0, -10, 4}, {TreeNode::kLeaf, 0, 10, 4}}};  // the first of the clock
  static_assert(kCgmTreeColumns > 20);
  std::fill(model.median.begin(), model.median.end(), 0.0F);
  model.median_trees = {cgm_linear_of(model.median), {}, {0, 0, 1}};
  model.median_trees.trees[2] = {static_cast<int>(kCgmTreeColumns), nodes};
  CgmRows rows = rows_of(simulated_readings(1, 4));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const CgmTargets said = cgm_at_all(model.median_trees.correction(&rows.x[i * P]));
    std::copy(said.begin(), said.end(), rows.change.begin() + static_cast<std::ptrdiff_t>(i * K));
  }
  const std::string_view asked = name_of(cgm_group_of(kCgmTreeSees[20]));
  for (const Importance& i : measured(model, rows)) {
    if (i.feature == "last_reading") continue;
    if (i.feature == asked)
      EXPECT_GT(i.increase, i.minutes_ahead > 60 ? 3 : -1);
    else
      EXPECT_EQ(i.increase, 0) << i.feature;
  }
}

TEST(CgmImportance, IsSeededSortedAndOfKnownOutcomesFromAMomentOn) {
  const auto readings = ar2_readings(2, 1800);
  const CgmModel model = train_cgm(rows_of(readings)).model;
  CgmRows rows = rows_of(readings);
  const Micros from = rows.at[700];
  for (std::size_t i = 800; i < 850; ++i) rows.change[i * K + 23] = kUnknown;
  const auto first = measured(model, rows, from), again = measured(model, rows, from);
  ASSERT_EQ(first.size(), 4 * (kCgmGroups - 1));
  const auto known = [&](int minutes) {
    const std::size_t k = static_cast<std::size_t>(minutes / kCgmStepMin) - 1;
    int n = 0;
    for (std::size_t i = 700; i < rows.size(); ++i) n += std::isnan(rows.change[i * K + k]) ? 0 : 1;
    return n;
  };
  EXPECT_LE(known(120), known(90) - 30);
  int unlike = 0;
  const auto other_seed = measured(model, rows, from, 2);
  std::map<std::string, float> at_30;
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(first[i].feature, again[i].feature);
    EXPECT_EQ(first[i].increase, again[i].increase);
    EXPECT_EQ(first[i].minutes_ahead, cgm_minutes(kCgmReported[i / (kCgmGroups - 1)]));
    EXPECT_EQ(first[i].n, known(first[i].minutes_ahead));
    if (i % (kCgmGroups - 1) > 0) {
      EXPECT_LE(first[i].increase, first[i - 1].increase);
    }
    unlike += first[i].increase != other_seed[i].increase ? 1 : 0;
    if (first[i].minutes_ahead == 30) at_30[std::string(first[i].feature)] = first[i].increase;
  }
  EXPECT_GT(unlike, 20);
  EXPECT_GT(at_30["last_reading"], at_30["last_15_minutes"]);
  EXPECT_GT(at_30["last_15_minutes"], at_30["last_2_hours"]);
}

TEST(CgmImportance, ThinsManyRowsAndBearsNone) {
  const CgmRows rows = rows_of(simulated_readings(3, 16));
  ASSERT_GT(rows.size(), CgmImportance::kMostRows);
  const int n = measured(planted(), rows).front().n;
  EXPECT_LE(n, static_cast<int>(CgmImportance::kMostRows));
  EXPECT_GE(n, static_cast<int>(CgmImportance::kMostRows) / 2);
  EXPECT_TRUE(measured(planted(), rows, kForever).empty());
  EXPECT_TRUE(measured(planted(), {}).empty());
}

}  // namespace
}  // namespace glucose
