// SPDX-License-Identifier: PostgreSQL
// Gradients against finite differences of the plain network in double precision, for every block of parameters.
// Letters as in sequence_net.hpp.
#include "core/learn/sequence_pass.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "support/random_networks.hpp"
#include "support/sequences.hpp"

namespace glucose {
namespace {

struct Block {
  std::string name;
  std::size_t from, to;
};

std::vector<Block> blocks_of(const SequenceLayout& layout) {
  std::vector<Block> starts;
  const auto add = [&](const std::string& name, std::size_t from) { starts.push_back({name, from, 0}); };
  for (int l = 0; l < layout.shape.layers; ++l)
    for (int d = 0; d < layout.directions; ++d) {
      const std::string of = " of layer " + std::to_string(l) + " direction " + std::to_string(d);
      add("input weights" + of, layout.run[l][d].input_weights);
      add("recurrent weights" + of, layout.run[l][d].recurrent_weights);
      add("bias" + of, layout.run[l][d].bias);
    }
  if (layout.shape.attention) {
    add("attention weights", layout.attention_weights);
    add("attention bias", layout.attention_bias);
    add("attention vector", layout.attention_vector);
  }
  for (int k = 0; k < layout.shape.outputs; ++k) {
    const SequenceLayout::Head head = layout.head(k);
    const std::string of = " of head " + std::to_string(k);
    add("wide" + of, head.wide);
    add("wide gain" + of, head.wide_gain);
    add("wide shift" + of, head.wide_shift);
    add("narrow" + of, head.narrow);
    add("narrow gain" + of, head.narrow_gain);
    add("narrow shift" + of, head.narrow_shift);
    add("out" + of, head.out);
    add("bias" + of, head.bias);
  }
  for (std::size_t i = 0; i < starts.size(); ++i)
    starts[i].to = i + 1 < starts.size() ? starts[i + 1].from : layout.parameters;
  return starts;
}

struct Material {
  std::vector<float> sequences, targets;
};

// Every fifth target is unknown.
Material material(const SequenceShape& shape, int B, SequenceLoss loss, bool all_known) {
  Material m{normals(floats_of(shape, B), 5), normals(static_cast<std::size_t>(B * shape.outputs), 6)};
  for (std::size_t i = 0; i < m.targets.size(); ++i) {
    if (loss == SequenceLoss::logistic) m.targets[i] = m.targets[i] > 0 ? 1.0F : 0.0F;
    if (!all_known && i % 5 == 1) m.targets[i] = std::numeric_limits<float>::quiet_NaN();
  }
  return m;
}

double run(SequencePass& pass, const SequenceShape& shape, const Material& m, LstmDropout dropout,
           std::vector<float>& gradient) {
  const auto pointers = pointers_to(shape, m.sequences);
  Steps steps = pass.run({pointers.data(), m.targets.data(), static_cast<int>(pointers.size())}, dropout, gradient);
  while (!steps.done()) steps.step();
  return pass.loss() / static_cast<double>(pass.known());
}

std::vector<float> gradient_of(const SequenceNet& net, const Material& m, SequenceLoss loss, float dropout) {
  std::vector<float> gradient(net.parameters().size(), 123.0F);
  SequencePass pass(net, loss);
  Random masks(11);
  run(pass, net.shape(), m, {dropout, &masks}, gradient);
  return gradient;
}

void expect_gradient(const SequenceShape& shape, SequenceLoss loss, float dropout, SimdLevel level) {
  const SequenceNet net = random_sequence_net(shape, 3, level);
  const Material m = material(shape, 7, loss, false);
  const std::vector<float> gradient = gradient_of(net, m, loss, dropout);
  PlainSequenceNet reference = plain(net);
  const auto loss_of = [&] {
    Random masks(11);
    return reference.loss(m.sequences, m.targets, loss, dropout > 0 ? LstmDropout{dropout, &masks} : LstmDropout{});
  };
  SequencePass pass(net, loss);
  std::vector<float> ignored(gradient.size());
  Random masks(11);
  EXPECT_NEAR(run(pass, shape, m, {dropout, &masks}, ignored), loss_of(), 1e-4);
  for (const Block& block : blocks_of(net.layout())) {
    double largest = 0, worst = 0;
    // Of a large block about twenty, all over it.
    for (std::size_t i = block.from; i < block.to; i += 1 + (block.to - block.from) / 19) {
      constexpr double kStep = 1e-6;
      double& parameter = reference.parameters()[i];
      const double before = parameter;
      parameter = before + kStep;
      const double above = loss_of();
      parameter = before - kStep;
      const double slope = (above - loss_of()) / (2 * kStep);
      parameter = before;
      largest = std::max(largest, std::abs(slope));
      worst = std::max(worst, std::abs(slope - static_cast<double>(gradient[i])));
    }
    // The recurrent weights of a single step have no gradient.
    EXPECT_TRUE(largest > 1e-5 || shape.steps == 1) << block.name;
    EXPECT_LE(worst, 1e-3 * largest + 1e-7) << block.name << " " << to_string(level) << " dropout " << dropout;
  }
}

TEST(SequencePass, GradientEqualsFiniteDifferencesInEveryBlock) {
  for (const SequenceShape& shape : small_shapes()) expect_gradient(shape, SequenceLoss::squared, 0, best_simd_level());
}

TEST(SequencePass, GradientWithDropoutEqualsFiniteDifferences) {
  for (const SequenceShape& shape : small_shapes())
    if (shape.hidden < 20) expect_gradient(shape, SequenceLoss::squared, 0.3F, best_simd_level());
}

TEST(SequencePass, GradientOfYesOrNoEqualsFiniteDifferences) {
  expect_gradient(small_shapes()[0], SequenceLoss::logistic, 0, best_simd_level());
  expect_gradient(small_shapes()[3], SequenceLoss::logistic, 0.2F, best_simd_level());
}

TEST(SequencePass, GradientAtEveryLevel) {
  for (const SimdLevel level : levels()) {
    expect_gradient(small_shapes()[1], SequenceLoss::squared, 0, level);
    expect_gradient(small_shapes()[3], SequenceLoss::squared, 0.3F, level);
  }
}

// So wide that a layer takes several parts, other ones at each level: along the gradient and along random directions.
TEST(SequencePass, GradientInPartsEqualsFiniteDifferences) {
  SequenceShape shape = kDays;
  shape.bidirectional = shape.attention = true;
  shape.steps = 12;
  const Material m = material(shape, 9, SequenceLoss::squared, true);
  const SequenceNet net = random_sequence_net(shape, 3, SimdLevel::baseline);
  const std::vector<float> gradient = gradient_of(net, m, SequenceLoss::squared, 0);
  PlainSequenceNet reference = plain(net);
  const std::vector<double> parameters = reference.parameters();
  Random directions(17);
  for (const int trial : {0, 1}) {
    std::vector<double> direction;
    double length = 0, expected = 0;
    for (const float slope : gradient) {
      direction.push_back(trial == 0 ? static_cast<double>(slope) : directions.normal());
      length += direction.back() * direction.back();
    }
    for (std::size_t i = 0; i < direction.size(); ++i) {
      direction[i] /= std::sqrt(length);
      expected += direction[i] * static_cast<double>(gradient[i]);
    }
    const auto moved = [&](double step) {
      for (std::size_t i = 0; i < direction.size(); ++i)
        reference.parameters()[i] = parameters[i] + step * direction[i];
      return reference.loss(m.sequences, m.targets, SequenceLoss::squared);
    };
    const double slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
    EXPECT_NEAR(slope, expected, trial == 0 ? 1e-3 * expected : 1e-5) << trial;
  }
  for (const SimdLevel level : levels()) {
    const std::vector<float> other = gradient_of(random_sequence_net(shape, 3, level), m, SequenceLoss::squared, 0);
    EXPECT_LT(largest_difference(other, gradient), 1e-5F) << to_string(level);
  }
}

TEST(SequencePass, SameUnitsAreDroppedAtEveryLevel) {
  for (const SequenceShape& shape : small_shapes()) {
    const Material m = material(shape, 7, SequenceLoss::squared, false);
    const auto expected =
        gradient_of(random_sequence_net(shape, 3, SimdLevel::baseline), m, SequenceLoss::squared, 0.4F);
    for (const SimdLevel level : levels()) {
      const auto actual = gradient_of(random_sequence_net(shape, 3, level), m, SequenceLoss::squared, 0.4F);
      EXPECT_LT(largest_difference(actual, expected), 2e-4F) << to_string(level);
    }
  }
}

// A target that is not known leaves its head alone; when none is known nothing has a gradient.
TEST(SequencePass, UnknownTargetsTeachNothing) {
  const SequenceShape shape = small_shapes()[3];
  const SequenceNet net = random_sequence_net(shape, 3);
  Material m = material(shape, 8, SequenceLoss::squared, true);
  for (std::size_t i = 1; i < m.targets.size(); i += 3) m.targets[i] = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> gradient = gradient_of(net, m, SequenceLoss::squared, 0);
  const SequenceLayout& layout = net.layout();
  for (std::size_t i = layout.head(1).wide; i < layout.head(2).wide; ++i) EXPECT_EQ(gradient[i], 0.0F);
  EXPECT_NE(gradient[layout.head(0).bias], 0.0F);
  std::fill(m.targets.begin(), m.targets.end(), std::numeric_limits<float>::quiet_NaN());
  for (const float slope : gradient_of(net, m, SequenceLoss::squared, 0)) EXPECT_EQ(slope, 0.0F);
}

TEST(SequencePass, RefusesWhatDoesNotFit) {
  const SequenceShape shape = small_shapes()[0];
  const SequenceNet net = random_sequence_net(shape, 3);
  SequencePass pass(net, SequenceLoss::squared);
  std::vector<float> gradient(net.parameters().size()), small(3);
  const Material one = material(shape, 1, SequenceLoss::squared, true),
                 two = material(shape, 2, SequenceLoss::squared, true);
  EXPECT_THROW(run(pass, shape, one, {}, gradient), Error);
  EXPECT_THROW(run(pass, shape, two, {}, small), Error);
  Random rng(1);
  EXPECT_THROW(run(pass, shape, two, {1.0F, &rng}, gradient), Error);
  EXPECT_NO_THROW(run(pass, shape, two, {}, gradient));
}

}  // namespace
}  // namespace glucose
