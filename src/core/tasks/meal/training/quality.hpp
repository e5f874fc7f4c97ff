// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "core/tasks/meal/training/training.hpp"

namespace glucose {

/// Fills rejected, production_ready and quality_issues of a finished training.
/// rejected: not finite, or worse than persistence on validation by more than chance explains. production_ready: not
/// rejected, and on 10 test rows or more R² > 0.5, MAPE < 15 % and better than persistence, means over horizons.
void judge(TrainingOutcome& outcome);

/// Mean over horizons of one field of the metrics.
double mean_of(const std::vector<Metrics>& metrics, double Metrics::*field);

}  // namespace glucose
