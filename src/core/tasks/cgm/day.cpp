// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/day.hpp"

#include <cmath>

#include "core/base/wipe.hpp"

namespace glucose {

namespace {

constexpr std::size_t D = kDayNodes, C = kDayColumns, S = kDaySpreadColumns;
constexpr float kNarrowest = 0.02F, kWidest = 10;  // sigmas
constexpr float kLargestQuantile = 1e6F;           // in spreads

}  // namespace

float day_mean(const float* weights, const DayColumns& columns) {
  float sum = 0;
  for (std::size_t c = 0; c < C; ++c) sum += weights[c] * columns[c];
  return sum;
}

float day_spread(const float* weights, const DaySpreadColumns& columns) {
  float log_spread = 0;
  for (std::size_t s = 0; s < S; ++s) log_spread += weights[s] * columns[s];
  return std::clamp(std::exp(log_spread), kNarrowest, kWidest);
}

DayOutlook::DayOutlook(const DayModel& model, const DayPast& past, double minutes) : model_(model) {
  const auto* const next = std::upper_bound(kDayNodesMin.begin(), kDayNodesMin.end(), minutes);
  after_ = std::min(static_cast<std::size_t>(next - kDayNodesMin.begin()), D - 1);
  before_ = next == kDayNodesMin.begin() || next == kDayNodesMin.end() ? after_ : after_ - 1;
  weight_ =
      after_ == before_
          ? 0.0F
          : static_cast<float>((minutes - kDayNodesMin[before_]) / (kDayNodesMin[after_] - kDayNodesMin[before_]));
  const DayAhead ahead = past.ahead(minutes);
  const DayState& state = past.state();
  rhythm_ = ahead.rhythm;
  const DayColumns x = day_columns(state, ahead);
  const DaySpreadColumns s = day_spread_columns(state, ahead);
  const auto between = [this](float a, float b) { return a + weight_ * (b - a); };
  mean_ =
      ahead.rhythm + state.sigma * between(day_mean(&model.mean[before_ * C], x), day_mean(&model.mean[after_ * C], x));
  spread_ = state.sigma * between(day_spread(&model.spread[before_ * S], s), day_spread(&model.spread[after_ * S], s));
}

float DayOutlook::quantile(double p) const {
  const double a = cgm_quantile(model_.quantiles_of(before_), p), b = cgm_quantile(model_.quantiles_of(after_), p);
  return mean_ + spread_ * static_cast<float>(std::lerp(a, b, static_cast<double>(weight_)));
}

float DayOutlook::below(float mg_dl) const {
  const auto z = static_cast<double>((mg_dl - mean_) / spread_);
  const double a = cgm_probability_below(model_.quantiles_of(before_), z);
  const double b = cgm_probability_below(model_.quantiles_of(after_), z);
  return static_cast<float>(std::lerp(a, b, static_cast<double>(weight_)));
}

void wipe(DayModel& model) {
  for (auto* weights : {&model.mean, &model.spread, &model.quantiles}) wipe_values(std::span<float>(*weights));
}

void write(ByteWriter& out, const DayModel& model) {
  out.number(model.n_residuals);
  out.reals(model.mean);
  out.reals(model.spread);
  out.reals(model.quantiles);
}

DayModel read_day_model(ByteReader& in) {
  DayModel model;
  model.n_residuals = in.number(0, 1'000'000'000);
  model.mean = in.reals_or_none(D * C);
  model.spread = in.reals(model.empty() ? 0 : D * S);
  model.quantiles = in.reals(model.empty() ? 0 : D * kCgmLevelCount);
  for (std::size_t k = 0; !model.empty() && k < D; ++k) {
    const auto quantiles = model.quantiles_of(k);
    if (quantiles.front() < -kLargestQuantile || quantiles.back() > kLargestQuantile)
      damaged("a quantile of a day is out of range");
    if (!std::is_sorted(quantiles.begin(), quantiles.end())) damaged("quantiles of a day are not ascending");
  }
  return model;
}

}  // namespace glucose
