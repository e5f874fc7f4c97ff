// SPDX-License-Identifier: PostgreSQL
// What is watched beside the rows of any task: whole days of what was stored. A sensor that is off by as much as meals
// move glucose hides in single values; in the mean and the low end of a day it does not.
#pragma once
#include <string>
#include <vector>

#include "core/training/rows.hpp"

namespace glucose {

/// day_mean, day_low (a tenth of the readings is lower) and day_sd of the readings, mg/dL as stored, believed or not;
/// day_meals: meals at least 15 minutes apart, NaN where no meals are read.
std::vector<std::string> watched_of_days();

/// Shows the days (UTC) of the material's period that have readings in kHoursOfADay hours at least.
void show_days(const Material& material, std::size_t person, RowWatcher& watcher);
inline constexpr int kHoursOfADay = 16;

}  // namespace glucose
