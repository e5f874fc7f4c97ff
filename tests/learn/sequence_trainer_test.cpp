// SPDX-License-Identifier: PostgreSQL
#include "core/learn/sequence_trainer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "core/base/error.hpp"

namespace glucose {
namespace {

constexpr float kUnknown = std::numeric_limits<float>::quiet_NaN();
constexpr SequenceShape kShape{.steps = 5, .features = 2, .outputs = 1, .layers = 1, .hidden = 8};

// Days in one row, as a person's: the outcome is that of the last two days' first feature.
SequenceData days(std::size_t n, std::size_t n_validation, std::uint64_t seed, double noise = 0.1,
                  const SequenceShape& shape = kShape) {
  Random rng(seed);
  SequenceData data;
  const auto T = static_cast<std::size_t>(shape.steps);
  for (std::size_t i = 0; i < (n + n_validation + T) * 2; ++i) data.days.push_back(static_cast<float>(rng.normal()));
  for (std::size_t i = 0; i < n + n_validation; ++i) {
    SequenceRows& rows = i < n ? data.training : data.validation;
    rows.first.push_back(static_cast<std::uint32_t>(i));
    const std::size_t last = (i + T - 1) * 2;
    for (int k = 0; k < shape.outputs; ++k)
      rows.targets.push_back(static_cast<float>(0.8 * static_cast<double>(data.days[last]) * (k % 2 == 0 ? 1 : -1) +
                                                0.4 * static_cast<double>(data.days[last - 2]) + noise * rng.normal()));
  }
  return data;
}

SequenceTrainerOptions quick() {
  SequenceTrainerOptions options;
  options.epochs = 4;
  options.learning_rate = 0.01F;
  return options;
}

SequenceNet trained(SequenceTrainer& trainer) {
  while (!trainer.done()) trainer.step();
  return trainer.take();
}

std::vector<float> bytes_of(const SequenceTrainerOptions& options, const SequenceShape& shape = kShape) {
  SequenceTrainer trainer(shape, days(65, 20, 1, 0.1, shape), options);
  const SequenceNet net = trained(trainer);
  std::vector<float> all(net.parameters().begin(), net.parameters().end());
  all.insert(all.end(), net.statistics().begin(), net.statistics().end());
  return all;
}

bool same_bytes(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

TEST(SequenceTrainer, LearnsWhatIsThere) {
  for (const bool attention : {false, true}) {
    SequenceShape shape = kShape;
    shape.attention = shape.bidirectional = attention;
    SequenceTrainerOptions options = quick();
    options.epochs = 60;
    options.dropout = 0.1F;
    SequenceTrainer trainer(shape, days(300, 80, 1), options);
    trained(trainer);
    EXPECT_FALSE(trainer.diverged());
    EXPECT_LT(trainer.best_validation_loss(), 0.2) << attention;  // the variance is 0.8
    EXPECT_EQ(trainer.course().training.size(), static_cast<std::size_t>(trainer.epoch()));
  }
}

TEST(SequenceTrainer, LearnsYesOrNo) {
  SequenceData data = days(300, 80, 1);
  for (SequenceRows* rows : {&data.training, &data.validation})
    for (float& target : rows->targets) target = target > 0 ? 1.0F : 0.0F;
  SequenceTrainerOptions options = quick();
  options.epochs = 40;
  options.loss = SequenceLoss::logistic;
  SequenceTrainer trainer(kShape, data, options);
  trained(trainer);
  EXPECT_LT(trainer.best_validation_loss(), 0.4);  // knowing nothing: 0.69
}

// Of 4 outputs a row knows one: the encoder learns from all, each head from its own.
TEST(SequenceTrainer, LearnsManyMetricsOfWhichRowsLackMost) {
  SequenceShape shape = kShape;
  shape.outputs = 4;
  SequenceData data = days(400, 80, 1, 0.1, shape);
  for (std::size_t i = 0; i < data.training.targets.size(); ++i)
    if (i / 4 % 4 != i % 4) data.training.targets[i] = kUnknown;
  SequenceTrainerOptions options = quick();
  options.epochs = 60;
  SequenceTrainer trainer(shape, data, options);
  trained(trainer);
  EXPECT_LT(trainer.best_validation_loss(), 0.35);
}

TEST(SequenceTrainer, SameSeedSameBytes) {
  for (const bool attention : {false, true}) {
    SequenceShape shape = kShape;
    shape.attention = shape.bidirectional = attention;
    shape.layers = 2;
    EXPECT_TRUE(same_bytes(bytes_of(quick(), shape), bytes_of(quick(), shape)));
    SequenceTrainerOptions other = quick();
    other.seed = 2;
    EXPECT_FALSE(same_bytes(bytes_of(quick(), shape), bytes_of(other, shape)));
  }
}

TEST(SequenceTrainer, EveryOptionCounts) {
  const std::vector<float> plain = bytes_of(quick());
  for (auto change :
       {+[](SequenceTrainerOptions& o) { o.epochs = 1; }, +[](SequenceTrainerOptions& o) { o.batch_size = 16; },
        +[](SequenceTrainerOptions& o) { o.epoch_rows = 32; },
        +[](SequenceTrainerOptions& o) { o.learning_rate = 0.02F; }, +[](SequenceTrainerOptions& o) { o.dropout = 0; },
        +[](SequenceTrainerOptions& o) { o.l2 = 0.1F; }, +[](SequenceTrainerOptions& o) { o.clip_norm = 0.01F; }}) {
    SequenceTrainerOptions options = quick();
    change(options);
    EXPECT_FALSE(same_bytes(bytes_of(options), plain));
  }
}

TEST(SequenceTrainer, StopsEarlyAndKeepsTheBestWeights) {
  SequenceTrainerOptions options = quick();
  options.epochs = 200;
  options.patience = 4;
  SequenceData data = days(40, 40, 3, 2.0);  // hardly anything to learn, much to learn by heart
  SequenceTrainer trainer(kShape, data, options);
  const SequenceNet net = trained(trainer);
  const SequenceCourse& course = trainer.course();
  EXPECT_TRUE(course.stopped_early);
  ASSERT_GT(course.best_epoch, 0);
  EXPECT_EQ(trainer.epoch(), course.best_epoch + 4);
  const auto best = std::min_element(course.validation.begin(), course.validation.end());
  EXPECT_EQ(best - course.validation.begin(), course.best_epoch - 1);
  // What was kept has that loss.
  std::vector<const float*> sequences;
  for (const std::size_t first : data.validation.first) sequences.push_back(data.days.data() + first * 2);
  std::vector<float> out(sequences.size());
  FloatBuffer scratch;
  net.predict(sequences.data(), static_cast<int>(out.size()), out.data(), nullptr, scratch);
  double sum = 0;
  for (std::size_t i = 0; i < out.size(); ++i)
    sum += std::pow(static_cast<double>(out[i]) - static_cast<double>(data.validation.targets[i]), 2);
  EXPECT_NEAR(sum / static_cast<double>(out.size()), *best, 1e-6);
}

TEST(SequenceTrainer, WithoutPatienceOrValidationRowsAllEpochsAreDone) {
  SequenceTrainerOptions options = quick();
  options.epochs = 30;
  options.patience = 0;
  SequenceTrainer patient(kShape, days(40, 40, 3, 2.0), options);
  trained(patient);
  EXPECT_EQ(patient.epoch(), 30);
  options.patience = 1;
  SequenceTrainer blind(kShape, days(40, 0, 3, 2.0), options);
  trained(blind);
  EXPECT_EQ(blind.epoch(), 30);
  EXPECT_EQ(blind.best_epoch(), 0);
  EXPECT_FALSE(blind.course().stopped_early);
}

// The rate halves whenever so many epochs in a row were no better, counted anew after each halving.
TEST(SequenceTrainer, RateIsHalvedOnAPlateau) {
  SequenceTrainerOptions options = quick();
  options.epochs = 40;
  options.patience = 0;
  options.plateau = 3;
  SequenceTrainer trainer(kShape, days(40, 40, 3, 2.0), options);
  trained(trainer);
  int halvings = 0, stale = 0;
  double best = std::numeric_limits<double>::infinity();
  for (const double loss : trainer.course().validation) {
    stale = loss < best ? 0 : stale + 1;
    best = std::min(best, loss);
    if (stale == 3) ++halvings, stale = 0;
  }
  EXPECT_GT(halvings, 3);
  EXPECT_EQ(trainer.course().halvings, halvings);
  EXPECT_FLOAT_EQ(trainer.learning_rate(), 0.01F / static_cast<float>(1 << halvings));
  options.plateau = 0;
  SequenceTrainer steady(kShape, days(40, 40, 3, 2.0), options);
  trained(steady);
  EXPECT_EQ(steady.course().halvings, 0);
}

// 33 samples in batches of 32: none may be alone, it would have no variance.
TEST(SequenceTrainer, ARestOfOneGoesWithTheBatchBefore) {
  SequenceTrainer trainer(kShape, days(33, 0, 1), quick());
  const SequenceNet net = trained(trainer);
  EXPECT_EQ(trainer.epoch(), 4);
  for (const float parameter : net.parameters()) ASSERT_TRUE(std::isfinite(parameter));
}

TEST(SequenceTrainer, GoesOnFromAnotherNetwork) {
  SequenceTrainerOptions options = quick();
  options.epochs = 30;
  SequenceTrainer first(kShape, days(300, 80, 1), options);
  const SequenceNet start = trained(first);
  options.epochs = 1;
  SequenceTrainer next(kShape, days(300, 80, 1), options, &start), fresh(kShape, days(300, 80, 1), options);
  trained(next);
  trained(fresh);
  EXPECT_LT(next.best_validation_loss(), 0.6 * fresh.best_validation_loss());
}

TEST(SequenceTrainer, WhatIsNotFiniteDiverges) {
  for (const float bad : {kUnknown, std::numeric_limits<float>::infinity()}) {
    SequenceData data = days(40, 10, 1);
    data.days[30] = bad;
    SequenceTrainer trainer(kShape, data, quick());
    const SequenceNet net = trained(trainer);
    EXPECT_TRUE(trainer.diverged());
    for (const float parameter : net.parameters()) ASSERT_TRUE(std::isfinite(parameter));
  }
  SequenceData data = days(40, 10, 1);
  data.training.targets[3] = std::numeric_limits<float>::infinity();
  SequenceTrainer trainer(kShape, data, quick());
  trained(trainer);
  EXPECT_TRUE(trainer.diverged());
}

TEST(SequenceTrainer, DaysAreReadInTheirOrder) {
  const SequenceData plain = days(65, 20, 1);
  SequenceData turned = plain;
  const std::size_t n = plain.days.size() / 2;
  for (std::size_t day = 0; day < n; ++day) {
    turned.order.push_back(static_cast<std::uint32_t>(n - 1 - day));
    std::copy_n(&plain.days[2 * day], 2, &turned.days[2 * (n - 1 - day)]);
  }
  SequenceTrainer one(kShape, plain, quick()), other(kShape, turned, quick());
  const SequenceNet a = trained(one), b = trained(other);
  EXPECT_TRUE(std::equal(a.parameters().begin(), a.parameters().end(), b.parameters().begin()));
  EXPECT_EQ(one.best_validation_loss(), other.best_validation_loss());
}

TEST(SequenceTrainer, RefusesWhatDoesNotFit) {
  const auto refused = [](const SequenceData& data, const SequenceTrainerOptions& options) {
    try {
      SequenceTrainer trainer(kShape, data, options);
    } catch (const Error& error) {
      return error.code() == ErrorCode::bad_argument;
    }
    return false;
  };
  EXPECT_FALSE(refused(days(4, 0, 1), {}));
  EXPECT_TRUE(refused(days(1, 0, 1), {}));
  EXPECT_TRUE(refused({}, {}));
  for (int what = 0; what < 7; ++what) {
    SequenceData data = days(4, 4, 1);
    if (what == 0) data.training.targets.pop_back();
    if (what == 1) data.validation.targets.push_back(0);
    if (what == 2) data.days.pop_back();
    if (what == 3) data.validation.first[2] = 9;
    if (what == 4) std::fill(data.training.targets.begin(), data.training.targets.end(), kUnknown);
    if (what == 5) data.order = {0, 1, 2, 3, 4, 5};  // too few places
    if (what == 6) data.order.assign(20, 13);        // there are days 0 to 12
    EXPECT_TRUE(refused(data, {})) << what;
  }
  for (const SequenceTrainerOptions& bad :
       {SequenceTrainerOptions{.epochs = 0}, SequenceTrainerOptions{.batch_size = 1},
        SequenceTrainerOptions{.batch_size = 1 << 20}, SequenceTrainerOptions{.epoch_rows = 1},
        SequenceTrainerOptions{.learning_rate = 0}, SequenceTrainerOptions{.learning_rate = kUnknown},
        SequenceTrainerOptions{.dropout = 1}, SequenceTrainerOptions{.dropout = kUnknown},
        SequenceTrainerOptions{.l2 = -1}, SequenceTrainerOptions{.clip_norm = kUnknown},
        SequenceTrainerOptions{.patience = -1}, SequenceTrainerOptions{.plateau = -1}})
    EXPECT_TRUE(refused(days(4, 0, 1), bad));
  SequenceNet other({.steps = 5, .features = 2, .outputs = 1, .layers = 1, .hidden = 9});
  EXPECT_THROW(SequenceTrainer(kShape, days(4, 0, 1), {}, &other), Error);
}

TEST(SequenceTrainer, EstimatesItsMemoryAndTellsItsProgress) {
  const std::size_t few = SequenceTrainer::bytes_needed(kShape, 100, 80, 20, {});
  EXPECT_GE(SequenceTrainer::bytes_needed(kShape, 1100, 80, 20, {}), few + 1000 * 2 * sizeof(float));
  EXPECT_THROW((void)SequenceTrainer::bytes_needed(kShape, std::numeric_limits<std::size_t>::max(), 1, 1, {}), Error);
  SequenceTrainer trainer(kShape, days(65, 20, 1), quick());
  double before = 0;
  while (!trainer.done()) {
    EXPECT_GE(trainer.progress(), before);
    before = trainer.progress();
    trainer.step();
  }
  EXPECT_EQ(trainer.progress(), 1.0);
}

}  // namespace
}  // namespace glucose
