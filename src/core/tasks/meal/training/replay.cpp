// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/training/replay.hpp"

namespace glucose {

namespace {
constexpr std::size_t kRowsPerStep = 4;  // of the widest network, or with a full memory: a few milliseconds
}

Replay::Replay(Samples rows, const Predictor& predictor, std::vector<int> horizons_min)
    : rows_(rows),
      predictor_(&predictor),
      horizons_min_(std::move(horizons_min)),
      known_(population_of(predictor), horizons_min_) {}

void Replay::step() {
  for (std::size_t n = 0; n < kRowsPerStep && !done(); ++n) {
    const Sample& row = rows_[said_.size()];
    remembered_.push_back(known_.remembered());
    said_.push_back(predict(*predictor_, row, known_, horizons_min_));
    known_.add(remember(row, said_.back(), horizons_min_.size()));
  }
}

Forecasts Replay::answers(std::size_t first, std::size_t n) const {
  Forecasts answers(horizons_min_.size());
  for (std::size_t k = 0; k < answers.size(); ++k)
    for (std::size_t i = first; i < first + n; ++i) answers[k].push_back(said_[i].mg_dl[k]);
  return answers;
}

}  // namespace glucose
