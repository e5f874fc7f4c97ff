// SPDX-License-Identifier: PostgreSQL
// Trees in the forecast from readings alone: what they add, where, when they serve, and what happens to them.
#include "core/tasks/cgm/trees.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/base/byte_io.hpp"
#include "core/model/artifact.hpp"
#include "core/tasks/cgm/codec.hpp"
#include "support/cgm_rows.hpp"

using namespace glucose;

namespace {

constexpr std::size_t P = kCgmColumns, K = kCgmHorizons;

Trees leaf_of(float value) {
  const TreeNode leaf{TreeNode::kLeaf, 0, value, 1};
  return {static_cast<int>(kCgmTreeColumns), {&leaf, 1}};
}

/// One tree a horizon that asks for a column, with another answer on each side.
Trees stump_of(std::int32_t column, float threshold, float left, float right) {
  const std::array<TreeNode, 3> nodes{
      {{column, 0, threshold, 0}, {TreeNode::kLeaf, 0, left, 4}, {TreeNode::kLeaf, 0, right, 4}}};
  return {static_cast<int>(kCgmTreeColumns), nodes};
}

CgmModel with_trees(const CgmModel& model) {
  CgmModel corrected = model;
  corrected.median_trees = {
      cgm_linear_of(model.median), {leaf_of(10), leaf_of(20), stump_of(9, 0.5F, -8, 8)}, {1, 0.5F, 1}};
  corrected.mean_trees = {cgm_linear_of(model.mean), {Trees(), leaf_of(-6), Trees()}, {0, 1, 0}};
  return corrected;
}

const CgmModel& linear_model() {
  static const CgmModel model = train_cgm(rows_of(simulated_readings(1, 6))).model;
  return model;
}

/// The payload in an envelope that fits: what an attacker would send.
std::vector<std::uint8_t> sealed(const std::vector<std::uint8_t>& payload) {
  return glucose::sealed("cgm", kCgmSchema, payload);
}
std::vector<std::uint8_t> payload_of(const CgmModel& model) {
  const auto bytes = encode_cgm(model);
  const auto payload = opened(bytes).payload;
  return {payload.begin(), payload.end()};
}

}  // namespace

TEST(CgmTrees, AreInterpolatedFromNothingAtTheLastReading) {
  const CgmTargets all = cgm_at_all({3, 6, -12});
  for (const auto& [minutes, value] : std::vector<std::pair<int, float>>{
           {5, 0.5F}, {15, 1.5F}, {30, 3}, {45, 4.5F}, {60, 6}, {90, -3}, {115, -10.5F}, {120, -12}})
    EXPECT_NEAR(all[static_cast<std::size_t>(minutes / kCgmStepMin) - 1], value, 1e-5F) << minutes;
}

TEST(CgmTrees, SeeTheWindowAndTheLinearForecast) {
  CgmHead head(P * K, 0.0F);
  CgmColumns x;
  for (std::size_t p = 0; p < P; ++p) x[p] = static_cast<float>(p);
  head[3 * K + kCgmTreeHorizons[1]] = 2;
  const CgmTreeRow row = CgmTrees{cgm_linear_of(head), {}, {}}.sees(x.data());
  EXPECT_EQ(row[0], x[kCgmTreeSees[0]]);
  EXPECT_EQ(row[kCgmTreeSees.size() - 1], x[kCgmTreeSees.back()]);
  EXPECT_EQ(row[kCgmTreeSees.size()], 0);
  EXPECT_EQ(row[kCgmTreeSees.size() + 1], 6);
  // None twice, and none that is the same in every window.
  auto sorted = kCgmTreeSees;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(std::adjacent_find(sorted.begin(), sorted.end()), sorted.end());
  EXPECT_FALSE(std::binary_search(sorted.begin(), sorted.end(), kCgmLags));
}

