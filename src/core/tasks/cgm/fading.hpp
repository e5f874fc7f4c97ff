// SPDX-License-Identifier: PostgreSQL
// Heads that are served in part, without steps between one horizon and the next. Shapes: P columns, K horizons.
#pragma once
#include <array>

#include "core/tasks/cgm/model.hpp"

namespace glucose {

/// Means over the three horizons before and after each, as far as there are. in, out: [K]
std::array<double, kCgmHorizons> means_around(const std::array<double, kCgmHorizons>& values);

/// One head and so much of another as `share` says by horizon: head + share (other - head). in: share [K], 0 … 1
CgmHead mixed(const CgmHead& head, const CgmHead& other, const std::array<float, kCgmHorizons>& share);

}  // namespace glucose
