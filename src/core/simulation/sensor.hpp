// SPDX-License-Identifier: PostgreSQL
// A continuous glucose monitor: what the database sees of the plasma glucose.
//
// [B] Breton, Kovatchev, "Analysis, modeling, and simulation of the accuracy of continuous glucose sensors", Journal
//     of Diabetes Science and Technology 2(5):853-862, 2008: a first-order lag, then AR(1) noise with coefficient 0.7
//     at 15 minutes (0.7^(1/3) at 5 minutes here). Their Johnson distribution is replaced by a normal one.
// [F] Facchinetti et al., "Modeling the glucose sensor error", IEEE Transactions on Biomedical Engineering
//     61(3):620-629, 2014: error = lag + calibration that drifts over the session + autocorrelated noise.
// The sizes are chosen for a mean absolute relative difference (MARD) of 8-10 %, that of present 10-day sensors.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/random.hpp"
#include "core/base/types.hpp"

namespace glucose::sim {

inline constexpr int kSensorIntervalMin = 5;
inline constexpr int kSensorSessionDays = 10;
inline constexpr float kSensorLow = 40.0F, kSensorHigh = 400.0F;  // mg/dL, what the device reports at most

/// What a sensor did that its readings do not say, from a minute to another.
struct SensorLabel {
  enum class Kind : std::uint8_t { gap, warm_up, compression } kind;
  Micros begin, end;
  float depth_mg_dl;  // compression: how much too low at most
};

/// One moment at which there should be a reading.
struct SensorSlot {
  Micros at;
  float faultless;  // mg/dL: what would be shown without compression; not limited to what the device reports
  float noiseless;  // the same without noise
  bool delivered;
};

/// For who wants to know what was really there: labels by begin and slots by time.
struct SensorRecord {
  std::vector<SensorLabel> labels;
  std::vector<SensorSlot> slots;
};

/// One person's sensors, one after the other. Call once a minute with the plasma glucose.
class Sensor {
 public:
  Sensor(Random random, double plasma_mg_dl);
  /// The reading of this minute when there is one (every fifth minute, unless it is lost). `minute` counts from the
  /// midnight of day 0 and grows by one a call; the timestamp has a few seconds of jitter but stays in its minute.
  std::optional<Reading> step_minute(std::int64_t minute, double plasma_mg_dl);
  /// What the display of the person shows, mg/dL: the last measured value, also when the database did not get it.
  float shown_mg_dl() const { return shown_mg_dl_; }
  /// From here on; draws nothing, so readings are the same.
  void keep_record() { keeps_record_ = true; }
  const SensorRecord& record() const { return record_; }

 private:
  static constexpr std::int64_t kLongAgo = -1'000'000;  // before any minute simulated

  void start_session(std::int64_t minute);
  void advance_faults(std::int64_t minute);
  void note(SensorLabel::Kind kind, std::int64_t begin, std::int64_t end, double depth_mg_dl = 0);
  /// What the device would say without compression, and without noise.
  struct Measured {
    double faultless, noiseless;
  };
  Measured measured(std::int64_t minute);
  double pressed_by(std::int64_t minute) const;

  Random random_;
  double interstitial_mg_dl_;
  double noise_ = 0;                                        // AR(1), standard normal in the long run
  double gain_ = 1, offset_mg_dl_ = 0, drift_per_day_ = 0;  // calibration of the session
  double gaps_per_day_, compression_per_night_;             // the person's
  double compression_mg_dl_ = 0;
  std::int64_t session_start_ = 0, session_end_ = 0;
  std::int64_t gap_end_ = kLongAgo, compression_start_ = kLongAgo, compression_end_ = kLongAgo;
  int phase_min_, phase_s_;
  bool started_ = false;
  float shown_mg_dl_;
  bool keeps_record_ = false;
  SensorRecord record_;
};

}  // namespace glucose::sim