TEST(CgmTrees, AddTheirShareToTheirHead) {
  CgmWindow window;
  for (std::size_t i = 0; i < kCgmWindow; ++i) window[i] = 150 + static_cast<float>(i % 5);
  const CgmNodes before = cgm_nodes(linear_model(), window, 600);
  const CgmNodes after = cgm_nodes(with_trees(linear_model()), window, 600);
  for (const auto& [minutes, median, mean] : std::vector<std::tuple<int, float, float>>{
           {15, 5, 0}, {30, 10, 0}, {45, 10, -3}, {60, 10, -6}, {90, 9, -3}, {120, 8, 0}}) {
    const auto k = static_cast<std::size_t>(minutes / kCgmStepMin) - 1;
    EXPECT_NEAR(after.median[k] - before.median[k], median, 1e-3) << minutes;
    EXPECT_NEAR(after.mean[k] - before.mean[k], mean, 1e-3) << minutes;
    EXPECT_EQ(after.spread[k], before.spread[k]);
  }
}

TEST(CgmTreesCodec, WhatIsReadIsWhatWasWritten) {
  const CgmModel model = with_trees(linear_model());
  const auto bytes = encode_cgm(model);
  const CgmModel again = decode_cgm(bytes);
  EXPECT_EQ(encode_cgm(again), bytes);
  EXPECT_EQ(again.median_trees.share, model.median_trees.share);
  EXPECT_EQ(again.mean_trees.trees[1].predict(CgmTreeRow{}), -6);
  EXPECT_GT(bytes.size(), encode_cgm(linear_model()).size());
  CgmModel one = model;
  one.mean_trees = {};
  EXPECT_TRUE(decode_cgm(encode_cgm(one)).mean_trees.empty());
}

TEST(CgmTreesCodec, WhatCannotBeIsRefused) {
  CgmModel model = with_trees(linear_model());
  for (const float share : {-0.1F, 1.1F, std::numeric_limits<float>::quiet_NaN()}) {
    model.median_trees.share[0] = share;
    EXPECT_EQ(code_of(encode_cgm(model)), ErrorCode::model_mismatch) << share;
  }
  model = with_trees(linear_model());
  model.mean_trees.linear[7] = std::numeric_limits<float>::infinity();
  EXPECT_EQ(code_of(encode_cgm(model)), ErrorCode::model_mismatch);
  model.mean_trees.linear.resize(5);
  EXPECT_EQ(code_of(encode_cgm(model)), ErrorCode::model_mismatch);
  // A tree of another number of columns, which would be read beyond what trees see.
  model = with_trees(linear_model());
  const TreeNode far{static_cast<std::int32_t>(kCgmTreeColumns), 0, 1, 0}, leaf{TreeNode::kLeaf, 0, 1, 1};
  const std::array<TreeNode, 3> nodes{far, leaf, leaf};
  model.median_trees.trees[0] = Trees(100, nodes);
  EXPECT_EQ(code_of(encode_cgm(model)), ErrorCode::model_mismatch);
}

TEST(CgmTreesCodec, DamagedBytesUnderAFittingChecksumDoNoHarm) {
  const auto bytes = payload_of(with_trees(linear_model()));
  const std::size_t linear = payload_of(linear_model()).size();
  CgmWindow window;
  window.fill(120);
  for (std::size_t i = linear; i < bytes.size(); ++i)
    for (const unsigned mask : {0x01U, 0x40U, 0xffU}) {
      auto flipped = bytes;
      flipped[i] = static_cast<std::uint8_t>(flipped[i] ^ mask);
      try {
        const CgmModel model = decode_cgm(sealed(flipped));
        EXPECT_EQ(encode_cgm(model), sealed(flipped));
        cgm_nodes(model, window, 0);
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::model_mismatch);
      }
    }
  for (std::size_t n = linear + 1; n < bytes.size(); n += 11) {
    const std::vector<std::uint8_t> shorter(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n));
    EXPECT_EQ(code_of(sealed(shorter)), ErrorCode::model_mismatch) << n;
  }
  // Two heads without trees are written as none: anything else that says so is not ours.
  auto empty = payload_of(linear_model());
  empty.insert(empty.end(), 8, 0);
  EXPECT_EQ(code_of(sealed(empty)), ErrorCode::model_mismatch);
}
