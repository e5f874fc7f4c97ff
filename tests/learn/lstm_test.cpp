// SPDX-License-Identifier: PostgreSQL
// Letters: B batch, T steps, S static inputs, H hidden units, K outputs.
#include "core/learn/lstm.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "support/random_networks.hpp"

namespace glucose {
namespace {

// One case of lstm_forward.txt; its inputs and weights come from the formulas in make_lstm_reference.py.
struct Case {
  LstmShape shape;
  Batch batch;
  std::vector<float> outputs;
  double loss;
  struct Block {
    int rows, columns;
    std::vector<double> gradient;  // row-major
  };
  std::vector<Block> blocks;  // in the order of Lstm's parameters
};

std::vector<float> by_formula(int count, double (*formula)(int)) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (int k = 0; k < count; ++k) values[static_cast<std::size_t>(k)] = static_cast<float>(formula(k));
  return values;
}

Case begin_case(std::istringstream& line) {
  Case c{};
  line >> c.shape.steps >> c.shape.n_static >> c.shape.outputs >> c.shape.layers;
  std::fill(std::begin(c.shape.hidden), std::end(c.shape.hidden), 0);
  for (int l = 0; l < c.shape.layers; ++l) line >> c.shape.hidden[l];
  line >> c.batch.size;
  const int B = c.batch.size;
  c.batch.sequence = by_formula(B * c.shape.steps, [](int k) { return 0.8 * std::sin(0.9 * k + 1); });
  c.batch.statics = by_formula(B * c.shape.n_static, [](int k) { return 0.8 * std::cos(1.3 * k); });
  c.batch.targets = by_formula(B * c.shape.outputs, [](int k) { return 0.8 * std::sin(0.5 * k + 2); });
  return c;
}

std::vector<Case> read_cases() {
  std::ifstream file(PGG_TEST_DATA "/lstm_forward.txt");
  EXPECT_TRUE(file.good());
  std::vector<Case> cases;
  for (std::string text; std::getline(file, text);) {
    std::istringstream line(text);
    std::string word;
    line >> word;
    if (word == "case") {
      cases.push_back(begin_case(line));
    } else if (word == "output") {
      for (double v = 0; line >> v;) cases.back().outputs.push_back(static_cast<float>(v));
    } else if (word == "loss") {
      line >> cases.back().loss;
    } else if (word == "gradient") {
      Case::Block block{};
      line >> word >> block.rows >> block.columns;
      for (double v = 0; line >> v;) block.gradient.push_back(v);
      cases.back().blocks.push_back(std::move(block));
    }
  }
  EXPECT_EQ(cases.size(), 5U);
  return cases;
}

// The reference counts its weights row by row; ours are stored by column.
void set_reference_weights(const Case& c, Lstm& net) {
  std::size_t at = 0;
  for (const Case::Block& block : c.blocks) {
    for (int row = 0; row < block.rows; ++row)
      for (int column = 0; column < block.columns; ++column) {
        const double k = static_cast<double>(at) + row * block.columns + column;
        net.parameters()[at + static_cast<std::size_t>(column * block.rows + row)] =
            static_cast<float>(0.35 * std::sin(0.71 * k + 0.2));
      }
    at += block.gradient.size();
  }
  ASSERT_EQ(at, net.parameters().size());
}

TEST(Lstm, ForwardEqualsIndependentReference) {
  for (const Case& c : read_cases())
    for (const SimdLevel level : levels()) {
      Lstm net(c.shape, level);
      set_reference_weights(c, net);
      EXPECT_LT(largest_difference(predict(net, c.batch), c.outputs), 1e-6F) << to_string(level);
    }
}

TEST(Lstm, LossAndGradientEqualIndependentReference) {
  for (const Case& c : read_cases())
    for (const SimdLevel level : levels()) {
      Lstm net(c.shape, level);
      set_reference_weights(c, net);
      std::vector<float> gradient(net.parameters().size(), 123.0F);
      const float loss = net.loss_and_gradient(c.batch.sequence.data(), c.batch.statics.data(), c.batch.targets.data(),
                                               c.batch.size, {}, gradient);
      EXPECT_NEAR(loss, c.loss, 1e-6);
      std::size_t at = 0;
      for (std::size_t b = 0; b < c.blocks.size(); ++b) {
        const Case::Block& block = c.blocks[b];
        for (int row = 0; row < block.rows; ++row)
          for (int column = 0; column < block.columns; ++column) {
            const int by_row = row * block.columns + column, by_column = column * block.rows + row;
            const double expected = block.gradient[static_cast<std::size_t>(by_row)];
            EXPECT_NEAR(gradient[at + static_cast<std::size_t>(by_column)], expected, 1e-3 * std::abs(expected) + 3e-7)
                << to_string(level) << " block " << b << " row " << row << " column " << column;
          }
        at += block.gradient.size();
      }
    }
}

// With a fixed mask (the same state of the generator) the loss is a smooth function of the weights. Each group is moved
// along its own gradient, where the difference is largest against the rounding of float: it must be the gradient's
// length; and along random directions, which a gradient of right length but wrong direction would fail.
TEST(Lstm, GradientWithDropoutEqualsFiniteDifferences) {
  const Batch batch = random_batch(kSmall, 6, 5);
  Lstm net = random_net(kSmall, 3);
  std::vector<float> gradient(net.parameters().size()), ignored(gradient.size());
  const auto loss = [&](std::span<float> into) {
    Random masks(11);
    FloatBuffer scratch;
    std::fill(into.begin(), into.end(), 0.0F);
    return net.add_gradient(batch.sequence.data(), batch.statics.data(), batch.targets.data(), batch.size, 1.0F,
                            {0.4F, &masks}, into, scratch);
  };
  loss(gradient);
  const LstmLayout& layout = net.layout();
  std::vector<std::size_t> starts;
  for (int l = 0; l < layout.layers; ++l)
    starts.insert(starts.end(),
                  {layout.layer[l].input_weights, layout.layer[l].recurrent_weights, layout.layer[l].bias});
  starts.insert(starts.end(), {layout.dense_weights, layout.dense_bias, layout.parameters});
  const std::vector<float> weights(net.parameters().begin(), net.parameters().end());
  Random directions(17);
  for (std::size_t group = 0; group + 1 < starts.size(); ++group) {
    const std::size_t from = starts[group], to = starts[group + 1];
    double length = 0;
    for (std::size_t i = from; i < to; ++i) length += static_cast<double>(gradient[i]) * gradient[i];
    length = std::sqrt(length);
    ASSERT_GT(length, 1e-2);
    for (int trial = 0; trial < 4; ++trial) {
      std::vector<double> direction(to - from);
      double size = 0, expected = 0;
      for (std::size_t i = 0; i < direction.size(); ++i) {
        direction[i] = trial == 0 ? gradient[from + i] : gradient[from + i] / length + directions.normal();
        size += direction[i] * direction[i];
      }
      for (std::size_t i = 0; i < direction.size(); ++i) {
        direction[i] /= std::sqrt(size);
        expected += direction[i] * gradient[from + i];
      }
      const auto moved = [&](double step) {
        for (std::size_t i = from; i < to; ++i)
          net.parameters()[i] = static_cast<float>(weights[i] + step * direction[i - from]);
        return loss(ignored);
      };
      const double eps = 1e-2;  // fourth-order differences allow a step that is large against rounding
      const double slope = (8 * (moved(eps) - moved(-eps)) - (moved(2 * eps) - moved(-2 * eps))) / (12 * eps);
      EXPECT_NEAR(slope, expected, 1e-3 * length) << "group " << group << " trial " << trial;
      std::copy(weights.begin(), weights.end(), net.parameters().begin());
    }
  }
}

TEST(Lstm, DropoutKeepsTheMeanAndIsOffByDefault) {
  const Batch batch = random_batch(kSmall, 6, 5);
  const Lstm net = random_net(kSmall, 3);
  std::vector<float> plain(net.parameters().size()), same(plain.size()), dropped(plain.size());
  const auto run = [&](LstmDropout dropout, std::vector<float>& gradient) {
    return net.loss_and_gradient(batch.sequence.data(), batch.statics.data(), batch.targets.data(), batch.size, dropout,
                                 gradient);
  };
  Random rng(1);
  const float loss = run({}, plain);
  EXPECT_EQ(run({0.0F, &rng}, same), loss);
  EXPECT_EQ(same, plain);
  EXPECT_NE(run({0.3F, &rng}, dropped), loss);
  EXPECT_NE(dropped, plain);
  EXPECT_THROW(run({1.0F, &rng}, dropped), Error);
  // All hidden states alike, dense weights 1, targets 0: the dense bias' gradient is proportional to the sum over all
  // hidden states and samples, which inverted dropout keeps on average (here within 1 % standard deviation).
  constexpr LstmShape alike{.steps = 2, .n_static = 0, .outputs = 1, .layers = 1, .hidden = {64}};
  Lstm ones(alike);
  const LstmLayout& layout = ones.layout();
  for (std::size_t i = layout.layer[0].bias; i < layout.dense_bias; ++i) ones.parameters()[i] = 1;
  const std::vector<float> zeros(256);
  std::vector<float> expected(ones.parameters().size()), actual(expected.size());
  ones.loss_and_gradient(zeros.data(), zeros.data(), zeros.data(), 64, {}, expected);
  ones.loss_and_gradient(zeros.data(), zeros.data(), zeros.data(), 64, {0.3F, &rng}, actual);
  EXPECT_NEAR(actual[layout.dense_bias] / expected[layout.dense_bias], 1, 0.04);
}

TEST(Lstm, BatchEqualsSinglePredictions) {
  for (const LstmShape& shape : {kSeed, kSmall, kThree}) {
    const Batch batch = random_batch(shape, 70, 8);  // more than two internal chunks
    for (const SimdLevel level : levels()) {
      const Lstm net = random_net(shape, 4, level);
      std::vector<float> singles(batch.targets.size());
      for (int b = 0; b < batch.size; ++b)
        net.predict(batch.sequence.data() + b * shape.steps, batch.statics.data() + b * shape.n_static, 1,
                    singles.data() + b * shape.outputs);
      EXPECT_LT(largest_difference(predict(net, batch), singles), 1e-6F) << to_string(level);
    }
  }
}

TEST(Lstm, WideLayersBeyondTheStackBlock) {
  constexpr LstmShape wide{.steps = 24, .n_static = 5, .outputs = 3, .layers = 3, .hidden = {256, 128, 256}};
  const Batch batch = random_batch(wide, 3, 8);
  const Lstm net = random_net(wide, 4);
  std::vector<float> singles(batch.targets.size());
  for (int b = 0; b < batch.size; ++b)
    net.predict(batch.sequence.data() + b * wide.steps, batch.statics.data() + b * wide.n_static, 1,
                singles.data() + b * wide.outputs);
  EXPECT_LT(largest_difference(predict(net, batch), singles), 1e-6F);
  LstmShape longest = wide;
  longest.steps = 1024;
  EXPECT_LE(Lstm::predict_floats(wide, 1 << 30), 1U << 20);
  EXPECT_LE(Lstm::predict_floats(longest, 1 << 30), 2U << 20);  // one sample at a time
}

TEST(Lstm, ParametersMovedToAnotherNetGiveTheSameBits) {
  const Batch batch = random_batch(kSeed, 33, 2);
  const Lstm net = random_net(kSeed, 9);
  Lstm other(kSeed);
  EXPECT_NE(predict(other, batch), predict(net, batch));
  std::copy(net.parameters().begin(), net.parameters().end(), other.parameters().begin());
  const std::vector<float> a = predict(net, batch), b = predict(other, batch);
  EXPECT_EQ(std::memcmp(a.data(), b.data(), a.size() * sizeof(float)), 0);
}

TEST(Lstm, InitialisationIsGlorotWithForgetBiasOne) {
  const Lstm net = random_net(kSeed, 1);
  const LstmLayout::Layer& layer = net.layout().layer[1];
  const double limit = std::sqrt(6.0 / 128);
  double largest = 0;
  for (std::size_t i = layer.recurrent_weights; i < layer.bias; ++i)
    largest = std::max(largest, std::abs(static_cast<double>(net.parameters()[i])));
  EXPECT_LE(largest, limit + 1e-7);
  EXPECT_GT(largest, 0.99 * limit);
  for (int row = 0; row < 256; ++row)
    EXPECT_EQ(net.parameters()[layer.bias + static_cast<std::size_t>(row)], row >= 64 && row < 128 ? 1.0F : 0.0F);
}

TEST(Lstm, CountsParametersAndRefusesOtherShapes) {
  EXPECT_EQ(parameter_count(kSeed), 4U * 64 * (22 + 64 + 1) + 4 * 64 * (64 + 64 + 1) + 2 * 65);
  const auto refused = [](LstmShape shape) {
    try {
      (void)parameter_count(shape);
    } catch (const Error& error) {
      return error.code() == ErrorCode::bad_argument;
    }
    return false;
  };
  constexpr int huge = std::numeric_limits<int>::max(), lowest = std::numeric_limits<int>::min();
  for (const int steps : {0, -1, 1025, huge, lowest}) EXPECT_TRUE(refused({.steps = steps}));
  for (const int n : {-1, 1025, huge, lowest}) EXPECT_TRUE(refused({.n_static = n}));
  for (const int outputs : {0, -1, 65, huge}) EXPECT_TRUE(refused({.outputs = outputs}));
  for (const int layers : {0, -1, 4, huge, lowest}) EXPECT_TRUE(refused({.layers = layers}));
  for (const int hidden : {0, -64, 257, huge}) EXPECT_TRUE(refused({.layers = 1, .hidden = {hidden}}));
  EXPECT_TRUE(refused({.layers = 1, .hidden = {64, 64}}));
  EXPECT_FALSE(refused({.steps = 1024, .n_static = 1024, .outputs = 64, .layers = 3, .hidden = {256, 256, 256}}));
  std::vector<float> too_short(3), data(100);
  EXPECT_THROW(Lstm(kSmall).loss_and_gradient(data.data(), data.data(), data.data(), 1, LstmDropout{}, too_short),
               Error);
}

TEST(Lstm, NanComesOutAsNan) {
  for (const SimdLevel level : levels()) {
    const Lstm net = random_net(kSeed, 1, level);
    Batch batch = random_batch(kSeed, 2, 1);
    batch.sequence[3] = std::numeric_limits<float>::quiet_NaN();
    const std::vector<float> out = predict(net, batch);
    EXPECT_TRUE(std::isnan(out[0]) && std::isnan(out[1])) << to_string(level);
    EXPECT_TRUE(std::isfinite(out[2]) && std::isfinite(out[3])) << to_string(level);
  }
}

// Inputs far outside anything standardised saturate the gates and must not overflow.
TEST(Lstm, HugeInputsStayFinite) {
  for (const SimdLevel level : levels()) {
    const Lstm net = random_net(kSeed, 1, level);
    Batch batch = random_batch(kSeed, 2, 1);
    for (float& x : batch.sequence) x *= 1e20F;
    for (float& x : batch.statics) x *= 1e20F;
    for (const float y : predict(net, batch)) EXPECT_TRUE(std::isfinite(y) && std::abs(y) < 100) << to_string(level);
  }
}
}  // namespace
}  // namespace glucose
