// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <string_view>

namespace glucose {

/// Turns a value of one unit into another, in which it stays when the units are the same. Names are those of
/// glucose.metric and of devices, in upper or lower case; false when there is no way.
bool convert_unit(std::string_view from, std::string_view to, double& value);

}  // namespace glucose
