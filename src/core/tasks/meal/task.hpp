// SPDX-License-Identifier: PostgreSQL
// Glucose after meals: the task's row of the table, and what is asked about meals alone.
#pragma once
#include "core/tasks/meal/asking/curve.hpp"
#include "core/tasks/task.hpp"

namespace glucose {

extern const Task kMealTask;

/// The task's own kind of model.
const Model& meal_model(const AnyModel& model);

/// The forecast between the model's horizons; see glucose_curve().
std::vector<CurvePoint> meal_curve(const AnyModel& model, const Known& known, const Question& question, int step_min);

}  // namespace glucose
