// SPDX-License-Identifier: PostgreSQL
#include "core/simulation/sensor.hpp"

#include <algorithm>
#include <cmath>

namespace glucose::sim {

namespace {
constexpr std::int64_t kDayMin = 1440;
constexpr double kLagMin = 10;                           // [B][F]: 5-15 min
constexpr double kNoiseShare = 0.065, kNoiseFloor = 80;  // SD of the AR(1) part: 6.5 % of at least 80 mg/dL
constexpr double kWhiteMgDl = 1.2;
constexpr double kGainSd = 0.06, kDriftSd = 0.05, kOffsetSd = 3;  // drift: relative, over a whole session
constexpr double kLostChance = 0.012;
constexpr std::int64_t kWarmUpMin = 120;  // a new sensor says nothing for two hours
}  // namespace

Sensor::Sensor(Random random, double plasma_mg_dl)
    : random_(random), interstitial_mg_dl_(plasma_mg_dl), shown_mg_dl_(static_cast<float>(plasma_mg_dl)) {
  gaps_per_day_ = random_.uniform(0.1, 0.6);
  compression_per_night_ = random_.uniform(0.0, 0.06);
  phase_min_ = static_cast<int>(random_.below(kSensorIntervalMin));
  phase_s_ = static_cast<int>(random_.below(55));
  noise_ = random_.normal();
}

void Sensor::start_session(std::int64_t minute) {
  gain_ = 1 + kGainSd * random_.normal();
  offset_mg_dl_ = kOffsetSd * random_.normal();
  drift_per_day_ = kDriftSd * random_.normal() / kSensorSessionDays;
  session_start_ = minute;
  session_end_ = minute + kSensorSessionDays * kDayMin;
  if (started_) {
    gap_end_ = std::max(gap_end_, minute + kWarmUpMin);
    note(SensorLabel::Kind::warm_up, minute, minute + kWarmUpMin);
    phase_min_ = static_cast<int>(random_.below(kSensorIntervalMin));
    phase_s_ = static_cast<int>(random_.below(55));
  } else {
    // The first session is under way already, at any point of its ten days; it ends by day, when people change it.
    const auto days = std::int64_t{1} + random_.below(kSensorSessionDays);
    session_end_ = minute + (days + 1) * kDayMin + 480 + static_cast<std::int64_t>(random_.below(780));
    session_start_ = session_end_ - kSensorSessionDays * kDayMin;
  }
  started_ = true;
}

void Sensor::advance_faults(std::int64_t minute) {
  if (minute >= session_end_) start_session(minute);
  const double slots_per_day = static_cast<double>(kDayMin) / kSensorIntervalMin;
  if (minute >= gap_end_ && random_.uniform() < gaps_per_day_ / slots_per_day) {
    // Log-uniform from 20 minutes to 6 hours: the phone was away, the transmitter out of reach.
    gap_end_ = minute + static_cast<std::int64_t>(20 * std::pow(18.0, random_.uniform()));
    note(SensorLabel::Kind::gap, minute, gap_end_);
  }
  const std::int64_t minute_of_day = ((minute % kDayMin) + kDayMin) % kDayMin;
  const bool night = minute_of_day < 360;
  if (night && minute >= compression_end_ && random_.uniform() < compression_per_night_ / 72) {
    compression_start_ = minute;
    compression_end_ = minute + 15 + static_cast<std::int64_t>(random_.below(40));
    compression_mg_dl_ = random_.uniform(15, 45);
    note(SensorLabel::Kind::compression, minute, compression_end_, compression_mg_dl_);
  }
}

void Sensor::note(SensorLabel::Kind kind, std::int64_t begin, std::int64_t end, double depth_mg_dl) {
  if (keeps_record_) record_.labels.push_back({kind, begin * kMinute, end * kMinute, static_cast<float>(depth_mg_dl)});
}

Sensor::Measured Sensor::measured(std::int64_t minute) {
  constexpr double kCorrelation = 0.8879040017426007;  // 0.7^(1/3)
  noise_ = kCorrelation * noise_ + std::sqrt(1 - kCorrelation * kCorrelation) * random_.normal();
  const double days = static_cast<double>(minute - session_start_) / static_cast<double>(kDayMin);
  // The drift is centred on the session, so that the gain is that of its middle.
  const double gain = gain_ + drift_per_day_ * (days - kSensorSessionDays / 2.0);
  const double noiseless = gain * interstitial_mg_dl_ + offset_mg_dl_;
  double value = noiseless;
  value += noise_ * kNoiseShare * std::max(kNoiseFloor, interstitial_mg_dl_) + kWhiteMgDl * random_.normal();
  return {value, noiseless};
}

double Sensor::pressed_by(std::int64_t minute) const {
  if (minute >= compression_end_) return 0;
  const double since = static_cast<double>(minute - compression_start_);
  const double left = static_cast<double>(compression_end_ - minute);
  return compression_mg_dl_ * std::min({1.0, (since + 5) / 15, left / 10});
}

std::optional<Reading> Sensor::step_minute(std::int64_t minute, double plasma_mg_dl) {
  if (!started_) start_session(minute);
  interstitial_mg_dl_ += (plasma_mg_dl - interstitial_mg_dl_) * (1 - std::exp(-1 / kLagMin));
  const std::int64_t in_interval = ((minute % kSensorIntervalMin) + kSensorIntervalMin) % kSensorIntervalMin;
  if (in_interval != phase_min_) return std::nullopt;
  advance_faults(minute);
  const Measured value = measured(minute);
  const auto rounded = static_cast<float>(std::round(value.faultless - pressed_by(minute)));
  const bool lost = random_.uniform() < kLostChance;
  const auto jitter_s = static_cast<std::int64_t>(random_.below(5));
  shown_mg_dl_ = std::clamp(rounded, kSensorLow, kSensorHigh);
  const Micros at = minute * kMinute + (phase_s_ + jitter_s) * kSecond;
  const bool delivered = !lost && minute >= gap_end_;
  if (keeps_record_)
    record_.slots.push_back({at, static_cast<float>(value.faultless), static_cast<float>(value.noiseless), delivered});
  if (!delivered) return std::nullopt;
  return Reading{at, at, shown_mg_dl_};
}

}  // namespace glucose::sim
