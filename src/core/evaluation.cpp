// SPDX-License-Identifier: PostgreSQL
#include "core/evaluation.hpp"

#include "core/forecast.hpp"

namespace glucose {

std::vector<Evaluation> evaluate(const Model& model, Samples earlier, Samples samples) {
  const std::size_t K = model.horizons_min.size();
  std::vector<std::vector<float>> forecasts(K), outcomes(K);
  std::vector<int> held(K, 0);
  std::array<HorizonForecast, kMaxHorizons> answer;
  Follower follower(model);
  for (const Sample& sample : earlier) follower.follow(sample);
  for (const Sample& sample : samples) {
    follower.answer(sample, kIntervalLevel, answer.data());
    if (!all_known(sample, K)) continue;
    for (std::size_t k = 0; k < K; ++k) {
      const float happened = sample.targets[k];
      forecasts[k].push_back(answer[k].mg_dl);
      outcomes[k].push_back(happened);
      if (answer[k].lower <= happened && happened <= answer[k].upper) ++held[k];
    }
  }
  std::vector<Evaluation> result;
  for (std::size_t k = 0; k < K; ++k)
    result.push_back(
        {measure(forecasts[k], outcomes[k]), static_cast<double>(held[k]) / static_cast<double>(outcomes[k].size())});
  return result;
}

}  // namespace glucose
