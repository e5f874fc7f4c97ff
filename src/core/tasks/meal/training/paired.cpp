// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/training/paired.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/math/statistics.hpp"
#include "core/tasks/meal/models/forecast.hpp"

namespace glucose {

PairedComparison compare_paired(std::span<const double> a, std::span<const double> b) {
  const Comparison t = paired_t(a, b, kPairedLevel);
  const auto mean = [n = static_cast<double>(a.size())](std::span<const double> values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / n;  // NaN for none
  };
  return {static_cast<int>(a.size()), mean(a), mean(b), t.difference, t.ci_low, t.ci_high};
}

bool better_beyond_chance(std::span<const double> a, std::span<const double> b) {
  constexpr double kStandardErrors = 2;
  const auto n = static_cast<double>(a.size());
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += b[i] - a[i];
  for (std::size_t i = 0; i < a.size(); ++i) squares += std::pow(b[i] - a[i] - sum / n, 2);
  return n > 1 && sum > 0 && sum > kStandardErrors * std::sqrt(squares * n / (n - 1));
}

std::vector<int> common_horizons(const std::vector<int>& a, const std::vector<int>& b) {
  std::vector<int> common;
  std::copy_if(a.begin(), a.end(), std::back_inserter(common),
               [&](int horizon) { return std::find(b.begin(), b.end(), horizon) != b.end(); });
  std::sort(common.begin(), common.end());
  return common;
}

std::vector<double> meal_errors(const Model& model, Samples samples, std::span<const int> horizons_min, Micros from) {
  std::vector<std::size_t> answers;
  for (const int horizon : horizons_min)
    answers.push_back(static_cast<std::size_t>(
        std::find(model.horizons_min.begin(), model.horizons_min.end(), horizon) - model.horizons_min.begin()));
  std::vector<double> errors;
  std::array<HorizonForecast, kMaxHorizons> answer;
  Follower follower(model);
  for (const Sample& sample : samples) {
    Sample known = sample;  // outcomes in the model's order, to be remembered
    known.targets.fill(kUnknown);
    for (std::size_t k = 0; k < answers.size(); ++k) known.targets[answers[k]] = sample.targets[k];
    follower.answer(known, kIntervalLevel, answer.data());
    if (sample.eaten_at < from || !all_known(sample, answers.size())) continue;
    double sum = 0;
    for (std::size_t k = 0; k < answers.size(); ++k)
      sum += std::abs(static_cast<double>(answer[answers[k]].mg_dl) - static_cast<double>(sample.targets[k]));
    errors.push_back(sum / static_cast<double>(answers.size()));
  }
  return errors;
}

}  // namespace glucose
