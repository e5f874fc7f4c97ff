// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "core/base/wipe.hpp"
#include "core/tasks/meal/models/model.hpp"

namespace glucose {

void wipe(Model& model);

}  // namespace glucose
