// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/training/weighing.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/math/gate.hpp"
#include "core/math/stacking.hpp"

namespace glucose {

namespace {

constexpr double kPriorRows = 40;      // how many rows the weights known beforehand count for
constexpr float kLeastWeight = 0.02F;  // a member that counts less is left out

std::vector<float> outcomes(Samples rows, std::size_t k) {
  std::vector<float> y;
  for (const Sample& row : rows) y.push_back(row.targets[k]);
  return y;
}

double mean_rmse(const std::vector<Metrics>& metrics) {
  double sum = 0;
  for (const Metrics& m : metrics) sum += m.rmse;
  const double mean = sum / static_cast<double>(metrics.size());
  return std::isfinite(mean) ? mean : std::numeric_limits<double>::infinity();
}

/// How much a member deserves trust before any of its rows is seen.
float trust(Algorithm algorithm, bool on_population, float share_of_network) {
  if (on_population && algorithm == Algorithm::lstm) return share_of_network;
  if (on_population) return algorithm == Algorithm::personal ? 1 - share_of_network : 0;
  switch (algorithm) {
    case Algorithm::personal:
      return 0.5F;
    case Algorithm::ridge:
      return 0.3F;
    case Algorithm::lad:
      return 0.2F;
    default:
      return 0;
  }
}

}  // namespace

std::vector<Metrics> measure_all(const Forecasts& forecasts, Samples rows) {
  std::vector<Metrics> metrics;
  for (std::size_t k = 0; k < forecasts.size(); ++k) metrics.push_back(measure(forecasts[k], outcomes(rows, k)));
  return metrics;
}

void Weighing::add(Algorithm algorithm, Forecasts said) {
  Candidate candidate{algorithm, measure_all(said, rows_), 0};
  candidate.rmse = mean_rmse(candidate.validation);
  candidates_.push_back(std::move(candidate));
  said_.push_back(std::move(said));
}

/// Mean over horizons: [N].
std::vector<double> Weighing::squared_errors(std::size_t candidate) const {
  std::vector<double> errors(rows_.size(), 0.0);
  for (std::size_t k = 0; k < horizons_; ++k)
    for (std::size_t i = 0; i < errors.size(); ++i)
      errors[i] += std::pow(static_cast<double>(said_[candidate][k][i] - rows_[i].targets[k]), 2) /
                   static_cast<double>(horizons_);
  return errors;
}

bool Weighing::clearly_better(std::size_t candidate, std::size_t other) const {
  if (!(candidates_[candidate].rmse < candidates_[other].rmse)) return false;
  return better_beyond_chance(squared_errors(candidate), squared_errors(other));
}

void Weighing::compare_with_persistence() {
  for (std::size_t c = 0; c < size(); ++c)
    candidates_[c].within_chance = std::isfinite(candidates_[c].rmse) && !clearly_better(0, c);
}

void Weighing::choose_last() {
  chosen_ = {size() - 1};
  compare_with_persistence();
}

/// out: [K][members]
std::vector<std::vector<float>> Weighing::stack(const std::vector<std::size_t>& members,
                                                std::span<const float> prior) const {
  std::vector<std::vector<float>> weights;
  for (std::size_t k = 0; k < horizons_; ++k) {
    std::vector<std::vector<float>> forecasts;
    forecasts.reserve(members.size());
    for (const std::size_t c : members) forecasts.push_back(said_[c][k]);
    weights.push_back(stacking_weights(forecasts, outcomes(rows_, k), prior, kPriorRows));
  }
  return weights;
}

void Weighing::choose_blend(bool on_population, float share_of_network) {
  std::vector<std::size_t> members;
  std::vector<float> prior;
  float total = 0;
  for (std::size_t c = 0; c < size(); ++c) {
    const Algorithm algorithm = candidates_[c].algorithm;
    if (algorithm == Algorithm::mean || !std::isfinite(candidates_[c].rmse) || (c > 0 && clearly_better(0, c)))
      continue;
    members.push_back(c);
    prior.push_back(trust(algorithm, on_population, share_of_network));
    total += prior.back();
  }
  const bool personal = std::any_of(members.begin(), members.end(),
                                    [&](std::size_t c) { return candidates_[c].algorithm == Algorithm::personal; });
  // The network is trusted beside the personal model only, never instead of it.
  if (on_population && !personal) std::fill(prior.begin(), prior.end(), 0.0F), total = 0;
  if (total == 0) prior[0] = total = 1;  // persistence, the first candidate, is always among them
  for (float& p : prior) p /= total;
  const auto by_horizon = stack(members, prior);
  for (std::size_t m = 0; m < members.size(); ++m) {
    float most = 0;
    for (const auto& weights : by_horizon) most = std::max(most, weights[m]);
    if (most < kLeastWeight) continue;
    chosen_.push_back(members[m]);
    for (const auto& weights : by_horizon) weights_.push_back(weights[m]);
  }
  for (std::size_t k = 0; k < horizons_; ++k) {
    float sum = 0;
    for (std::size_t m = 0; m < chosen_.size(); ++m) sum += weights_[m * horizons_ + k];
    for (std::size_t m = 0; m < chosen_.size(); ++m) weights_[m * horizons_ + k] /= sum;
  }
  if (chosen_.size() > 1) add(Algorithm::ensemble, blended());
  compare_with_persistence();
}

/// What the weighted candidates had said together.
Forecasts Weighing::blended() const {
  Forecasts sum(horizons_, std::vector<float>(rows_.size(), 0.0F));
  for (std::size_t m = 0; m < chosen_.size(); ++m)
    for (std::size_t k = 0; k < horizons_; ++k)
      for (std::size_t i = 0; i < rows_.size(); ++i) sum[k][i] += weights_[m * horizons_ + k] * said_[chosen_[m]][k][i];
  return sum;
}

}  // namespace glucose
