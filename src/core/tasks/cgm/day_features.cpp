// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/day_features.hpp"

#include <cmath>
#include <numbers>

namespace glucose {

namespace {

constexpr Micros kQuarter = 15 * kMinute;
constexpr int kQuarterMin = 15;
constexpr float kUsualSigma = 25, kUsualMean = 110;  // mg/dL
constexpr float kUsualDays = 1;                      // what the usual sigma weighs
constexpr float kRhythmDays = 2;                     // of a time of day, what the person's mean weighs
// Quarter-hours: what "as the person's mean" weighs in the means of 6, 24 and 72 hours.
constexpr float kShort = 3, kLong = 12, kLonger = 24;
constexpr int kReachOfRhythm = 7;  // quarter-hours on either side, with falling weight
constexpr int kPlainReach = 2;     // half an hour
constexpr float kFarthest = 5;     // sigmas: what lies farther out is as far

Micros quarter_of(Micros at) {
  const Micros quarter = at / kQuarter;
  return at < 0 && quarter * kQuarter != at ? quarter - 1 : quarter;
}

constexpr float rhythm_weight(int apart) {
  const auto share = static_cast<float>(apart) / kReachOfRhythm;
  return 1 - share * share;
}
constexpr float kRhythmWeights = [] {
  float sum = 0;
  for (int d = -kReachOfRhythm; d <= kReachOfRhythm; ++d) sum += rhythm_weight(d);
  return sum;
}();

float shrunk(float sum, float n, float to, float weight) {
  return to + (sum - n * to) / (n + weight);
}

float in_sigmas(float mg_dl, const DayState& state) {
  return std::clamp(mg_dl / state.sigma, -kFarthest, kFarthest);
}

float little_known(const DayState& state) {
  return 1 / (1 + state.days);
}

std::array<float, 4> harmonics(int minute) {
  const float angle = 2 * std::numbers::pi_v<float> * static_cast<float>(minute) / 1440;
  return {std::sin(angle), std::cos(angle), std::sin(2 * angle), std::cos(2 * angle)};
}

}  // namespace

DayPast::DayPast(const CgmSeries& series, std::size_t origin, const DayClock& clock) {
  const Micros at = series.at(origin);
  now_ = quarter_of(at);
  past_now_min_ = static_cast<double>(at - now_ * kQuarter) / kMinute;
  state_.minute = clock.minute_of_day(at);
  recent_.fill(kUnknown);
  // The readings of a quarter-hour count as one: a sensor of five minutes knows no more of a day than one of fifteen.
  float sum = 0, n = 0;
  for (std::size_t i = origin + 1; i-- > 0 && series.at(i) > at - kDayPast;) {
    sum += series.mg_dl(i);
    n += 1;
    const Micros quarter = quarter_of(series.at(i));
    if (i > 0 && quarter_of(series.at(i - 1)) == quarter && series.at(i - 1) > at - kDayPast) continue;
    add(quarter, sum / n, clock);
    sum = n = 0;
  }
  state_.level = series.look(origin).window.back();
  take_means();
  take_last_day();
  take_rhythm();
}

void DayPast::Sums::add(float mg_dl) {
  sum += static_cast<double>(mg_dl);
  squares += static_cast<double>(mg_dl) * static_cast<double>(mg_dl);
  n += 1;
}

void DayPast::add(Micros quarter, float mg_dl, const DayClock& clock) {
  const auto slot = static_cast<std::size_t>(clock.minute_of_day(quarter * kQuarter) / kQuarterMin);
  slots_.sum[slot] += mg_dl;
  slots_.n[slot] += 1;
  const auto back = static_cast<std::size_t>(now_ - quarter);
  if (back < recent_.size()) recent_[back] = mg_dl;
  if (back < 3 * kQuarters) three_days_.add(mg_dl);
  all_.add(mg_dl);
}

void DayPast::take_means() {
  DayState& s = state_;
  const auto n = static_cast<double>(all_.n), mean = all_.sum / n;
  const auto variance = static_cast<float>(std::max(all_.squares / n - mean * mean, 0.0));
  s.mean = static_cast<float>(mean);
  s.days = all_.n / kQuarters;
  s.sigma = std::sqrt((s.days * variance + kUsualDays * kUsualSigma * kUsualSigma) / (s.days + kUsualDays));
  s.three_days = shrunk(static_cast<float>(three_days_.sum), three_days_.n, s.mean, kLonger);
}

void DayPast::take_last_day() {
  DayState& s = state_;
  float n = 0, off = 0, squares = 0;  // from the person's mean
  for (std::size_t back = 0; back < kQuarters; ++back) {
    if (back == kQuarters / 4) s.six_hours = s.mean + off / (n + kShort);
    if (std::isnan(recent_[back])) continue;
    const float d = recent_[back] - s.mean;
    n += 1;
    off += d;
    squares += d * d;
  }
  s.day = s.mean + off / (n + kLong);
  const float about = std::max(squares - off * off / n, 0.0F);
  s.day_sd = std::sqrt((about + kLong * s.sigma * s.sigma) / (n + kLong));
}

void DayPast::take_rhythm() {
  for (std::size_t slot = 0; slot < kQuarters; ++slot) {
    float sum = 0, n = 0;
    for (int d = -kReachOfRhythm; d <= kReachOfRhythm; ++d) {
      const auto other = (slot + kQuarters + static_cast<std::size_t>(d)) % kQuarters;
      sum += rhythm_weight(d) * slots_.sum[other];
      n += rhythm_weight(d) * slots_.n[other];
    }
    rhythm_[slot] = shrunk(sum / kRhythmWeights, n / kRhythmWeights, state_.mean, kRhythmDays);
  }
  state_.rhythm = rhythm_at(state_.minute);
}

float DayPast::rhythm_at(double minute) const {
  const double slot = minute / kQuarterMin - 0.5 + static_cast<double>(kQuarters);  // rhythm_ is of the middles
  const auto before = static_cast<std::size_t>(slot);
  const auto weight = static_cast<float>(slot - static_cast<double>(before));
  const float a = rhythm_[before % kQuarters], b = rhythm_[(before + 1) % kQuarters];
  return a + weight * (b - a);
}

float DayPast::yesterday_at(double minutes) const {
  // Where the middle of five quarter-hours would be in recent_; the youngest must be complete.
  const double ahead = std::floor((minutes + past_now_min_) / kQuarterMin);
  const auto back = static_cast<int>(kQuarters) - static_cast<int>(ahead);
  if (back < 2 || back + 2 >= static_cast<int>(recent_.size())) return kUnknown;
  float sum = 0, weights = 0;
  for (int d = -2; d <= 2; ++d) {
    const float value = recent_[static_cast<std::size_t>(back + d)];
    if (std::isnan(value)) continue;
    const auto weight = static_cast<float>(3 - std::abs(d));
    sum += weight * value;
    weights += weight;
  }
  return weights > 0 ? sum / weights : kUnknown;
}

DayAhead DayPast::ahead(double minutes) const {
  DayAhead ahead;
  const double minute = std::fmod(state_.minute + minutes, 1440);
  ahead.minute = static_cast<int>(minute);
  ahead.rhythm = rhythm_at(minute);
  const float yesterday = yesterday_at(minutes);
  ahead.yesterday = std::isnan(yesterday) ? 0 : yesterday - ahead.rhythm;
  float sum = 0, n = 0;
  for (int d = -kPlainReach; d <= kPlainReach; ++d) {
    const auto slot =
        static_cast<std::size_t>(ahead.minute / kQuarterMin + static_cast<int>(kQuarters) + d) % kQuarters;
    sum += slots_.sum[slot];
    n += slots_.n[slot];
  }
  ahead.plain = n > 0 ? sum / n : state_.mean;
  return ahead;
}

DayColumns day_columns(const DayState& s, const DayAhead& ahead) {
  const float few = little_known(s);
  const float apart = in_sigmas(s.level - s.rhythm, s), day = in_sigmas(s.day - s.mean, s);
  const float rhythm = in_sigmas(ahead.rhythm - s.mean, s);
  const auto h = harmonics(ahead.minute);
  return {1,
          apart,
          in_sigmas(s.level - s.mean, s),
          in_sigmas(s.six_hours - s.mean, s),
          day,
          in_sigmas(s.three_days - s.mean, s),
          rhythm,
          in_sigmas(ahead.yesterday, s),
          h[0],
          h[1],
          h[2],
          h[3],
          few,
          few * h[0],
          few * h[1],
          few * h[2],
          few * h[3],
          few * in_sigmas(s.mean - kUsualMean, s),
          few * apart,
          few * day};
}

DaySpreadColumns day_spread_columns(const DayState& s, const DayAhead& ahead) {
  const float apart = in_sigmas(s.level - s.rhythm, s);
  const auto h = harmonics(ahead.minute);
  return {1,
          little_known(s),
          std::log(s.sigma / kUsualSigma),
          std::log(s.day_sd / s.sigma),
          std::abs(apart),
          apart,
          in_sigmas(ahead.rhythm - s.mean, s),
          in_sigmas(s.day - s.mean, s),
          h[0],
          h[1],
          h[2],
          h[3]};
}

}  // namespace glucose
