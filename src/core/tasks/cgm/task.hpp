// SPDX-License-Identifier: PostgreSQL
// Glucose from readings alone: the task's row of the table.
#pragma once
#include "core/tasks/task.hpp"

namespace glucose {

extern const Task kCgmTask;

}  // namespace glucose
