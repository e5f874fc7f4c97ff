// SPDX-License-Identifier: PostgreSQL
// The network of sequence_net.hpp once more, from its definition: double precision and plain loops. Masks of dropout
// are drawn in the order that core/learn/dropout.hpp tells.
#pragma once
#include <cmath>
#include <vector>

#include "core/learn/sequence_head.hpp"
#include "core/learn/sequence_net.hpp"

namespace glucose {

class PlainSequenceNet {
 public:
  using Rows = std::vector<std::vector<double>>;  // of one sample by step, or of a batch by sample
  struct Answer {
    Rows out, weights;  // B × K; B × T
  };

  PlainSequenceNet(SequenceShape shape, std::vector<double> parameters, std::vector<double> statistics = {})
      : shape_(shape), parameters_(std::move(parameters)), statistics_(std::move(statistics)) {}

  std::vector<double>& parameters() { return parameters_; }

  /// sequences B×T×F; training: by the batch's own mean and variance.
  Answer forward(const std::vector<float>& sequences, int B, bool training, LstmDropout dropout = {}) {
    at_ = 0;
    Coin coin(dropout);
    coin_ = dropout.rng != nullptr ? &coin : nullptr;
    std::vector<Rows> x = samples(sequences, B);
    for (int l = 0; l < shape_.layers; ++l) x = layer(x, l < shape_.layers - 1);
    Answer answer;
    const Rows encoded = shape_.attention ? attend(x, answer.weights) : last(x);
    answer.out.assign(encoded.size(), {});
    for (std::size_t k = 0; k < static_cast<std::size_t>(shape_.outputs); ++k) {
      const double* statistics = training ? nullptr : statistics_.data() + k * 192;
      const Rows wide = dense(encoded, 64, statistics),
                 narrow = dense(wide, 32, statistics ? statistics + 128 : nullptr);
      const std::vector<double> weights = take(32), bias = take(1);
      for (std::size_t b = 0; b < narrow.size(); ++b) {
        double out = bias[0];
        for (std::size_t i = 0; i < 32; ++i) out += weights[i] * narrow[b][i];
        answer.out[b].push_back(out);
      }
    }
    return answer;
  }

  /// The mean loss over known targets, B × K.
  double loss(const std::vector<float>& sequences, const std::vector<float>& targets, SequenceLoss kind,
              LstmDropout dropout = {}) {
    const auto K = static_cast<std::size_t>(shape_.outputs);
    const Answer answer = forward(sequences, static_cast<int>(targets.size() / K), true, dropout);
    double sum = 0, known = 0;
    for (std::size_t i = 0; i < targets.size(); ++i) {
      if (std::isnan(targets[i])) continue;
      const double z = answer.out[i / K][i % K], y = static_cast<double>(targets[i]);
      sum += kind == SequenceLoss::squared
                 ? (z - y) * (z - y)
                 : -y * std::log(1 / (1 + std::exp(-z))) - (1 - y) * std::log(1 / (1 + std::exp(z)));
      ++known;
    }
    return sum / known;
  }

 private:
  std::vector<double> take(std::size_t n) {
    const auto from = parameters_.begin() + static_cast<std::ptrdiff_t>(at_);
    at_ += n;
    return {from, from + static_cast<std::ptrdiff_t>(n)};
  }

  std::vector<Rows> samples(const std::vector<float>& sequences, int B) const {
    std::vector<Rows> x(static_cast<std::size_t>(B), Rows(static_cast<std::size_t>(shape_.steps)));
    std::size_t i = 0;
    for (Rows& sample : x)
      for (auto& day : sample)
        for (int f = 0; f < shape_.features; ++f) day.push_back(static_cast<double>(sequences[i++]));
    return x;
  }

  static double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

  // One direction over one sample.
  static Rows steps(const Rows& x, bool backwards, std::size_t H, const std::vector<double>& w,
                    const std::vector<double>& u, const std::vector<double>& bias) {
    Rows states(x.size());
    std::vector<double> h(H), c(H);
    for (std::size_t s = 0; s < x.size(); ++s) {
      const std::size_t t = backwards ? x.size() - 1 - s : s;
      std::vector<double> z = bias;
      for (std::size_t row = 0; row < 4 * H; ++row) {
        for (std::size_t i = 0; i < x[t].size(); ++i) z[row] += w[i * 4 * H + row] * x[t][i];
        for (std::size_t i = 0; i < H; ++i) z[row] += u[i * 4 * H + row] * h[i];
      }
      for (std::size_t i = 0; i < H; ++i) {
        c[i] = sigmoid(z[H + i]) * c[i] + sigmoid(z[i]) * std::tanh(z[2 * H + i]);
        h[i] = sigmoid(z[3 * H + i]) * std::tanh(c[i]);
      }
      states[t] = h;
    }
    return states;
  }

