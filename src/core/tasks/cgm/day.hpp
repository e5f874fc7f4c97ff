// SPDX-License-Identifier: PostgreSQL
// Forecasts from one hour to a day ahead. Shapes: D nodes, C columns, S columns of the spread, Q levels.
#pragma once
#include <span>
#include <vector>

#include "core/base/byte_io.hpp"
#include "core/tasks/cgm/day_features.hpp"
#include "core/tasks/cgm/interval.hpp"

namespace glucose {

/// What is learnt of a day: how far from a person's rhythm glucose is to be expected, and how widely it varies about
/// that. In sigmas of the person, so that one set of weights does for a steady and for a varying one.
struct DayModel {
  std::vector<float> mean;       // [D × C]
  std::vector<float> spread;     // [D × S] of log spread
  std::vector<float> quantiles;  // [D × Q] of (outcome - mean) / spread
  int n_residuals = 0;           // behind the quantiles at the first node

  bool empty() const { return mean.empty(); }
  std::span<const float> quantiles_of(std::size_t node) const {
    return {quantiles.data() + node * kCgmLevelCount, kCgmLevelCount};
  }
};

/// In sigmas. in: the weights of one node, or in between
float day_mean(const float* weights, const DayColumns& columns);
float day_spread(const float* weights, const DaySpreadColumns& columns);

/// What the model says of one moment: a distribution, mg/dL, not limited to what a sensor can show.
class DayOutlook {
 public:
  /// in: minutes after the last reading; beyond a day the weights of a day hold
  DayOutlook(const DayModel& model, const DayPast& past, double minutes);
  float mean() const { return mean_; }
  float rhythm() const { return rhythm_; }  // of the person at that time of day
  float quantile(double p) const;
  float below(float mg_dl) const;

 private:
  const DayModel& model_;
  std::size_t before_, after_;
  float weight_;  // of `after`
  float rhythm_, mean_, spread_;
};

void wipe(DayModel& model);

void write(ByteWriter& out, const DayModel& model);
/// Throws Error model_mismatch for what is damaged; none at all is a model, too.
DayModel read_day_model(ByteReader& in);

}  // namespace glucose
