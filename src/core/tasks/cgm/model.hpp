// SPDX-License-Identifier: PostgreSQL
// Shapes: K horizons, P columns, S columns of the spread, Q levels.
#pragma once
#include <span>
#include <vector>

#include "core/readings/sensor.hpp"
#include "core/tasks/cgm/fit.hpp"
#include "core/tasks/cgm/interval.hpp"

namespace glucose {

/// A trained forecast from readings alone, of a person or of many: a person's holds all it needs, too.
struct CgmModel {
  CgmHead median, mean;               // [P × K]: what mostly happens (robust), and least squares
  std::vector<float> spread;          // [K × S]
  std::vector<float> quantiles;       // [K × Q] of (outcome - median head) / spread
  int n_residuals = 0;                // behind the quantiles
  CgmTrees median_trees, mean_trees;  // what trees add to the heads; none: nothing

  bool has_trees() const { return !median_trees.empty() || !mean_trees.empty(); }
  std::span<const float> quantiles_of(std::size_t k) const {
    return {quantiles.data() + k * kCgmLevelCount, kCgmLevelCount};
  }
};

/// What the model says at its horizons, counted from the last reading; not limited to what a sensor can show.
struct CgmNodes {
  std::array<float, kCgmHorizons> median, mean, spread;  // mg/dL
};
CgmNodes cgm_nodes(const CgmModel& model, const CgmWindow& window, int minute_of_day);
/// The same from what a window was turned into. in: cgm_columns [P], cgm_spread_columns, the last reading
CgmNodes cgm_nodes(const CgmModel& model, const float* columns, const CgmSpreadColumns& spread, float level);

void wipe(CgmModel& model);

/// What is asked of a forecast. horizons: minutes after `at`, ascending.
struct CgmQuestion {
  Micros at = 0;
  int utc_offset_min = 0;  // of the person's clock then
  int n_minutes = 0;
  std::array<int, kCgmLongestMin> minutes{};
  double level = 0.9;
};

struct CgmForecastPoint {
  int minutes_ahead;
  float mg_dl, lower, upper;  // lower <= mg_dl <= upper, all in 20 … 600
  float score;                // probability that the outcome is within 20 mg/dL or 20 % of mg_dl
  float mean_mg_dl;           // what minimises squared errors; in 20 … 600
  float below_70, above_180;  // probabilities
  bool limited;               // the model said more or less than a sensor can show
};
/// The forecast at the model's k-th horizon after the last reading.
CgmForecastPoint cgm_point_at_horizon(const CgmModel& model, const CgmNodes& nodes, std::size_t k, double level);

struct CgmForecast {
  int n = 0;
  std::array<CgmForecastPoint, kCgmLongestMin> points{};
  CgmWindow window{};  // that it looked at
};
static_assert(std::is_trivially_copyable_v<CgmQuestion> && std::is_trivially_copyable_v<CgmForecast>);

inline constexpr Micros kCgmOldestReading = 60 * kMinute;
/// How far back a forecast looks: an old last reading, its window, and the reading before that window.
inline constexpr Micros kCgmReach =
    kCgmOldestReading + static_cast<Micros>(kCgmWindow - 1) * kCgmStep + kCgmGap + kMinute;

/// Throws Error model_mismatch.
[[noreturn]] void forecast_not_finite();

/// What a forecast at a moment looks at.
struct CgmSeen {
  CgmWindow window;          // that ends with the last reading
  int minute_of_day;         // of that reading, on the person's clock
  double since_reading_min;  // from it to the moment
};
/// in: readings sorted by time, kCgmReach back; those known at the moment (measured and recorded) count · throws Error
/// too_little_history when the last one is older than an hour or there is none
CgmSeen cgm_seen(std::span<const Reading> readings, Micros at, int utc_offset_min);

/// The forecast at a moment from the readings known then (measured and recorded). The model counts from the last
/// reading; what is asked lies between its horizons, and beyond 120 minutes after that reading the last one holds, with
/// an interval that grows with the square root of time.
/// in, throws: as cgm_seen(); model_mismatch when the forecast is not finite
CgmForecast cgm_forecast(const CgmModel& model, std::span<const Reading> readings, const CgmQuestion& question);

}  // namespace glucose
