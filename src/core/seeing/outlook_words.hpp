// SPDX-License-Identifier: PostgreSQL
// An outlook in plain words.
#pragma once
#include <string>

#include "core/base/units.hpp"
#include "core/seeing/outlook.hpp"

namespace glucose {

/// One sentence of a day to come, 1: the coming 24 hours. Not of levels at moments.
std::string in_words(const ExpectedDay& outlook, Measure measure, int days_ahead, GlucoseUnit unit, bool german);

}  // namespace glucose
