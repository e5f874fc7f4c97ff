// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "core/tasks/daily/models/daily_model.hpp"
#include "core/tasks/task.hpp"

namespace glucose {

/// Metrics of days, one day ahead: model type 'daily:METRIC'.
extern const Task kDailyTask;

/// A model of this task, for what only this task can answer.
const DailyModel& daily_model(const AnyModel& model);

}  // namespace glucose
