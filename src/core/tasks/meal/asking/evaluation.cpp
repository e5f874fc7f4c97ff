// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/asking/evaluation.hpp"

namespace glucose {

namespace {
constexpr std::size_t kRowsPerStep = 8;  // with a full memory and the widest network: a few milliseconds
}

Evaluator::Evaluator(const Model& model, Samples earlier, Samples samples)
    : earlier_(earlier),
      samples_(samples),
      follower_(model),
      forecasts_(model.horizons_min.size()),
      outcomes_(model.horizons_min.size()),
      held_(model.horizons_min.size(), 0) {}

void Evaluator::step() {
  for (std::size_t n = 0; n < kRowsPerStep && !done(); ++n, ++next_)
    next_ < earlier_.size() ? follower_.follow(earlier_[next_]) : answer(samples_[next_ - earlier_.size()]);
}

void Evaluator::answer(const Sample& sample) {
  std::array<HorizonForecast, kMaxHorizons> answer;
  follower_.answer(sample, kIntervalLevel, answer.data());
  if (!all_known(sample, held_.size())) return;
  for (std::size_t k = 0; k < held_.size(); ++k) {
    const float happened = sample.targets[k];
    forecasts_[k].push_back(answer[k].mg_dl);
    outcomes_[k].push_back(happened);
    if (answer[k].lower <= happened && happened <= answer[k].upper) ++held_[k];
  }
}

std::vector<Evaluation> Evaluator::take() const {
  std::vector<Evaluation> result;
  for (std::size_t k = 0; k < held_.size(); ++k)
    result.push_back({measure(forecasts_[k], outcomes_[k]),
                      static_cast<double>(held_[k]) / static_cast<double>(outcomes_[k].size())});
  return result;
}

std::vector<Evaluation> evaluate(const Model& model, Samples earlier, Samples samples) {
  Evaluator evaluator(model, earlier, samples);
  while (!evaluator.done()) evaluator.step();
  return evaluator.take();
}

}  // namespace glucose
