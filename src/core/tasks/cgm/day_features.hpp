// SPDX-License-Identifier: PostgreSQL
// What readings say about the next day: the person's rhythm and where it stands now. The one place that says what the
// forecasts from one hour to a day ahead are linear in. Shapes: D nodes, C columns, S columns of the spread.
#pragma once
#include "core/tasks/cgm/series.hpp"

namespace glucose {

/// Where the weights of a day's forecast are kept, minutes after the last reading; linear in between.
inline constexpr std::array<int, 11> kDayNodesMin{60, 90, 120, 180, 240, 360, 480, 720, 960, 1200, 1440};
inline constexpr std::size_t kDayNodes = kDayNodesMin.size();  // D
inline constexpr std::size_t kDayColumns = 20;                 // C
inline constexpr std::size_t kDaySpreadColumns = 12;           // S
inline constexpr int kDayLongestMin = kDayNodesMin.back();

/// The rhythm is that of the last thirty days; a forecast looks a little further back than that.
inline constexpr Micros kDayPast = 30 * kDay;
inline constexpr Micros kDayReach = kDayPast + kDay;

using DayColumns = std::array<float, kDayColumns>;
using DaySpreadColumns = std::array<float, kDaySpreadColumns>;

/// Where a person stands at a reading; mg/dL but for the last two. Means of a time little is known of lie nearer to
/// the person's own.
struct DayState {
  float level;                       // the reading
  float mean, sigma;                 // of the last 30 days; sigma is shrunk to 25 mg/dL, which weighs as much as a day
  float rhythm;                      // at this time of day
  float six_hours, day, three_days;  // means
  float day_sd;                      // of the last 24 hours; nearer to sigma when little is known of them
  float days;                        // known of the last 30
  int minute;                        // of the person's day
};

/// A moment ahead of it; mg/dL.
struct DayAhead {
  float rhythm;     // the mean of that time of day, about 45 minutes around it, shrunk to the person's mean
  float yesterday;  // the value 24 hours before it less the rhythm; 0 when not known
  float plain;      // the mean within half an hour of that time of day, the person's mean when there is none: what a
                    // forecast has to beat, and what none is made of
  int minute;       // of the person's day
};

/// What is known of a person at one of its readings.
class DayPast {
 public:
  /// in: the series with the last 30 days before reading `origin`, and the clock over them
  DayPast(const CgmSeries& series, std::size_t origin, const DayClock& clock);

  const DayState& state() const { return state_; }
  DayAhead ahead(double minutes) const;

 private:
  static constexpr std::size_t kQuarters = 96;  // of a day
  struct Slots {
    std::array<float, kQuarters> sum{}, n{};
  };
  struct Sums {
    double sum = 0, squares = 0;
    float n = 0;
    void add(float mg_dl);
  };
  void add(Micros quarter, float mg_dl, const DayClock& clock);
  void take_means();
  void take_last_day();
  void take_rhythm();
  float rhythm_at(double minute) const;
  float yesterday_at(double minutes) const;

  Micros now_;           // a quarter-hour, counted from the epoch
  double past_now_min_;  // the reading's minutes into it
  DayState state_{};
  Sums all_, three_days_;                    // quarter-hours of the last 30 and 3 days
  Slots slots_;                              // by quarter-hour of the person's day
  std::array<float, kQuarters> rhythm_{};    // at the middle of each
  std::array<float, kQuarters + 4> recent_;  // quarter-hours back from now; NaN where not known
};

/// What the forecast's distance from the rhythm is linear in, in sigmas: 1 · the reading's distance from its rhythm and
/// from the mean · means of 6, 24 and 72 hours less the mean · the rhythm ahead less the mean · yesterday's distance
/// from it · two daily harmonics ahead · and those of which the weight falls with the days that are known: 1, the four
/// harmonics, the mean's distance from 110 mg/dL, the reading's distance, the mean of 24 hours.
DayColumns day_columns(const DayState& state, const DayAhead& ahead);

/// What the logarithm of the spread, in sigmas, is linear in: 1, how little is known, log sigma, log SD of the last
/// 24 hours, the reading's distance from its rhythm (absolute and signed), the rhythm ahead, the mean of 24 hours, two
/// daily harmonics.
DaySpreadColumns day_spread_columns(const DayState& state, const DayAhead& ahead);

/// Which columns a person's own correction is linear in: 1, the reading's distance, 24 hours, the rhythm.
inline constexpr std::array<std::size_t, 4> kDayOwn{0, 1, 4, 6};

}  // namespace glucose
