// SPDX-License-Identifier: PostgreSQL
// Letters as in sequence_net.hpp.
#include "core/learn/sequence_net.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "core/base/error.hpp"
#include "support/random_networks.hpp"
#include "support/sequences.hpp"

namespace glucose {
namespace {

struct Predicted {
  std::vector<float> out, weights;
};

Predicted predict(const SequenceNet& net, const std::vector<float>& sequences) {
  const auto pointers = pointers_to(net.shape(), sequences);
  Predicted predicted{std::vector<float>(pointers.size() * static_cast<std::size_t>(net.shape().outputs)),
                      std::vector<float>(pointers.size() * static_cast<std::size_t>(net.shape().steps))};
  FloatBuffer scratch;
  net.predict(pointers.data(), static_cast<int>(pointers.size()), predicted.out.data(), predicted.weights.data(),
              scratch);
  return predicted;
}

void expect_near(const std::vector<float>& actual, const PlainSequenceNet::Rows& expected, const char* what) {
  std::size_t i = 0;
  for (const auto& row : expected)
    for (const double value : row) ASSERT_NEAR(actual[i++], value, 1e-5) << what << " " << i - 1;
  EXPECT_EQ(i, actual.size());
}

TEST(SequenceNet, ForwardEqualsPlainReference) {
  for (const SequenceShape& shape : small_shapes())
    for (const SimdLevel level : levels())
      for (const int B : {1, 3, 37}) {  // 37: more than a chunk
        const SequenceNet net = random_sequence_net(shape, 3, level);
        const auto sequences = normals(floats_of(shape, B), 5);
        const Predicted actual = predict(net, sequences);
        const auto expected = plain(net).forward(sequences, B, false);
        expect_near(actual.out, expected.out, to_string(level));
        if (shape.attention) expect_near(actual.weights, expected.weights, "weight");
      }
}

TEST(SequenceNet, ForwardOfTheDailyShapesEqualsPlainReference) {
  for (const bool bidirectional : {false, true}) {
    SequenceShape shape = kDays;
    shape.bidirectional = shape.attention = bidirectional;
    const auto sequences = normals(floats_of(shape, 3), 5);
    for (const SimdLevel level : levels()) {
      const SequenceNet net = random_sequence_net(shape, 3, level);
      expect_near(predict(net, sequences).out, plain(net).forward(sequences, 3, false).out, to_string(level));
    }
  }
}

TEST(SequenceNet, AttentionWeightsSumToOne) {
  SequenceShape shape = kDays;
  shape.attention = true;
  shape.hidden = 20;
  for (const double size : {1.0, 50.0}) {
    SequenceNet net = random_sequence_net(shape, 3);
    for (std::size_t i = net.layout().attention_vector; i < net.layout().heads; ++i)
      net.parameters()[i] *= static_cast<float>(size);
    const Predicted predicted = predict(net, normals(floats_of(shape, 40), 8));
    for (std::size_t b = 0; b < 40; ++b) {
      double sum = 0;
      for (std::size_t t = 0; t < 30; ++t) {
        const float weight = predicted.weights[b * 30 + t];
        EXPECT_GE(weight, 0.0F);
        sum += static_cast<double>(weight);
      }
      EXPECT_NEAR(sum, 1, 1e-5);
    }
  }
}

// A sample's answer is its own, whoever is asked with it and wherever it stands.
TEST(SequenceNet, SamplesDoNotTouchEachOther) {
  for (const SequenceShape& shape : small_shapes()) {
    const SequenceNet net = random_sequence_net(shape, 3);
    const auto sequences = normals(floats_of(shape, 70), 5);
    const std::vector<float> all = predict(net, sequences).out;
    std::vector<float> singly;
    for (std::size_t i = 0; i < sequences.size(); i += floats_of(shape, 1)) {
      const auto from = sequences.begin() + static_cast<std::ptrdiff_t>(i);
      const auto one = predict(net, {from, from + static_cast<std::ptrdiff_t>(floats_of(shape, 1))}).out;
      singly.insert(singly.end(), one.begin(), one.end());
    }
    EXPECT_LT(largest_difference(all, singly), 1e-5F);
  }
}

TEST(SequenceNet, InitialisationIsGlorotWithForgetBiasOneAndNeutralNormalisation) {
  SequenceNet net(kDays);
  Random rng(1);
  net.initialise(rng);
  const LstmLayout::Layer& first = net.layout().run[0][0];
  float largest = 0;
  for (std::size_t i = first.input_weights; i < first.recurrent_weights; ++i)
    largest = std::max(largest, std::abs(net.parameters()[i]));
  EXPECT_NEAR(largest, std::sqrt(6.0 / (51 + 128)), 1e-3);
  for (std::size_t i = 0; i < 512; ++i) EXPECT_EQ(net.parameters()[first.bias + i], i >= 128 && i < 256 ? 1.0F : 0.0F);
  const SequenceLayout::Head head = net.layout().head(0);
  EXPECT_EQ(net.parameters()[head.wide_gain + 63], 1.0F);
  EXPECT_EQ(net.parameters()[head.narrow_shift + 31], 0.0F);
  for (std::size_t i = 0; i < net.statistics().size(); ++i)
    EXPECT_EQ(net.statistics()[i], is_variance(i) ? 1.0F : 0.0F);
}

TEST(SequenceNet, RunningStatisticsMoveByATenthTowardsUnbiasedOnes) {
  SequenceNet net({.steps = 2, .features = 1, .outputs = 2, .layers = 1, .hidden = 1});
  Random rng(1);
  net.initialise(rng);
  const std::vector<float> batch(net.statistics().size(), 3.0F);
  net.observe(batch, 4);
  for (std::size_t i = 0; i < batch.size(); ++i)
    EXPECT_FLOAT_EQ(net.statistics()[i], is_variance(i) ? 0.9F + 0.1F * 4.0F : 0.3F) << i;
}

TEST(SequenceNet, CountsParametersAndRefusesOtherShapes) {
  const std::size_t head = 64 * 128 + 2 * 64 + 32 * 64 + 2 * 32 + 32 + 1;
  EXPECT_EQ(sequence_layout(kDays).parameters, 4U * 128 * (51 + 128 + 1) + 4 * 128 * (128 + 128 + 1) + head);
  SequenceShape both = kDays;
  both.bidirectional = both.attention = true;
  EXPECT_EQ(sequence_layout(both).parameters,
            2U * 4 * 128 * (51 + 128 + 1) + 2 * 4 * 128 * (256 + 128 + 1) + 64 * 256 + 64 + 64 + head + 64 * 128);
  const auto refused = [](SequenceShape shape) {
    try {
      (void)sequence_layout(shape);
    } catch (const Error& error) {
      return error.code() == ErrorCode::bad_argument;
    }
    return false;
  };
  constexpr int huge = std::numeric_limits<int>::max();
  for (const int bad : {0, -1, 1025, huge, std::numeric_limits<int>::min()}) {
    EXPECT_TRUE(refused({.steps = bad}));
    EXPECT_TRUE(refused({.features = bad}));
    EXPECT_TRUE(refused({.outputs = bad}));
    EXPECT_TRUE(refused({.layers = bad}));
    EXPECT_TRUE(refused({.hidden = bad}));
  }
  EXPECT_TRUE(refused({.features = 1024, .outputs = 64, .layers = 3, .hidden = 256, .bidirectional = true}));
}

TEST(SequenceNet, NanComesOutAsNanAndHugeInputsStayFinite) {
  for (const SequenceShape& shape : small_shapes())
    for (const SimdLevel level : levels()) {
      const SequenceNet net = random_sequence_net(shape, 1, level);
      auto sequences = normals(floats_of(shape, 2), 1);
      for (float& x : sequences) x *= 1e20F;
      for (const float y : predict(net, sequences).out) EXPECT_TRUE(std::isfinite(y)) << to_string(level);
      sequences[0] = std::numeric_limits<float>::quiet_NaN();
      const auto out = predict(net, sequences).out;
      for (std::size_t i = 0; i < out.size(); ++i)
        EXPECT_EQ(std::isnan(out[i]), i < out.size() / 2) << to_string(level) << " " << i;
    }
}

}  // namespace
}  // namespace glucose
