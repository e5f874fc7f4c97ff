// SPDX-License-Identifier: PostgreSQL
#include "core/learn/lstm_trainer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <vector>

#include "core/base/error.hpp"

namespace glucose {
namespace {

constexpr LstmShape kShape{.steps = 6, .n_static = 2, .outputs = 2, .layers = 2, .hidden = {8, 8}};

// Targets with variance near 1: one follows the last value and a static input, the other the trend of the sequence.
LstmData samples(int n, std::uint64_t seed, double noise = 0) {
  Random rng(seed);
  LstmData data;
  for (int i = 0; i < n; ++i) {
    const double level = rng.normal(), slope = rng.normal(), a = rng.normal(), b = rng.normal();
    for (int t = 0; t < kShape.steps; ++t) data.sequence.push_back(static_cast<float>(level + slope * (t - 2.5) / 2.5));
    data.statics.insert(data.statics.end(), {static_cast<float>(a), static_cast<float>(b)});
    data.targets.push_back(static_cast<float>(0.7 * std::tanh(level + slope) + 0.7 * a + noise * rng.normal()));
    data.targets.push_back(static_cast<float>(slope + noise * rng.normal()));
  }
  return data;
}

double mean_square(const Lstm& net, const LstmData& data) {
  std::vector<float> out(data.targets.size());
  net.predict(data.sequence.data(), data.statics.data(), static_cast<int>(out.size()) / kShape.outputs, out.data());
  double sum = 0;
  for (std::size_t i = 0; i < out.size(); ++i) sum += std::pow(static_cast<double>(out[i]) - data.targets[i], 2);
  return sum / static_cast<double>(out.size());
}

void run(LstmTrainer& trainer) {
  while (!trainer.done()) trainer.step();
}

std::vector<float> trained(const LstmTrainerOptions& options) {
  LstmTrainer trainer(kShape, samples(50, 1), samples(20, 2), options);
  run(trainer);
  const Lstm net = trainer.take();
  return {net.parameters().begin(), net.parameters().end()};
}

bool same_bytes(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

TEST(LstmTrainer, LearnsASimpleFunction) {
  LstmTrainer trainer(kShape, samples(400, 1), samples(100, 2),
                      {.epochs = 120, .learning_rate = 5e-3F, .patience = 0, .seed = 3});
  run(trainer);
  EXPECT_FALSE(trainer.diverged());
  EXPECT_EQ(trainer.epoch(), 120);
  EXPECT_LT(trainer.training_loss(), 0.03);
  EXPECT_LT(trainer.best_validation_loss(), 0.03);
  EXPECT_LT(mean_square(trainer.take(), samples(200, 77)), 0.04);  // data it never saw
}

TEST(LstmTrainer, LearnsWithDropoutAndL2) {
  LstmTrainer trainer(kShape, samples(400, 1), samples(100, 2),
                      {.epochs = 120, .learning_rate = 5e-3F, .dropout = 0.1F, .l2 = 1e-4F, .patience = 0});
  run(trainer);
  EXPECT_LT(trainer.best_validation_loss(), 0.15);
  EXPECT_GT(trainer.training_loss(), 0.03);  // dropout's noise is in it
}

TEST(LstmTrainer, L2ShrinksTheWeights) {
  const auto weight_norm = [](float l2) {
    double sum = 0;
    for (const float w : trained({.epochs = 60, .learning_rate = 5e-3F, .l2 = l2, .patience = 0})) sum += w * w;
    return sum;
  };
  EXPECT_LT(weight_norm(0.05F), 0.7 * weight_norm(0));
}

TEST(LstmTrainer, SameSeedSameBytesOtherSeedOtherBytes) {
  const LstmTrainerOptions options{.epochs = 5, .dropout = 0.2F, .seed = 42};
  LstmTrainerOptions other = options;
  other.seed = 43;
  const std::vector<float> first = trained(options);
  EXPECT_TRUE(same_bytes(first, trained(options)));
  EXPECT_FALSE(same_bytes(first, trained(other)));
}

// Two epochs spelled out: weights, the order of the first epoch and of the second come from one stream of the seed.
TEST(LstmTrainer, EqualsItsRecipe) {
  const LstmTrainerOptions options{.epochs = 2, .batch_size = 16, .seed = 8};
  const LstmData data = samples(40, 1);
  LstmTrainer trainer(kShape, data, {}, options);
  run(trainer);
  const Lstm actual = trainer.take();

  Lstm net(kShape);
  Random rng(options.seed);
  net.initialise(rng);
  Adam adam(net.parameters().size());
  std::vector<float> gradient(net.parameters().size());
  std::vector<std::uint32_t> order(40);
  std::iota(order.begin(), order.end(), 0U);
  const auto append = [](const std::vector<float>& from, std::size_t row, int width, std::vector<float>& to) {
    const auto start = from.begin() + static_cast<std::ptrdiff_t>(row) * width;
    to.insert(to.end(), start, start + width);
  };
  for (int epoch = 0; epoch < 2; ++epoch) {
    rng.shuffle(order);
    for (std::size_t start = 0; start < 40; start += 16) {
      LstmData batch;
      const std::size_t end = std::min<std::size_t>(start + 16, 40);
      for (std::size_t i = start; i < end; ++i) {
        append(data.sequence, order[i], kShape.steps, batch.sequence);
        append(data.statics, order[i], kShape.n_static, batch.statics);
        append(data.targets, order[i], kShape.outputs, batch.targets);
      }
      net.loss_and_gradient(batch.sequence.data(), batch.statics.data(), batch.targets.data(),
                            static_cast<int>(end - start), {}, gradient);
      adam.step(net.parameters(), gradient);
    }
  }
  EXPECT_TRUE(std::equal(net.parameters().begin(), net.parameters().end(), actual.parameters().begin()));
}

TEST(LstmTrainer, StepsAndProgress) {
  // 50 samples in batches of 16 are 4 steps, and the validation pass is one: 5 steps an epoch.
  LstmTrainer trainer(kShape, samples(50, 1), samples(20, 2), {.epochs = 3, .batch_size = 16});
  EXPECT_EQ(trainer.progress(), 0.0);
  int steps = 0;
  double before = 0;
  while (!trainer.done()) {
    EXPECT_EQ(trainer.epoch(), steps / 5);
    trainer.step();
    ++steps;
    EXPECT_GT(trainer.progress(), before);
    EXPECT_LE(trainer.progress(), 1.0);
    before = trainer.progress();
  }
  EXPECT_EQ(steps, 15);
  EXPECT_EQ(trainer.progress(), 1.0);
  EXPECT_EQ(trainer.epoch(), 3);
  trainer.step();  // nothing is left to do
  EXPECT_EQ(trainer.epoch(), 3);
}

TEST(LstmTrainer, EarlyStoppingRestoresTheBestWeights) {
  // Few noisy samples: it overfits, and the validation loss has its minimum early.
  const LstmData validation = samples(40, 2, 1.0);
  LstmTrainer trainer(kShape, samples(24, 1, 1.0), validation,
                      {.epochs = 1000, .learning_rate = 1e-2F, .patience = 10, .seed = 5});
  run(trainer);
  EXPECT_LT(trainer.epoch(), 1000);
  EXPECT_EQ(trainer.epoch(), trainer.best_epoch() + 10);
  const double best = trainer.best_validation_loss();
  EXPECT_EQ(trainer.progress(), 1.0);
  EXPECT_NEAR(mean_square(trainer.take(), validation), best, 1e-9);
}

TEST(LstmTrainer, WithoutValidationItKeepsTheLastWeights) {
  const LstmData data = samples(64, 1);
  LstmTrainer trainer(kShape, data, {}, {.epochs = 40, .learning_rate = 5e-3F, .patience = 1});
  run(trainer);
  EXPECT_EQ(trainer.epoch(), 40);
  EXPECT_EQ(trainer.best_epoch(), 0);
  EXPECT_TRUE(std::isinf(trainer.best_validation_loss()));
  EXPECT_LT(mean_square(trainer.take(), data), 0.3);
}

// A mini-batch that would take too long is done in parts, and the weights are those of the whole batch up to rounding.
// 50 samples in epochs of 20: two epochs before they are shuffled again; the validation data is asked after each.
TEST(LstmTrainer, ManySamplesAreDealtOutToEpochs) {
  const LstmTrainerOptions options{.epochs = 5, .batch_size = 10, .epoch_rows = 20, .patience = 0, .seed = 3};
  LstmTrainer trainer(kShape, samples(50, 1), samples(10, 2), options);
  int batches = 0;
  for (; !trainer.done(); trainer.step()) ++batches;
  EXPECT_EQ(batches, 5 * (2 + 1));
  EXPECT_EQ(trainer.course().epochs(), 5);
  EXPECT_EQ(trainer.course().validation.size(), 5U);
  // Few samples train as without a limit.
  LstmTrainerOptions exact = options, plenty = options;
  exact.epoch_rows = 50;
  plenty.epoch_rows = 1000;
  LstmTrainer a(kShape, samples(50, 1), {}, exact), b(kShape, samples(50, 1), {}, plenty);
  run(a);
  run(b);
  const Lstm one = a.take(), other = b.take();
  EXPECT_TRUE(std::equal(one.parameters().begin(), one.parameters().end(), other.parameters().begin()));
}

TEST(LstmTrainer, WideNetsTakeSeveralStepsABatch) {
  constexpr LstmShape wide{.steps = 12, .n_static = 1, .outputs = 1, .layers = 2, .hidden = {256, 256}};
  Random rng(1);
  LstmData data;
  for (int i = 0; i < 16 * 12; ++i) data.sequence.push_back(static_cast<float>(rng.normal()));
  for (int i = 0; i < 16; ++i) data.statics.push_back(static_cast<float>(rng.normal()));
  for (int i = 0; i < 16; ++i) data.targets.push_back(static_cast<float>(rng.normal()));
  const LstmTrainerOptions options{.epochs = 1, .batch_size = 16, .clip_norm = 0};
  LstmTrainer trainer(wide, data, {}, options);
  int steps = 0;
  for (; !trainer.done(); trainer.step()) ++steps;
  EXPECT_GT(steps, 3);
  Lstm expected(wide);
  Random init(options.seed);
  expected.initialise(init);
  std::vector<float> gradient(expected.parameters().size());
  expected.loss_and_gradient(data.sequence.data(), data.statics.data(), data.targets.data(), 16, {}, gradient);
  Adam(gradient.size(), {.clip_norm = 0}).step(expected.parameters(), gradient);
  const Lstm net = trainer.take();
  // Adam's first step moves by the rate in the sign of the gradient; where that is near zero, rounding decides.
  std::size_t different = 0;
  for (std::size_t i = 0; i < gradient.size(); ++i)
    if (std::abs(net.parameters()[i] - expected.parameters()[i]) > 1e-5F) ++different;
  EXPECT_LT(different, gradient.size() / 1000);
}

TEST(LstmTrainer, NonFiniteDataDiverges) {
  const float bad_values[] = {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()};
  for (const float bad : bad_values) {
    for (int where = 0; where < 3; ++where) {
      LstmData data = samples(40, 1);
      (where == 0 ? data.sequence : where == 1 ? data.statics : data.targets)[17] = bad;
      LstmTrainer trainer(kShape, data, samples(10, 2), {.epochs = 50});
      int steps = 0;
      for (; !trainer.done(); trainer.step()) ++steps;
      EXPECT_TRUE(trainer.diverged()) << bad << " in " << where;
      EXPECT_LE(steps, 2);
      const Lstm net = trainer.take();  // lives as long as the loop over its parameters
      for (const float w : net.parameters()) ASSERT_TRUE(std::isfinite(w));
    }
  }
  LstmData validation = samples(10, 2);
  validation.targets[3] = bad_values[0];
  LstmTrainer trainer(kShape, samples(40, 1), validation, {.epochs = 50});
  run(trainer);
  EXPECT_TRUE(trainer.diverged());
  EXPECT_EQ(trainer.epoch(), 1);
}

TEST(LstmTrainer, RefusesWhatDoesNotFit) {
  const auto refused = [](LstmData training, LstmData validation, LstmTrainerOptions options) {
    try {
      LstmTrainer trainer(kShape, std::move(training), std::move(validation), options);
    } catch (const Error& error) {
      return error.code() == ErrorCode::bad_argument;
    }
    return false;
  };
  EXPECT_FALSE(refused(samples(4, 1), {}, {}));
  EXPECT_TRUE(refused({}, samples(4, 1), {}));
  LstmData short_targets = samples(4, 1);
  short_targets.targets.pop_back();
  EXPECT_TRUE(refused(short_targets, {}, {}));
  EXPECT_TRUE(refused(samples(4, 1), short_targets, {}));
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  for (const LstmTrainerOptions& bad :
       {LstmTrainerOptions{.epochs = 0}, LstmTrainerOptions{.batch_size = 0}, LstmTrainerOptions{.batch_size = 1 << 20},
        LstmTrainerOptions{.epoch_rows = 0}, LstmTrainerOptions{.learning_rate = 0},
        LstmTrainerOptions{.learning_rate = nan}, LstmTrainerOptions{.dropout = 1}, LstmTrainerOptions{.dropout = nan},
        LstmTrainerOptions{.l2 = -1}, LstmTrainerOptions{.clip_norm = nan}, LstmTrainerOptions{.patience = -1}})
    EXPECT_TRUE(refused(samples(4, 1), {}, bad));
}

TEST(LstmTrainer, EstimatesItsMemory) {
  const std::size_t few = LstmTrainer::bytes_needed(kShape, 100, 20, {});
  EXPECT_GT(few, 120 * (6 + 2 + 2) * sizeof(float));
  EXPECT_GE(LstmTrainer::bytes_needed(kShape, 1100, 20, {}), few + 1000 * (6 + 2 + 2 + 1) * sizeof(float));
  EXPECT_THROW((void)LstmTrainer::bytes_needed(kShape, std::numeric_limits<std::size_t>::max(), 0, {}), Error);
  EXPECT_THROW((void)LstmTrainer::bytes_needed({.hidden = {1 << 30, 1 << 30}}, 1, 0, {}), Error);
}

}  // namespace
}  // namespace glucose
