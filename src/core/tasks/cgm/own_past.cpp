// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/own_past.hpp"

#include <algorithm>
#include <cmath>

#include "core/tasks/cgm/features.hpp"
#include "core/tasks/cgm/model.hpp"

namespace glucose {

namespace {

constexpr std::size_t K = kCgmHorizons, H = kCgmPastHorizons.size();
constexpr Micros kBetween = 30 * kMinute, kNear = 15 * kMinute;
constexpr int kMoments = static_cast<int>(kDay / kBetween);
constexpr float kCalmMinutes = 200;
constexpr double kSharePrior = 30;  // moments
constexpr float kSpreadPrior = 4;   // independent outcomes
constexpr float kMostWider = 4;

/// A head's change at horizon k.
float change_of(const CgmHead& head, const float* x, std::size_t k) {
  float change = 0;
  for (std::size_t p = 0; p < kCgmColumns; ++p) change += head[p * K + k] * x[p];
  return change;
}

/// The share of the calm forecast that would have been best: of errors and differences in spreads.
class ShareFit {
 public:
  void add(float error, float difference) {
    const auto d = static_cast<double>(difference), e = static_cast<double>(error);
    if (!std::isfinite(d * e)) return;
    squares_ += d * d;
    products_ += d * e;
  }
  float share() const {
    const double found = (products_ - std::sqrt(squares_)) / (squares_ + kSharePrior);
    return static_cast<float>(std::clamp(found, 0.0, 1.0));
  }

 private:
  double squares_ = 0, products_ = 0;
};

}  // namespace

float CgmOwnPast::calm_change(std::size_t k, float level, float mean) {
  return (mean - level) * (1 - std::exp(-static_cast<float>(cgm_minutes(k)) / kCalmMinutes));
}

float CgmOwnPast::wider_at(std::size_t k) const {
  std::size_t after = 0;
  while (after + 1 < H && kCgmPastHorizons[after] < k) ++after;
  if (after == 0) return wider.front();
  const std::size_t from = kCgmPastHorizons[after - 1], to = kCgmPastHorizons[after];
  return std::lerp(wider[after - 1], wider[after], static_cast<float>(k - from) / static_cast<float>(to - from));
}

CgmPast::CgmPast(const CgmModel& model, const CgmSeries& series, const DayClock& clock)
    : model_(model),
      series_(series),
      clock_(clock),
      is_baseline_(std::all_of(model.median.begin(), model.median.end(), [](float w) { return w == 0; })) {
  for (std::size_t h = 0; h < H; ++h) expected_[h] = cgm_mean_absolute(model.quantiles_of(kCgmPastHorizons[h]));
}

CgmPast::Moment CgmPast::asked(std::size_t i) const {
  Moment moment;
  const CgmLook look = series_.look(i);
  if (look.trust.known < kCgmLeastKnown || look.trust.doubt_mg_dl > 0) return moment;
  moment.counts = true;
  moment.at = look.at;
  moment.level = look.window.back();
  moment.day_mean = series_.mean_of(i, kDay);
  const CgmColumns x = cgm_columns(look.window, clock_.minute_of_day(look.at));
  const CgmSpreadColumns spread = cgm_spread_columns(look.window, look.trust.known);
  moment.mean_change = change_of(model_.mean, x.data(), kCgmPastHorizons.front());
  for (std::size_t h = 0; h < H; ++h) {
    const std::size_t k = kCgmPastHorizons[h];
    moment.change[h] = change_of(model_.median, x.data(), k);
    moment.spread[h] = cgm_spread_at(model_, k, spread, look.trust);
    moment.outcome[h] = series_.value_at(look.at + cgm_minutes(k) * kMinute) - moment.level;
  }
  return moment;
}

CgmOwnPast CgmPast::at(std::size_t last, Micros now) {
  CgmOwnPast own;
  own.mean = series_.mean_of(last, kDay);
  std::vector<const Moment*> moments;
  for (int back = 1; back <= kMoments; ++back) {
    const Micros wanted = now - back * kBetween;
    const std::size_t n = series_.count_until(wanted);
    if (n == 0 || wanted - series_.at(n - 1) >= kNear) continue;
    auto [found, is_new] = kept_.try_emplace(n - 1);
    if (is_new) found->second = asked(n - 1);
    if (found->second.counts) moments.push_back(&found->second);
  }
  kept_.erase(kept_.begin(), kept_.lower_bound(series_.count_until(now - kDay - kNear)));
  ShareFit median, mean;
  constexpr std::size_t k = kCgmPastHorizons.front();
  for (const Moment* m : moments) {
    if (!is_known(*m, 0, now)) continue;
    const float calm = CgmOwnPast::calm_change(k, m->level, m->day_mean), spread = m->spread.front();
    median.add((m->outcome.front() - m->change.front()) / spread, (calm - m->change.front()) / spread);
    mean.add((m->outcome.front() - m->mean_change) / spread, (calm - m->mean_change) / spread);
  }
  if (!is_baseline_) {
    own.median_calm = median.share();
    own.mean_calm = mean.share();
  }
  for (std::size_t h = 0; h < H; ++h) own.wider[h] = wider(moments, h, now, own.median_calm);
  return own;
}

bool CgmPast::is_known(const Moment& moment, std::size_t h, Micros now) {
  return !std::isnan(moment.outcome[h]) && moment.at + cgm_minutes(kCgmPastHorizons[h]) * kMinute <= now;
}

float CgmPast::wider(const std::vector<const Moment*>& moments, std::size_t h, Micros now, float share) const {
  const std::size_t k = kCgmPastHorizons[h];
  float sum = 0, n = 0;
  for (const Moment* m : moments) {
    if (!is_known(*m, h, now)) continue;
    const float calm = CgmOwnPast::calm_change(k, m->level, m->day_mean);
    const float z = std::abs(m->outcome[h] - m->change[h] - share * (calm - m->change[h])) / m->spread[h];
    if (!std::isfinite(z)) continue;
    sum += z;
    ++n;
  }
  if (n == 0 || !(expected_[h] > 0)) return 1;
  // Of outcomes 30 minutes apart, those of two hours ahead say the same four times.
  const float independent = n / (static_cast<float>(k + 1) / static_cast<float>(kCgmPastHorizons.front() + 1));
  const float found = (kSpreadPrior + independent * sum / n / expected_[h]) / (kSpreadPrior + independent);
  return std::min(found < 1 ? std::sqrt(found) : found, kMostWider);
}

}  // namespace glucose
