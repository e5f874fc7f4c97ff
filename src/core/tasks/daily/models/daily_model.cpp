// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/daily/models/daily_model.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/wipe.hpp"

namespace glucose {

namespace {

constexpr double kFaded = 0.97;     // a day counts so much of the one after it
constexpr double kSpreadDays = 10;  // against which a person's own spread is weighed
constexpr float kNear = 0.1F;
constexpr float kLargestChange = 1e6F;

float or_zero(float value) {
  return std::isfinite(value) ? std::clamp(value, -kLargestChange, kLargestChange) : 0.0F;
}

}  // namespace

float DailyLine::predict(std::span<const float> columns) const {
  double sum = static_cast<double>(intercept);
  for (std::size_t i = 0; i < count; ++i) {
    const float x = columns[first + i];
    if (!std::isnan(x)) sum += static_cast<double>(slopes[i] * ((x - scaler.mean[i]) * scaler.inverse_sd[i]));
  }
  return static_cast<float>(sum);
}

float DailyPart::predict(std::span<const float> columns, const float* sequence) const {
  if (network) {
    std::vector<float> out(static_cast<std::size_t>(network->net.shape().outputs));
    network->predict(sequence, 1, out.data());
    return or_zero(out.front());
  }
  return or_zero(trees.features() > 0 ? trees.predict(columns) : line.predict(columns));
}

Experts DailyModel::experts(std::span<const float> columns, const NaiveValues& naive, const float* of_days) const {
  Experts e{};
  for (int kind = 0; kind < kNaiveKinds; ++kind)
    e[static_cast<std::size_t>(kind)] =
        or_zero(to_model(naive.of(static_cast<Naive>(kind), alpha), is_log()) - columns[kLevel]);
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (part_weights[i] > 0) e[kTogether] += part_weights[i] * parts[i].predict(columns, of_days);
  return e;
}

void wipe(DailyModel& model) {
  for (DailyPart& part : model.parts) {
    wipe_values(std::span(part.line.slopes));
    wipe_values(std::span(part.line.scaler.mean));
    if (part.network) wipe(*part.network);
  }
  wipe_values(std::span(model.scores));
}

void DailyFollower::observe(const Experts& experts, float change, bool learnt) {
  const auto unit = static_cast<double>(model_->spread);
  errors_ = errors_ * kFaded + static_cast<double>(change - weighed(experts));
  for (std::size_t i = 0; i < kExperts; ++i) {
    const double optimism = learnt && i == kTogether ? static_cast<double>(model_->optimism) : 1;
    losses_[i] = losses_[i] * kFaded + optimism * std::abs(static_cast<double>(change - experts[i])) / unit;
  }
  naive_ = naive_ * kFaded + std::abs(static_cast<double>(change - experts[static_cast<std::size_t>(Naive::smoothed)]));
  n_ = n_ * kFaded + 1;
}

std::array<double, kExperts> DailyFollower::weights() const {
  std::array<double, kExperts> w{};
  double sum = 0;
  const double least = *std::min_element(losses_.begin(), losses_.end());
  for (std::size_t i = 0; i < kExperts; ++i)
    sum += w[i] =
        static_cast<double>(model_->prior[i]) * std::exp(-static_cast<double>(model_->eta) * (losses_[i] - least));
  for (double& weight : w) weight /= sum;
  return w;
}

float DailyFollower::weighed(const Experts& experts) const {
  const auto w = weights();
  double sum = 0;
  for (std::size_t i = 0; i < kExperts; ++i) sum += w[i] * static_cast<double>(experts[i]);
  return static_cast<float>(sum);
}

float DailyFollower::own_error() const {
  return model_->shrink > 0 ? static_cast<float>(errors_ / (n_ + static_cast<double>(model_->shrink))) : 0.0F;
}

float DailyFollower::spread() const {
  const double own = naive_ / static_cast<double>(model_->naive_spread);  // n_ times one, of who is as all are
  return model_->spread * static_cast<float>((kSpreadDays + own) / (kSpreadDays + n_));
}

float half_width(std::span<const float> s, double level) {
  if (s.empty()) return 3;
  const double place = level * (static_cast<double>(s.size()) + 1) - 1;
  if (place >= static_cast<double>(s.size() - 1)) return s.back();
  const auto below = static_cast<std::size_t>(std::max(0.0, std::floor(place)));
  const auto part = static_cast<float>(std::max(0.0, place) - static_cast<double>(below));
  return s[below] + part * (s[below + 1] - s[below]);
}

DailyForecast daily_forecast(const DailyModel& model, const DailyFollower& follower, const Experts& experts,
                             float level_of_person, float half_width) {
  const float middle = level_of_person + follower.forecast(experts), spread = follower.spread();
  const float half = std::max(half_width * spread, 1e-6F);
  const auto back = [&](float m) { return from_model(m, model.is_log()); };
  const auto within = [&](float v) { return std::clamp(v, model.subject.low, model.subject.high); };
  DailyForecast f{within(back(middle)), within(back(middle - half)), within(back(middle + half))};
  f.limited = f.value != back(middle);
  const float tenth = std::abs(model.is_log() ? std::log1p(kNear) : kNear * f.value) / spread;
  const auto nearer = std::upper_bound(model.scores.begin(), model.scores.end(), tenth) - model.scores.begin();
  f.near = model.scores.empty() ? 0 : static_cast<float>(nearer) / static_cast<float>(model.scores.size());
  return f;
}

}  // namespace glucose
