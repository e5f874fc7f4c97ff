// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "core/asking/answer.hpp"
#include "core/asking/scored.hpp"
#include "core/tasks/cgm/groups.hpp"
#include "core/tasks/cgm/model.hpp"
#include "core/tasks/cgm/place.hpp"

namespace glucose {

/// Explains the forecast of one moment from readings alone. The baseline is the last reading: glucose stays what it is.
/// The head that is shown, median or mean, is linear: coefficient × column, summed by CgmGroup. Trees: TreeSHAP of the
/// columns they see, their mean with the constant; what they make of the linear forecast, which they see too, is
/// 'linear_forecast' (its value: that forecast, mg/dL). Of a person whose last day asks for calm (CgmOwnPast) all of
/// that counts less by its share, and 'last_day' (its value: the mean of that day, mg/dL) is the calm part. Between two
/// horizons of the model both count. 'limit': to 20 … 600 mg/dL, where it applies. More than an hour ahead all that
/// counts as much as it is served, and 'rhythm' (its value: of the person at that time of day, mg/dL) is what the
/// forecast of a day makes of it, limits included.
class CgmExplainer final : public Explainer {
 public:
  /// in: the model, which must outlive this; what was known, question and clock as of cgm_forecast(), of its first
  /// moment · throws as that
  CgmExplainer(const CgmModel& model, const CgmKnown& known, const CgmQuestion& question, const DayClock& clock = {});

  bool done() const override { return tree_horizon_ == kCgmTreeCount; }
  void step() override;
  Explanation take() const override;

 private:
  CgmExplainer(const CgmModel& model, const CgmKnown& known, const CgmQuestion& question, const CgmForecast& served);
  void add_line();
  float share_of_calm() const { return shows_mean_ ? own_.mean_calm : own_.median_calm; }
  void add_trees(std::size_t t, double share);
  double& part_of(std::size_t column) { return parts_[static_cast<std::size_t>(cgm_group_of(column))]; }

  const CgmHead& head_;
  const CgmTrees& trees_;
  CgmSeen seen_;
  CgmForecastPoint served_;
  CgmOwnPast own_;
  bool shows_mean_;
  CgmPlace place_;
  CgmColumns x_;
  std::array<double, kCgmGroups> parts_{};
  double linear_change_ = 0, of_linear_forecast_ = 0;  // what the head says; what trees make of it
  std::size_t tree_horizon_ = 0;
};

}  // namespace glucose
