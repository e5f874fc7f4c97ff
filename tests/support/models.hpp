// SPDX-License-Identifier: PostgreSQL
// Small models with made-up weights for tests: one of every kind.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "core/base/random.hpp"
#include "core/tasks/meal/models/model.hpp"

namespace glucose {

inline std::vector<float> random_reals(Random& rng, std::size_t n, double low = -2, double high = 2) {
  std::vector<float> values;
  for (std::size_t i = 0; i < n; ++i) values.push_back(static_cast<float>(rng.uniform(low, high)));
  return values;
}
inline Scaler random_scaler(Random& rng, std::size_t n) {
  return {random_reals(rng, n, 0, 150), random_reals(rng, n, 0.01, 0.1)};
}
inline RichVector random_rich(Random& rng) {
  RichVector rich;
  for (float& value : rich) value = rng.below(8) == 0 ? kUnknown : static_cast<float>(rng.uniform(-1, 100));
  rich[0] = static_cast<float>(rng.uniform(60, 250));  // level and clock are always known
  const double hour = rng.uniform(0, 6.28);
  rich[52] = static_cast<float>(std::sin(hour)), rich[53] = static_cast<float>(std::cos(hour));
  return rich;
}

/// `n` meals, one each 5 hours; some values are not known, of the last meal none of its outcomes.
inline Memory random_memory(Random& rng, int n, std::size_t horizons = 2) {
  Memory memory;
  for (int i = 0; i < n; ++i) {
    RememberedMeal meal{i * 300 * kMinute, random_rich(rng), {}, {}, {}, {}};
    for (auto* values : {&meal.residual, &meal.recalled, &meal.score, &meal.rank}) {
      values->fill(kUnknown);
      for (std::size_t k = 0; k < horizons; ++k)
        if (rng.below(5) != 0 && i + 1 < n) (*values)[k] = static_cast<float>(rng.uniform(-3, 3));
    }
    memory.meals.push_back(meal);
  }
  return memory;
}

/// Scales of `mg_dl` [K] whatever the moment; no grids.
inline Intervals flat_intervals(std::initializer_list<float> mg_dl) {
  Intervals intervals;
  for (const float scale : mg_dl) intervals.scale.push_back({std::log(scale), {}, {}, {}});
  return intervals;
}

inline Intervals random_intervals(Random& rng, std::size_t horizons, bool with_grids) {
  Intervals intervals;
  intervals.n = 17;
  const auto columns = [&](double low, double high) {
    ScaleColumns values;
    for (float& value : values) value = static_cast<float>(rng.uniform(low, high));
    return values;
  };
  for (std::size_t k = 0; k < horizons; ++k)
    intervals.scale.push_back(
        {static_cast<float>(rng.uniform(2, 4)), columns(0, 5), columns(0.5, 2), columns(-0.1, 0.1), 0.25F});
  if (!with_grids) return intervals;
  const auto ascending = [&](std::vector<float>& out, std::size_t n, double low, double high) {
    std::vector<float> run = random_reals(rng, n, low, high);
    std::sort(run.begin(), run.end());
    out.insert(out.end(), run.begin(), run.end());
  };
  for (std::size_t k = 0; k < horizons; ++k) ascending(intervals.knots, kGrids, 4.5, 5.5);
  for (std::size_t k = 0; k < horizons * kGrids; ++k) ascending(intervals.grids, kQuantiles, -3, 3);
  return intervals;
}

inline PopulationModel random_population(Random& rng, std::size_t horizons, bool with_trees) {
  constexpr auto P = std::size_t{kRichFeatures};
  PopulationModel model;
  model.scaler = random_scaler(rng, P);
  model.intercept = random_reals(rng, horizons);
  model.coefficients = random_reals(rng, horizons * kLineColumns);
  model.residual_sd = random_reals(rng, horizons, 20, 40);
  model.kernel = {0.03F, 0.07F, 0.11F, 0.21F, 0.004F};
  if (!with_trees) return model;
  model.curve_intercept = random_reals(rng, kCurveSteps, 0, 40);
  model.curve_coefficients = random_reals(rng, kCurveSteps * kLineColumns);
  model.share_of_trees = 0.75F;
  const auto leaf = [&] { return TreeNode{TreeNode::kLeaf, 0, static_cast<float>(rng.uniform(-9, 9)), 5}; };
  for (std::size_t k = 0; k < horizons; ++k) {
    const std::vector<TreeNode> nodes{{29, 1, 40, 0}, leaf(), {0, 0, 150, 0}, leaf(), leaf(), leaf()};
    model.trees.emplace_back(kRichFeatures, nodes);
  }
  return model;
}

inline Member random_member(Random& rng, Algorithm algorithm, std::size_t K, int hidden) {
  switch (algorithm) {
    case Algorithm::mean:
      return MeanModel{random_reals(rng, K, 100, 180)};
    case Algorithm::ridge:
    case Algorithm::lad:
      return LinearModel{random_scaler(rng, kDesignColumns), random_reals(rng, K),
                         random_reals(rng, K * std::size_t{kDesignColumns})};
    case Algorithm::lstm: {
      Lstm net({.steps = kHistorySteps,
                .n_static = kStaticInputs,
                .outputs = static_cast<int>(K),
                .layers = 2,
                .hidden = {hidden, 2}});
      net.initialise(rng);
      return LstmModel{random_scaler(rng, 1), random_scaler(rng, kStaticInputs), random_scaler(rng, K),
                       random_reals(rng, K), std::move(net)};
    }
    case Algorithm::trees:
    case Algorithm::personal:
    case Algorithm::population:
      return random_population(rng, K, algorithm == Algorithm::trees);
    default:
      return Persistence{};
  }
}

/// `algorithm` decides the kind; 60 and 120 minutes. Those that look at 'meal/2' remember seven meals.
inline Model small_model(Algorithm algorithm, std::uint64_t seed = 1, int hidden = 3) {
  Random rng(seed);
  Model model;
  model.algorithm = algorithm;
  model.horizons_min = {60, 120};
  if (algorithm == Algorithm::ensemble) {
    Ensemble ensemble{{Algorithm::personal, Algorithm::ridge}, {}, {0.75F, 1, 0.25F, 0}};
    for (const Algorithm member : ensemble.algorithms)
      ensemble.members.push_back(random_member(rng, member, 2, hidden));
    model.predictor = std::move(ensemble);
  } else {
    model.predictor = std::visit([](auto&& kind) { return Predictor(std::forward<decltype(kind)>(kind)); },
                                 random_member(rng, algorithm, 2, hidden));
  }
  model.intervals = random_intervals(rng, 2, model.looks_at_meal2());
  if (model.looks_at_meal2() && algorithm != Algorithm::population) model.memory = random_memory(rng, 7);
  return model;
}

/// What can be stored.
inline constexpr std::array<Algorithm, 9> kKinds{Algorithm::persistence, Algorithm::mean,     Algorithm::ridge,
                                                 Algorithm::lad,         Algorithm::lstm,     Algorithm::trees,
                                                 Algorithm::personal,    Algorithm::ensemble, Algorithm::population};

}  // namespace glucose
