// SPDX-License-Identifier: PostgreSQL
// Yes-or-no questions: will an event of a rule come after an evening or a meal?
#pragma once
#include "core/tasks/event/model.hpp"
#include "core/tasks/task.hpp"

namespace glucose {

extern const Task kEventTask;

/// A model of the task.
const EventModel& event_model(const AnyModel& model);

}  // namespace glucose
