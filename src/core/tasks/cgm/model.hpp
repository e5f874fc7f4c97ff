// SPDX-License-Identifier: PostgreSQL
// Shapes: K horizons, P columns, S columns of the spread, Q levels.
#pragma once
#include <optional>
#include <span>
#include <vector>

#include "core/asking/answer.hpp"
#include "core/tasks/cgm/day.hpp"
#include "core/tasks/cgm/fit.hpp"
#include "core/tasks/cgm/interval.hpp"
#include "core/tasks/cgm/own_past.hpp"
#include "core/tasks/cgm/series.hpp"

namespace glucose {

/// A trained forecast from readings alone, of a person or of many: a person's holds all it needs, too.
struct CgmModel {
  CgmHead median, mean;               // [P × K]: what mostly happens (robust), and least squares
  std::vector<float> spread;          // [K × S]
  std::vector<float> few_spread;      // [kCgmFewKnown × K × S] the same, where so little of a window is known
  std::vector<float> quantiles;       // [K × Q] of (outcome - median head) / spread
  int n_residuals = 0;                // behind the quantiles
  CgmTrees median_trees, mean_trees;  // what trees add to the heads; none: nothing
  DayModel day;                       // of moments more than an hour ahead

  bool has_trees() const { return !median_trees.empty() || !mean_trees.empty(); }
  std::span<const float> quantiles_of(std::size_t k) const {
    return {quantiles.data() + k * kCgmLevelCount, kCgmLevelCount};
  }
};

/// What the model says at its horizons, counted from the last reading; not limited to what a sensor can show.
struct CgmNodes {
  std::array<float, kCgmHorizons> median, mean, spread;  // mg/dL
};
CgmNodes cgm_nodes(const CgmModel& model, const CgmWindow& window, int minute_of_day, const CgmTrust& trust = {},
                   const CgmOwnPast& own = {});
/// The same from what a window was turned into. in: cgm_columns [P], cgm_spread_columns, the last reading
CgmNodes cgm_nodes(const CgmModel& model, const float* columns, const CgmSpreadColumns& spread, float level,
                   const CgmTrust& trust = {}, const CgmOwnPast& own = {});
/// What is said of a moment whose window ends at an edge of the sensor's range: nothing beyond it.
float within_limit(float mg_dl, float level, const CgmTrust& trust);
/// How wide the outcomes of a moment are at horizon k, mg/dL.
float cgm_spread_at(const CgmModel& model, std::size_t k, const CgmSpreadColumns& columns, const CgmTrust& trust);
/// The place in kCgmFewKnown that serves a window of which so many values are known; none when there are enough.
std::optional<std::size_t> cgm_few_of(std::size_t known);

void wipe(CgmModel& model);

/// How far ahead a forecast can be asked for, and of how many moments: every five minutes of a day.
inline constexpr int kCgmFarthestMin = kDayLongestMin;
inline constexpr int kCgmMostPoints = kCgmFarthestMin / kCgmStepMin;
static_assert(kCgmMostPoints <= kMostAnswers);
/// Between these two the forecast of the last hours fades into that of a day; up to the first, only the last hours
/// count.
inline constexpr int kCgmFadesFromMin = 60, kCgmFadesToMin = 150;
/// How much of a forecast is that of a day, 0 … 1.
constexpr float cgm_share_of_day(int minutes_ahead) {
  const auto past = static_cast<float>(minutes_ahead - kCgmFadesFromMin);
  return std::clamp(past / (kCgmFadesToMin - kCgmFadesFromMin), 0.0F, 1.0F);
}

/// What is asked of a forecast. horizons: minutes after `at`, ascending.
struct CgmQuestion {
  Micros at = 0;
  int utc_offset_min = 0;  // of the person's clock then
  int n_minutes = 0;
  std::array<int, kCgmMostPoints> minutes{};
  double level = 0.9;
  Head head = Head::usual;

  constexpr int farthest() const { return n_minutes > 0 ? minutes[static_cast<std::size_t>(n_minutes) - 1] : 0; }
  constexpr bool asks_for_rhythm() const { return farthest() > kCgmFadesFromMin; }
};

struct CgmForecastPoint {
  int minutes_ahead;
  float mg_dl, lower, upper;  // lower <= mg_dl <= upper, all in 20 … 600
  float score;                // probability that the outcome is within 20 mg/dL or 20 % of mg_dl
  float mean_mg_dl;           // what minimises squared errors; in 20 … 600
  float below_70, above_180;  // probabilities
  bool limited;               // the model said more or less than a sensor can show
  float rhythm;               // of the person at that time of day, where it counts; else NaN
  Confidence at_most;         // far ahead, by how many days are known
};
/// The forecast at the model's k-th horizon after a moment that is so long after the last reading.
CgmForecastPoint cgm_point_at_horizon(const CgmModel& model, const CgmNodes& nodes, std::size_t k, double level,
                                      double since_reading_min = 0);

struct CgmForecast {
  int n = 0;
  std::array<CgmForecastPoint, kCgmMostPoints> points{};
  CgmWindow window{};             // that it looked at
  CgmOwnPast own{};               // how the model was served
  std::optional<DayState> state;  // and that, where the rhythm counts
};
static_assert(std::is_trivially_copyable_v<CgmQuestion> && std::is_trivially_copyable_v<CgmForecast>);

inline constexpr Micros kCgmOldestReading = 60 * kMinute;
/// How far back a forecast of an hour looks: an old last reading, what its window and its own past look at, and the
/// reading before that.
inline constexpr Micros kCgmReach = kCgmOldestReading + kCgmPastReach + kCgmGap + kMinute;

/// Throws Error model_mismatch.
[[noreturn]] void forecast_not_finite();

/// What a forecast at a moment looks at.
struct CgmSeen {
  CgmWindow window;  // that ends with the last reading, or what is believed instead of it
  CgmTrust trust;
  Micros ends_at;
  int minute_of_day;         // of its end, on the person's clock
  double since_reading_min;  // from its end to the moment
};

/// What was known of a person at a moment: measured, and recorded.
struct CgmKnown {
  std::span<const Reading> readings;  // sorted by time, cgm_reach() back; whether known then or not
  const CgmSeries& series;
  std::size_t n;  // of the series were known then
  CgmPast& past;  // of the model that is asked
};
/// Throws Error too_little_history when the last reading known is older than an hour or there is none.
CgmSeen cgm_seen(const CgmKnown& known, Micros at, int utc_offset_min);
/// How far back a question looks: a month where the person's rhythm counts.
Micros cgm_reach(const CgmModel& model, const CgmQuestion& question);

/// The forecast at a moment from the readings known then. The model counts from the last reading; what is asked lies
/// between its horizons, and beyond 120 minutes after that reading the last one holds, with an interval that grows with
/// the square root of time. From 60 to 150 minutes ahead that fades into the forecast of a day, which knows the
/// person's rhythm of the last 30 days and of which the mean is said unless the median is asked for. More than two
/// hours ahead confidence is high at most when 7 of these days are known, medium when 2 are. in: the clock over the
/// readings when more than an hour is asked for (none: as it is now) · throws as cgm_seen(); model_mismatch when the
/// forecast is not finite or the model has no part for what is asked
CgmForecast cgm_forecast(const CgmModel& model, const CgmKnown& known, const CgmQuestion& question,
                         const DayClock& clock);

}  // namespace glucose
