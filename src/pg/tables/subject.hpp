// SPDX-License-Identifier: PostgreSQL
// READ: what a model is about, where its task forecasts several things: a row of the catalog of metrics or of events.
#pragma once
#include "core/base/subject.hpp"
#include "core/tasks/task.hpp"
#include "pg/boundary/server.hpp"

namespace glucose::pg {

/// Of a model type, in `context`; empty for a task that forecasts one thing. Raises 22023 when there is no such row.
Subject read_subject(const Task& task, const char* model_type, MemoryContext context);

}  // namespace glucose::pg
