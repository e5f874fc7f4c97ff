// SPDX-License-Identifier: PostgreSQL
// Letters as in lstm_kernel.hpp.
#include "core/learn/kernels/lstm_kernel.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "support/random_networks.hpp"

namespace glucose {
namespace {

TEST(LstmKernel, LevelsAgree) {
  for (const LstmShape& shape : {kSeed, kSmall, kThree}) {
    const Batch batch = random_batch(shape, 37, 2);
    const Lstm baseline = random_net(shape, 4, SimdLevel::baseline);
    const std::vector<float> expected = predict(baseline, batch);
    std::vector<float> expected_gradient(baseline.parameters().size());
    baseline.loss_and_gradient(batch.sequence.data(), batch.statics.data(), batch.targets.data(), batch.size, {},
                               expected_gradient);
    for (const SimdLevel level : levels()) {
      const Lstm net = random_net(shape, 4, level);
      EXPECT_EQ(net.level(), level);
      EXPECT_LT(largest_difference(predict(net, batch), expected), 1e-5F) << to_string(level);
      std::vector<float> gradient(expected_gradient.size());
      net.loss_and_gradient(batch.sequence.data(), batch.statics.data(), batch.targets.data(), batch.size, {},
                            gradient);
      EXPECT_LT(largest_difference(gradient, expected_gradient), 1e-5F) << to_string(level);
    }
  }
}

// Against the double's own, over all that floats can tell apart and beyond; odd numbers leave rests of vectors.
TEST(LstmKernel, ActivationsAreExactToTheLastBits) {
  std::vector<float> x;
  for (float value = -40; value <= 40; value += 0.00371F) x.push_back(value);
  for (const float far : {-1e30F, -200.0F, -88.7F, 88.7F, 200.0F, 1e30F, 0.0F, 1e-8F, -1e-8F}) x.push_back(far);
  std::vector<float> sigmoids(x.size()), tangents(x.size());
  for (const SimdLevel level : levels()) {
    lstm_kernel(level).activate(x.data(), static_cast<int>(x.size()), sigmoids.data(), tangents.data());
    double worst_sigmoid = 0, worst_tangent = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const auto exact = static_cast<double>(x[i]);
      worst_sigmoid = std::max(worst_sigmoid, std::abs(static_cast<double>(sigmoids[i]) - 1 / (1 + std::exp(-exact))));
      worst_tangent = std::max(worst_tangent, std::abs(static_cast<double>(tangents[i]) - std::tanh(exact)));
    }
    EXPECT_LT(worst_sigmoid, 1.2e-7) << to_string(level);
    EXPECT_LT(worst_tangent, 2.4e-7) << to_string(level);
    const float nan = std::numeric_limits<float>::quiet_NaN();
    lstm_kernel(level).activate(&nan, 1, sigmoids.data(), tangents.data());
    EXPECT_TRUE(std::isnan(sigmoids[0]) && std::isnan(tangents[0])) << to_string(level);
  }
}

// Sizes that fill a panel, none of it, or a panel and a part, over and under each other.
TEST(LstmKernel, LevelsAgreeAtEveryWidth) {
  for (const int lower : {1, 15, 16, 17, 31, 48, 64, 65, 130})
    for (const int upper : {3, 16, 32, 80}) {
      const LstmShape shape{.steps = 3, .n_static = 7, .outputs = 3, .layers = 2, .hidden = {lower, upper}};
      const Batch batch = random_batch(shape, 7, 2);
      const Lstm baseline = random_net(shape, 4, SimdLevel::baseline);
      std::vector<float> expected(baseline.parameters().size());
      baseline.loss_and_gradient(batch.sequence.data(), batch.statics.data(), batch.targets.data(), batch.size, {},
                                 expected);
      for (const SimdLevel level : levels()) {
        const Lstm net = random_net(shape, 4, level);
        EXPECT_LT(largest_difference(predict(net, batch), predict(baseline, batch)), 1e-5F)
            << to_string(level) << " " << lower << " " << upper;
        std::vector<float> gradient(expected.size());
        net.loss_and_gradient(batch.sequence.data(), batch.statics.data(), batch.targets.data(), batch.size, {},
                              gradient);
        EXPECT_LT(largest_difference(gradient, expected), 1e-5F) << to_string(level) << " " << lower << " " << upper;
        // The same units are dropped.
        Random rng(5), same(5);
        std::vector<float> dropped(expected.size()), expected_dropped(expected.size());
        const auto run = [&](const Lstm& of, LstmDropout dropout, std::vector<float>& to) {
          of.loss_and_gradient(batch.sequence.data(), batch.statics.data(), batch.targets.data(), batch.size, dropout,
                               to);
        };
        run(net, {0.4F, &rng}, dropped);
        run(baseline, {0.4F, &same}, expected_dropped);
        EXPECT_LT(largest_difference(dropped, expected_dropped), 1e-5F)
            << to_string(level) << " " << lower << " " << upper;
      }
    }
}

// A caller's arrays may start anywhere; where must not change a bit, or two runs of one training would differ.
TEST(LstmKernel, SameBitsWhereverTheArraysAreAligned) {
  for (const LstmShape& shape : {kSeed, kSmall, kThree})
    for (const SimdLevel level : levels())
      for (const int size : {1, 2, 9, 32}) {
        const Batch batch = random_batch(shape, size, 2);
        const Lstm net = random_net(shape, 4, level);
        std::vector<float> first_out, first_gradient;
        for (std::size_t shift = 0; shift < 16; shift += 3) {
          const auto shifted = [&](const std::vector<float>& values) {
            FloatBuffer copy(shift);
            copy.insert(copy.end(), values.begin(), values.end());
            return copy;
          };
          const FloatBuffer sequence = shifted(batch.sequence), statics = shifted(batch.statics),
                            targets = shifted(batch.targets);
          FloatBuffer out(targets.size()), gradient(net.parameters().size() + shift), scratch;
          net.predict(sequence.data() + shift, statics.data() + shift, size, out.data() + shift);
          net.add_gradient(sequence.data() + shift, statics.data() + shift, targets.data() + shift, size, 0.1F, {},
                           std::span(gradient).subspan(shift), scratch);
          const std::vector<float> o(out.begin() + static_cast<std::ptrdiff_t>(shift), out.end()),
              g(gradient.begin() + static_cast<std::ptrdiff_t>(shift), gradient.end());
          if (shift == 0) first_out = o, first_gradient = g;
          EXPECT_EQ(o, first_out) << to_string(level) << " batch " << size << " shift " << shift;
          EXPECT_EQ(g, first_gradient) << to_string(level) << " batch " << size << " shift " << shift;
        }
      }
}

}  // namespace
}  // namespace glucose
