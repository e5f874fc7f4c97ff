// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <string_view>

namespace glucose {

/// Whether an IANA time zone's principal place is south of the equator, by the coordinates of tzdata's zone1970.tab and
/// of the names that point there; Antarctica is. Any other name: false.
bool is_south(std::string_view zone);

}  // namespace glucose
