// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/asking/importance.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/random.hpp"
#include "core/tasks/meal/asking/seen_columns.hpp"

namespace glucose {

namespace {
constexpr std::size_t kRepeats = 5;
}

struct FeatureImportance::State {
  const Model* model;
  Samples earlier, rows;
  Follower follower;
  std::vector<SeenFeature> features;
  std::vector<SeenColumns> seen;                // [N]
  std::vector<std::vector<std::size_t>> order;  // [features × repeats][whole] whose value a row is told
  std::vector<double> worse;                    // [features × K] sum over rows and repeats of |error| beyond its own
  std::vector<std::size_t> whole;               // rows whose outcomes are all known: those that are asked
  std::size_t remembered = 0, row = 0, asked = 0, feature = 0;
  std::array<float, kMaxHorizons> own_error{};  // of the row under way, as it is

  std::size_t K() const { return model->horizons_min.size(); }

  /// The row's absolute errors when it is told `columns`. Intervals, and so the median, look at 'meal/2' too: a model
  /// that does not keeps what the row has.
  std::array<float, kMaxHorizons> errors(const SeenColumns& columns) const {
    Moment moment = rows[row];
    if (model->looks_at_meal2()) moment.rich = columns.rich;
    const PointForecast said =
        predict(model->predictor, columns, moment.eaten_at, follower.known(), model->horizons_min);
    std::array<HorizonForecast, kMaxHorizons> answer;
    forecast_horizons(*model, moment, follower.known(), said, kIntervalLevel, answer.data());
    std::array<float, kMaxHorizons> error{};
    for (std::size_t k = 0; k < K(); ++k) error[k] = std::abs(answer[k].mg_dl - rows[row].targets[k]);
    return error;
  }

  void ask() {
    if (asked == whole.size() || whole[asked] != row) return follower.follow(rows[row++]);
    if (feature == 0) own_error = errors(seen[row]);
    for (std::size_t r = 0; r < kRepeats; ++r) {
      SeenColumns told = seen[row];
      const SeenColumns& other = seen[order[feature * kRepeats + r][asked]];
      for (const std::size_t place : features[feature].places) column_at(told, place) = column_at(other, place);
      const auto error = errors(told);
      for (std::size_t k = 0; k < K(); ++k) worse[feature * K() + k] += static_cast<double>(error[k] - own_error[k]);
    }
    if (++feature < features.size()) return;
    feature = 0;
    ++asked;
    follower.follow(rows[row++]);
  }
};

FeatureImportance::FeatureImportance(const Model& model, Samples earlier, Samples rows, std::uint64_t seed)
    : state_(std::make_unique<State>(
          State{&model, earlier, rows, Follower(model), seen_features(model.predictor), {}, {}, {}, {}})) {
  State& s = *state_;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    s.seen.push_back(seen_columns(rows[i]));
    if (all_known(rows[i], s.K())) s.whole.push_back(i);
  }
  Random rng(seed);
  for (std::size_t i = 0; i < s.features.size() * kRepeats; ++i) {
    std::vector<std::size_t> order = s.whole;
    rng.shuffle(order);
    s.order.push_back(order);
  }
  s.worse.assign(s.features.size() * s.K(), 0.0);
}

FeatureImportance::~FeatureImportance() = default;

bool FeatureImportance::done() const {
  return state_->row == state_->rows.size() || state_->features.empty();
}

void FeatureImportance::step() {
  if (done()) return;
  State& s = *state_;
  s.remembered < s.earlier.size() ? s.follower.follow(s.earlier[s.remembered++]) : s.ask();
}

std::vector<Importance> FeatureImportance::take() const {
  const State& s = *state_;
  std::vector<Importance> all;
  const auto n = static_cast<double>(s.whole.size());
  for (std::size_t k = 0; k < s.K() && n > 0; ++k) {
    const std::size_t first = all.size();
    for (std::size_t f = 0; f < s.features.size(); ++f)
      all.push_back({s.features[f].name, s.model->horizons_min[k],
                     static_cast<float>(s.worse[f * s.K() + k] / (static_cast<double>(kRepeats) * n)),
                     static_cast<int>(s.whole.size())});
    sort_by_increase(std::span(all).subspan(first));
  }
  return all;
}

}  // namespace glucose
