// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/own_past.hpp"

#include <algorithm>
#include <cmath>

#include "core/tasks/cgm/features.hpp"
#include "core/tasks/cgm/model.hpp"

namespace glucose {

namespace {

constexpr std::size_t K = kCgmHorizons, H = kCgmPastHorizons.size();
constexpr Micros kBetween = kDay / static_cast<Micros>(kCgmPastMoments), kNear = 15 * kMinute;
constexpr std::size_t kMostKept = 4096;  // moments: two weeks of a sensor of 5 minutes
constexpr float kCalmMinutes = 200;
constexpr Micros kLongest = cgm_minutes(kCgmPastHorizons.back()) * kMinute;
constexpr double kSharePrior = 30;  // moments
constexpr float kSpreadPrior = 4;   // independent outcomes
constexpr float kMostWider = 4;

/// A head's change at horizon k.
float change_of(const CgmHead& head, const float* x, std::size_t k) {
  float change = 0;
  for (std::size_t p = 0; p < kCgmColumns; ++p) change += head[p * K + k] * x[p];
  return change;
}

/// How much of the way to the day's mean a calm forecast is at each horizon.
const std::array<float, K> kCalmShare = [] {
  std::array<float, K> share;
  for (std::size_t k = 0; k < K; ++k) share[k] = 1 - std::exp(-static_cast<float>(cgm_minutes(k)) / kCalmMinutes);
  return share;
}();

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
  return (mean - level) * kCalmShare[k];
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
  }
  return moment;
}

CgmPast::LastDay CgmPast::last_day(std::size_t last, Micros now) {
  LastDay day;
  std::size_t n = last + 1;
  for (std::size_t back = 1; back <= kCgmPastMoments; ++back) {
    const Micros wanted = now - static_cast<Micros>(back) * kBetween;
    while (n > 0 && series_.at(n - 1) > wanted) --n;
    if (n == 0) break;
    if (wanted - series_.at(n - 1) >= kNear) continue;
    auto found = kept_.find(n - 1);
    if (found == kept_.end()) found = kept_.emplace(n - 1, asked(n - 1)).first;
    if (found->second.counts) day.all[day.n++] = &found->second;
  }
  return day;
}

CgmOwnPast CgmPast::at(std::size_t last, Micros now) {
  if (kept_.size() > kMostKept) kept_.clear();
  CgmOwnPast own;
  own.mean = series_.mean_of(last, kDay);
  const LastDay day = last_day(last, now);
  ShareFit median, mean;
  constexpr std::size_t k = kCgmPastHorizons.front();
  for (Moment* m : day.moments()) {
    if (!is_known(*m, 0, now)) continue;
    const float calm = CgmOwnPast::calm_change(k, m->level, m->day_mean), spread = m->spread.front();
    median.add((m->outcome.front() - m->change.front()) / spread, (calm - m->change.front()) / spread);
    mean.add((m->outcome.front() - m->mean_change) / spread, (calm - m->mean_change) / spread);
  }
  if (!is_baseline_) {
    own.median_calm = median.share();
    own.mean_calm = mean.share();
  }
  for (std::size_t h = 0; h < H; ++h) own.wider[h] = wider(day, h, now, own.median_calm);
  return own;
}

void CgmPast::changed_after(Micros at) {
  const std::size_t unchanged = series_.count_until(at);
  std::erase_if(kept_, [unchanged](const auto& kept) { return kept.first >= unchanged; });
  for (auto& [reading, moment] : kept_)
    if (series_.at(reading) > at - kLongest - kCgmGap) moment.outcome.fill(kUnknown);
}

std::size_t CgmPast::bytes() const {
  return kept_.bucket_count() * sizeof(void*) + kept_.size() * (sizeof(std::pair<std::size_t, Moment>) + sizeof(void*));
}

/// Nothing of what the series may hold after now is looked at.
bool CgmPast::is_known(Moment& moment, std::size_t h, Micros now) const {
  const Micros then = moment.at + cgm_minutes(kCgmPastHorizons[h]) * kMinute;
  if (then > now) return false;
  if (std::isnan(moment.outcome[h])) moment.outcome[h] = series_.value_at(then) - moment.level;
  return !std::isnan(moment.outcome[h]);
}

float CgmPast::wider(const LastDay& day, std::size_t h, Micros now, float share) const {
  const std::size_t k = kCgmPastHorizons[h];
  float sum = 0, n = 0;
  for (Moment* m : day.moments()) {
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
