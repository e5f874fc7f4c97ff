// SPDX-License-Identifier: PostgreSQL
#include "core/days/inputs.hpp"

#include <algorithm>

namespace glucose {

static_assert(std::is_sorted(kInputNames.begin(), kInputNames.end()));

int input_of(std::string_view metric) {
  const auto* const found = std::lower_bound(kInputNames.begin(), kInputNames.end(), metric);
  return found != kInputNames.end() && *found == metric ? static_cast<int>(found - kInputNames.begin()) : -1;
}

}  // namespace glucose
