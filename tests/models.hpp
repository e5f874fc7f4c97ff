// SPDX-License-Identifier: PostgreSQL
// Small models with made-up weights for tests: one of every kind.
#pragma once
#include <vector>

#include "core/model.hpp"
#include "core/random.hpp"

namespace glucose {

inline std::vector<float> random_reals(Random& rng, std::size_t n, double low = -2, double high = 2) {
  std::vector<float> values;
  for (std::size_t i = 0; i < n; ++i) values.push_back(static_cast<float>(rng.uniform(low, high)));
  return values;
}
inline Scaler random_scaler(Random& rng, std::size_t n) {
  return {random_reals(rng, n, 0, 150), random_reals(rng, n, 0.01, 0.1)};
}

/// `algorithm` decides the kind; 60 and 120 minutes.
inline Model small_model(Algorithm algorithm, std::uint64_t seed = 1, int hidden = 3) {
  Random rng(seed);
  Model model{algorithm, {60, 120}, Persistence{}, {17, {-30, -42.5F}, {28, 51}}};
  if (algorithm == Algorithm::mean) model.predictor = MeanModel{random_reals(rng, 2, 100, 180)};
  if (algorithm == Algorithm::ridge || algorithm == Algorithm::lad)
    model.predictor = LinearModel{random_scaler(rng, kDesignColumns), random_reals(rng, 2),
                                  random_reals(rng, 2 * std::size_t{kDesignColumns})};
  if (algorithm == Algorithm::lstm) {
    Lstm net({.steps = kHistorySteps, .n_static = kStaticInputs, .outputs = 2, .layers = 2, .hidden = {hidden, 2}});
    net.initialise(rng);
    model.predictor = LstmModel{random_scaler(rng, 1), random_scaler(rng, kStaticInputs), random_scaler(rng, 2),
                                random_reals(rng, 2), std::move(net)};
  }
  return model;
}

inline constexpr std::array<Algorithm, 5> kKinds{Algorithm::persistence, Algorithm::mean, Algorithm::ridge,
                                                 Algorithm::lad, Algorithm::lstm};

}  // namespace glucose
