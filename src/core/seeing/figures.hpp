// SPDX-License-Identifier: PostgreSQL
// Numbers as sentences have them.
#pragma once
#include <string>

#include "core/base/units.hpp"

namespace glucose {

/// A level or a difference of levels in the unit, with the decimals of the unit and the mark of the language; no unit.
std::string in_figures(double mg_dl, GlucoseUnit unit, bool german);

/// Whole percent, below 10 with a decimal; no sign.
std::string in_percent(double pct, bool german);

}  // namespace glucose
