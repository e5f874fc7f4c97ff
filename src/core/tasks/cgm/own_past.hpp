// SPDX-License-Identifier: PostgreSQL
// What a person's own last day says of a model, whoever it was learnt from. Shapes: K horizons, H of them looked at.
#pragma once
#include <unordered_map>

#include "core/tasks/cgm/series.hpp"

namespace glucose {

struct CgmModel;

/// A model is looked at 30, 60 and 120 minutes ahead.
inline constexpr std::array<std::size_t, 3> kCgmPastHorizons{5, 11, 23};
using CgmAtPast = std::array<float, kCgmPastHorizons.size()>;  // [H]

/// How a model is served to a person. Without any past: as it is.
struct CgmOwnPast {
  float mean = kUnknown;     // of the readings of the last day, mg/dL
  float median_calm = 0;     // share of the calm forecast in the median head, 0 … 1,
  float mean_calm = 0;       // and in the mean head
  CgmAtPast wider{1, 1, 1};  // times the spread

  /// What a calm forecast says: from the last reading back to the day's mean, two thirds of the way in 220 minutes.
  /// It sees no slopes, so whatever the sensor's noise is like, it cannot follow it. mg/dL
  float calm_change(std::size_t k, float level) const { return calm_change(k, level, mean); }
  static float calm_change(std::size_t k, float level, float mean);
  /// A head's change at horizon k with its share of the calm one.
  float mixed(float change, float share, std::size_t k, float level) const {
    return share > 0 ? change + share * (calm_change(k, level) - change) : change;
  }
  float wider_at(std::size_t k) const;
};
static_assert(std::is_trivially_copyable_v<CgmOwnPast>);

/// How many moments of a day are looked at.
inline constexpr std::size_t kCgmPastMoments = 48;
/// How far back a person's past counts: the moments of a day, and the day before each.
inline constexpr Micros kCgmPastReach = 2 * kDay;

/// Asks a model about the moments of a person's last day, half an hour apart, whose outcomes are known by now, and
/// compares. Moments in doubt, or with less than kCgmLeastKnown values before them, do not count. The heads' linear
/// part is asked: trees add next to nothing to what is looked for, at five times the cost.
/// The share of the calm forecast is what would have been best, 30 minutes ahead, less one standard error, pulled to
/// none as by 30 moments where the two differ by one spread. The spread is multiplied by the errors' mean size over
/// what the model's quantiles say of it, pulled to 1 as by 4 independent outcomes; only the root of what is narrower.
/// The baseline, whose heads add nothing to the last reading, stays that.
/// What the model said at a moment is kept for the next question: it hangs on the readings up to it alone.
class CgmPast {
 public:
  /// model, series and what the clock points to must outlive it
  CgmPast(const CgmModel& model, const CgmSeries& series, const DayClock& clock);
  /// in: the last reading known, and the end of its window
  CgmOwnPast at(std::size_t last, Micros now);
  /// To be called before readings of the series later than this are others.
  void changed_after(Micros at);
  std::size_t bytes() const;

 private:
  struct Moment {
    bool counts = false;
    Micros at = 0;
    float level = 0, day_mean = 0;                    // mg/dL
    float mean_change = 0;                            // of the mean head, at the first of the horizons
    CgmAtPast change{}, spread{};                     // of the median head
    CgmAtPast outcome{kUnknown, kUnknown, kUnknown};  // what came, as a change, once it was looked for
  };
  /// Those that count, latest first.
  struct LastDay {
    std::array<Moment*, kCgmPastMoments> all;
    std::size_t n = 0;
    std::span<Moment* const> moments() const { return {all.data(), n}; }
  };
  LastDay last_day(std::size_t last, Micros now);
  Moment asked(std::size_t i) const;
  bool is_known(Moment& moment, std::size_t h, Micros now) const;
  float wider(const LastDay& day, std::size_t h, Micros now, float share) const;

  const CgmModel& model_;
  const CgmSeries& series_;
  DayClock clock_;
  bool is_baseline_;
  CgmAtPast expected_{};                          // mean size of a scaled residual
  std::unordered_map<std::size_t, Moment> kept_;  // by reading
};

}  // namespace glucose
