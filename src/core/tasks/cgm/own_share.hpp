// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "core/tasks/cgm/training.hpp"

namespace glucose {

/// By head: of a person's correction of the population's, how much is served at each horizon, 0 … 1.
using CgmOwnShares = std::array<std::array<float, kCgmHorizons>, 2>;

/// Where the correction was better on the person's validation rows than the population's alone, and of those around
/// such a horizon only in part, so that a forecast has no steps.
CgmOwnShares cgm_own_shares(const CgmMeasured& of_population, const CgmMeasured& own);

}  // namespace glucose
