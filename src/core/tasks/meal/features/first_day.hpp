// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "core/tasks/meal/features/rich_features.hpp"

namespace glucose {

/// A meal as it would be seen were nothing known but the three hours before it, as far as its own columns say: means
/// and SDs of days become those of three hours, from the changes that are known, and what is usual at this time of day,
/// what moments alike and earlier meals led to, and what is usually eaten are not known. For learning what forecasts of
/// a first day need from persons of whom more is known.
RichVector as_on_first_day(const RichVector& rich);

}  // namespace glucose