  std::vector<Rows> layer(const std::vector<Rows>& x, bool dropped) {
    const auto H = static_cast<std::size_t>(shape_.hidden);
    std::vector<Rows> out(x.size(), Rows(x[0].size()));
    for (int d = 0; d < (shape_.bidirectional ? 2 : 1); ++d) {
      const std::vector<double> w = take(4 * H * x[0][0].size()), u = take(4 * H * H), bias = take(4 * H);
      std::vector<Rows> states;
      for (const Rows& sample : x) states.push_back(steps(sample, d == 1, H, w, u, bias));
      if (dropped && coin_ != nullptr) {
        coin_->begin();
        for (std::size_t t = 0; t < x[0].size(); ++t)
          for (Rows& sample : states)
            for (double& state : sample[t]) state *= static_cast<double>(coin_->toss());
      }
      for (std::size_t b = 0; b < x.size(); ++b)
        for (std::size_t t = 0; t < x[b].size(); ++t)
          out[b][t].insert(out[b][t].end(), states[b][t].begin(), states[b][t].end());
    }
    return out;
  }

  // Of the backward direction the state after the first step: it has read all of them.
  Rows last(const std::vector<Rows>& x) const {
    const auto H = static_cast<std::ptrdiff_t>(shape_.hidden);
    Rows encoded;
    for (const Rows& sample : x) {
      encoded.emplace_back(sample.back().begin(), sample.back().begin() + H);
      encoded.back().insert(encoded.back().end(), sample.front().begin() + H, sample.front().end());
    }
    return encoded;
  }

  Rows attend(const std::vector<Rows>& x, Rows& weights) {
    const std::size_t D = x[0][0].size();
    const std::vector<double> w = take(64 * D), bias = take(64), v = take(64);
    Rows encoded;
    for (const Rows& sample : x) {
      std::vector<double> weight, mean(D);
      double sum = 0;
      for (const auto& state : sample) {
        double score = 0;
        for (std::size_t a = 0; a < 64; ++a) {
          double z = bias[a];
          for (std::size_t i = 0; i < D; ++i) z += w[i * 64 + a] * state[i];
          score += v[a] * std::tanh(z);
        }
        weight.push_back(std::exp(score));
        sum += weight.back();
      }
      for (std::size_t t = 0; t < sample.size(); ++t) {
        weight[t] /= sum;
        for (std::size_t i = 0; i < D; ++i) mean[i] += weight[t] * sample[t][i];
      }
      weights.push_back(weight);
      encoded.push_back(mean);
    }
    return encoded;
  }

  Rows dense(const Rows& x, std::size_t n, const double* statistics) {
    const std::vector<double> w = take(n * x[0].size()), gain = take(n), shift = take(n);
    const auto B = static_cast<double>(x.size());
    Rows out(x.size(), std::vector<double>(n));
    for (std::size_t u = 0; u < n; ++u) {
      double mean = 0, variance = 0;
      for (std::size_t b = 0; b < x.size(); ++b) {
        for (std::size_t i = 0; i < x[b].size(); ++i) out[b][u] += w[i * n + u] * x[b][i];
        mean += out[b][u] / B;
      }
      for (const auto& row : out) variance += (row[u] - mean) * (row[u] - mean) / B;
      if (statistics != nullptr) mean = statistics[u], variance = statistics[n + u];
      for (auto& row : out) row[u] = std::fmax(0, (row[u] - mean) / std::sqrt(variance + 1e-5) * gain[u] + shift[u]);
    }
    if (coin_ == nullptr) return out;
    coin_->begin();
    for (auto& row : out)
      for (double& value : row) value *= static_cast<double>(coin_->toss());
    return out;
  }

  SequenceShape shape_;
  std::vector<double> parameters_, statistics_;
  std::size_t at_ = 0;
  Coin* coin_ = nullptr;
};

}  // namespace glucose
