// SPDX-License-Identifier: PostgreSQL
#include "core/learn/sequence_model.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "core/base/error.hpp"

namespace glucose {
namespace {

constexpr float kUnknown = std::numeric_limits<float>::quiet_NaN();
constexpr SequenceShape kShape{.steps = 4, .features = 3, .outputs = 2, .layers = 2, .hidden = 6, .attention = true};
constexpr std::size_t kTraining = 40, kValidation = 10;

// Feature 0 near 60 ± 5, 1 near 0.01, 2 never varies; targets near 60 and 400, some unknown.
SequenceData measured(std::uint64_t seed = 1) {
  Random rng(seed);
  SequenceData data;
  for (std::size_t day = 0; day < kTraining + kValidation + 4; ++day) {
    data.days.push_back(day % 7 == 3 ? kUnknown : static_cast<float>(60 + 5 * rng.normal()));
    data.days.push_back(static_cast<float>(0.01 + 0.001 * rng.normal()));
    data.days.push_back(7);
  }
  for (std::size_t i = 0; i < kTraining + kValidation; ++i) {
    SequenceRows& rows = i < kTraining ? data.training : data.validation;
    rows.first.push_back(static_cast<std::uint32_t>(i));
    rows.targets.push_back(static_cast<float>(60 + 4 * rng.normal()));
    rows.targets.push_back(i % 5 == 0 ? kUnknown : static_cast<float>(400 + 50 * rng.normal()));
  }
  return data;
}

SequenceTrainerOptions quick(SequenceLoss loss = SequenceLoss::squared) {
  SequenceTrainerOptions options;
  options.epochs = 3;
  options.loss = loss;
  return options;
}

SequenceModel fitted(const SequenceData& data, const SequenceTrainerOptions& options = quick(),
                     const SequenceModel* start = nullptr) {
  SequenceFit fit(kShape, data, options, start);
  while (!fit.done()) fit.step();
  return fit.take();
}

struct Predicted {
  std::vector<float> out, weights;
};

Predicted predict(const SequenceModel& model, const std::vector<float>& days, int B) {
  Predicted predicted{std::vector<float>(static_cast<std::size_t>(B) * 2),
                      std::vector<float>(static_cast<std::size_t>(B) * 4)};
  model.predict(days.data(), B, predicted.out.data(), predicted.weights.data());
  return predicted;
}

std::vector<float> some_days(std::size_t days) {
  const SequenceData data = measured();
  return {data.days.begin(), data.days.begin() + static_cast<std::ptrdiff_t>(days * 3)};
}

std::vector<std::uint8_t> bytes_of(const SequenceModel& model) {
  ByteWriter out;
  write(out, model);
  return out.take();
}

TEST(SequenceModel, StandardisesByTheTrainRowsOnly) {
  const SequenceModel model = fitted(measured());
  SequenceData other = measured();
  const std::size_t read = kTraining + 3;  // days that training rows read
  for (std::size_t i = read * 3; i < other.days.size(); ++i) other.days[i] += 1000;
  for (float& target : other.validation.targets) target += 1000;
  const SequenceModel same = fitted(other);
  EXPECT_EQ(same.inputs.mean, model.inputs.mean);
  EXPECT_EQ(same.inputs.inverse_sd, model.inputs.inverse_sd);
  EXPECT_EQ(same.targets.mean, model.targets.mean);
  EXPECT_EQ(same.targets.inverse_sd, model.targets.inverse_sd);
  // By hand, each day once.
  double sum = 0, squares = 0, n = 0;
  const SequenceData data = measured();
  for (std::size_t day = 0; day < read; ++day) {
    const float value = data.days[day * 3];
    if (std::isnan(value)) continue;
    sum += static_cast<double>(value), squares += static_cast<double>(value) * static_cast<double>(value), n += 1;
  }
  EXPECT_NEAR(model.inputs.mean[0], sum / n, 1e-4);
  EXPECT_NEAR(1 / static_cast<double>(model.inputs.inverse_sd[0]), std::sqrt(squares / n - sum / n * sum / n), 1e-3);
  EXPECT_EQ(model.inputs.inverse_sd[2], 0.0F);
  EXPECT_NEAR(model.targets.mean[0], 60, 3);
  EXPECT_NEAR(model.targets.mean[1], 400, 30);
}

TEST(SequenceModel, AnUnknownValueIsTheMeanAndWhatNeverVariedIsNothing) {
  const SequenceModel model = fitted(measured());
  std::vector<float> days = some_days(4), mean = days, moved = days;
  days[4] = kUnknown;
  mean[4] = model.inputs.mean[1];
  moved[5] = 1e6F;
  EXPECT_EQ(predict(model, days, 1).out, predict(model, mean, 1).out);
  EXPECT_EQ(predict(model, moved, 1).out, predict(model, some_days(4), 1).out);
  const std::vector<float> nothing(12, kUnknown);
  for (const float y : predict(model, nothing, 1).out) EXPECT_TRUE(std::isfinite(y));
}

TEST(SequenceModel, AnswersInTheTargetsUnitsWithWeightsOfDays) {
  const SequenceModel model = fitted(measured());
  const Predicted predicted = predict(model, some_days(40), 10);
  for (std::size_t b = 0; b < 10; ++b) {
    EXPECT_NEAR(predicted.out[2 * b], 60, 15);
    EXPECT_NEAR(predicted.out[2 * b + 1], 400, 200);
    double sum = 0;
    for (std::size_t t = 0; t < 4; ++t) sum += static_cast<double>(predicted.weights[4 * b + t]);
    EXPECT_NEAR(sum, 1, 1e-5);
  }
}

TEST(SequenceModel, YesOrNoIsAProbability) {
  SequenceData data = measured();
  for (SequenceRows* rows : {&data.training, &data.validation})
    for (float& target : rows->targets)
      if (!std::isnan(target))
        target = target > 100 ? static_cast<float>(target > 400) : static_cast<float>(target > 60);
  SequenceModel model = fitted(data, quick(SequenceLoss::logistic));
  EXPECT_EQ(model.targets.mean, std::vector<float>(2, 0.0F));
  for (const float p : predict(model, some_days(40), 10).out) EXPECT_TRUE(p > 0 && p < 1) << p;
  for (int k = 0; k < 2; ++k) model.net.parameters()[model.net.layout().head(k).bias] = k == 0 ? 1000.0F : -1000.0F;
  const std::vector<float> sure = predict(model, some_days(4), 1).out;
  EXPECT_EQ(sure[0], 1.0F);
  EXPECT_EQ(sure[1], 0.0F);
  data.training.targets[0] = 0.5F;
  EXPECT_THROW(fitted(data, quick(SequenceLoss::logistic)), Error);
}

TEST(SequenceModel, GoesOnFromAModelWithItsScalers) {
  const SequenceModel start = fitted(measured());
  SequenceData other = measured(9);
  for (float& day : other.days) day += 3;
  const SequenceModel next = fitted(other, quick(), &start);
  EXPECT_EQ(next.inputs.mean, start.inputs.mean);
  EXPECT_EQ(next.targets.mean, start.targets.mean);
  EXPECT_THROW(fitted(other, quick(SequenceLoss::logistic), &start), Error);
}

TEST(SequenceModel, WrittenAndReadItAnswersTheSameBits) {
  const SequenceModel model = fitted(measured());
  const auto bytes = bytes_of(model);
  ByteReader in(bytes);
  const SequenceModel again = read_sequence_model(in);
  EXPECT_TRUE(in.empty());
  EXPECT_EQ(bytes_of(again), bytes);
  const Predicted a = predict(model, some_days(40), 10), b = predict(again, some_days(40), 10);
  EXPECT_EQ(a.out, b.out);
  EXPECT_EQ(a.weights, b.weights);
}

bool usable(const std::vector<std::uint8_t>& bytes) {
  try {
    ByteReader in(bytes);
    const SequenceModel model = read_sequence_model(in);
    const SequenceShape& shape = model.net.shape();
    const std::vector<float> days(static_cast<std::size_t>(shape.steps) * static_cast<std::size_t>(shape.features),
                                  1.0F);
    std::vector<float> out(static_cast<std::size_t>(shape.outputs)), weights(static_cast<std::size_t>(shape.steps));
    model.predict(days.data(), 1, out.data(), weights.data());
    return true;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::model_mismatch);
    return false;
  }
}

TEST(SequenceModel, DamagedBytesAreRefusedOrAnswered) {
  const auto bytes = bytes_of(fitted(measured()));
  EXPECT_TRUE(usable(bytes));
  for (std::size_t length = 0; length < bytes.size(); length += length < 200 ? 1 : 997)
    EXPECT_FALSE(usable({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length)})) << length;
  Random rng(5);
  for (int trial = 0; trial < 3000; ++trial) {
    auto changed = bytes;
    // Half of them among the sizes at the beginning.
    const std::uint32_t within = trial % 2 == 0 ? 48 : static_cast<std::uint32_t>(bytes.size());
    for (std::uint32_t n = 1 + rng.below(3); n > 0; --n)
      changed[rng.below(within)] = static_cast<std::uint8_t>(rng.bits());
    usable(changed);
  }
  // Sizes within their ranges that make a network beyond every bound.
  ByteWriter huge;
  for (const int size : {0, 1024, 1024, 64, 3, 256, 1, 1}) huge.number(size);
  EXPECT_FALSE(usable(huge.take()));
  SequenceModel model = fitted(measured());
  model.net.statistics()[kHeadWide] = -1;
  EXPECT_FALSE(usable(bytes_of(model)));
}

TEST(SequenceModel, WipesWhatWasLearnt) {
  SequenceModel model = fitted(measured());
  wipe(model);
  const auto zero = [](std::span<const float> values) {
    for (const float value : values)
      if (value != 0.0F) return false;
    return !values.empty();
  };
  EXPECT_TRUE(zero(std::as_const(model.net).parameters()));
  EXPECT_TRUE(zero(std::as_const(model.net).statistics()));
  for (const Scaler* scaler : {&model.inputs, &model.targets}) {
    EXPECT_TRUE(zero(scaler->mean));
    EXPECT_TRUE(zero(scaler->inverse_sd));
  }
}

TEST(SequenceModel, RefusesSizesThatDoNotFit) {
  SequenceData data = measured();
  data.days.pop_back();
  EXPECT_THROW(fitted(data), Error);
  data = measured();
  data.validation.targets.pop_back();
  EXPECT_THROW(fitted(data), Error);
  data = measured();
  data.training.first[0] = 1U << 31;
  EXPECT_THROW(fitted(data), Error);
}

}  // namespace
}  // namespace glucose
