// SPDX-License-Identifier: PostgreSQL
// A model of one metric. Inside it works with changes: how far a day is from the person's own level of the 30 days
// before, of the metric or, where its spread grows with its size, of its logarithm. Shapes: P columns, S scores.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/learn/sequence_model.hpp"
#include "core/learn/trees.hpp"
#include "core/math/scaler.hpp"
#include "core/tasks/daily/rows/daily_rows.hpp"
#include "core/training/options.hpp"

namespace glucose {

inline constexpr int kDayAheadMin = 24 * 60;

/// A line through some of the columns.
struct DailyLine {
  std::size_t first = 0, count = 0;  // of the columns
  Scaler scaler;                     // [count]
  std::vector<float> slopes;         // [count]
  float intercept = 0;

  float predict(std::span<const float> columns) const;
};

/// One of the forecasts that are weighed: a line, trees, or a network's head.
struct DailyPart {
  Algorithm algorithm = Algorithm::ridge;
  DailyLine line;
  Trees trees;
  std::optional<SequenceModel> network;

  /// The change. sequence: T × kSequenceColumns, of a network
  float predict(std::span<const float> columns, const float* sequence) const;
};

/// What is followed: the naive forecasts, and the parts together.
inline constexpr std::size_t kExperts = kNaiveKinds + 1, kTogether = kNaiveKinds;
using Experts = std::array<float, kExperts>;  // changes

struct DailyModel {
  /// So many days a person's own errors are followed; fewer where a network has to be asked about each.
  static constexpr int kFollowedDays = 60, kFollowedByNetwork = 14;

  DailySubject subject;
  Algorithm algorithm = Algorithm::automatic;
  int lookback = 90, sequence = 0;
  int alpha = 3;  // of kAlphas
  std::vector<DailyPart> parts;
  std::vector<float> part_weights;      // sum 1; none: no parts
  std::array<float, kExperts> prior{};  // how much each expert counts before anything is known of the person; sum 1
  float eta = 0;                        // how fast a person's own errors move that; 0: never
  float shrink = 0;  // days against which the person's own mean error is weighed; 0: it does not count
  float spread = 1, naive_spread = 1;  // mean absolute error, and that of smoothing
  float optimism = 1;                  // what errors on rows that were learnt from are multiplied by
  Micros learnt_until = 0;
  std::vector<float> scores;  // [S] |error| / spread, ascending

  bool is_log() const { return subject.is_log(); }
  bool has_network() const { return sequence > 0; }
  int followed() const { return has_network() ? kFollowedByNetwork : kFollowedDays; }
  Experts experts(std::span<const float> columns, const NaiveValues& naive, const float* sequence) const;
};

void wipe(DailyModel& model);

/// What a person's own errors say, one day after the other.
class DailyFollower {
 public:
  explicit DailyFollower(const DailyModel& model) : model_(&model) {}

  /// A day whose outcome is known by now. learnt: whether the model has learnt from it
  void observe(const Experts& experts, float change, bool learnt);
  /// The change that is served.
  float forecast(const Experts& experts) const { return weighed(experts) + own_error(); }
  std::array<double, kExperts> weights() const;
  /// What is added for the person's own mean error.
  float own_error() const;
  /// The unit of scores.
  float spread() const;

 private:
  float weighed(const Experts& experts) const;

  const DailyModel* model_;
  std::array<double, kExperts> losses_{};
  double errors_ = 0, naive_ = 0, n_ = 0;
};

/// Half an interval, in units of the spread: the smallest score that at least the level of them, and of one more that
/// is to come, does not exceed (split conformal, Lei et al. 2018). in: scores, ascending
float half_width(std::span<const float> scores, double level);

/// In the metric's unit.
struct DailyForecast {
  float value = kUnknown, lower = kUnknown, upper = kUnknown;
  float near = 0;  // probability that what happens is within a tenth of the value
  bool limited = false;
};
/// half_width: of the interval, in units of the spread
DailyForecast daily_forecast(const DailyModel& model, const DailyFollower& follower, const Experts& experts,
                             float level_of_person, float half_width);

}  // namespace glucose
