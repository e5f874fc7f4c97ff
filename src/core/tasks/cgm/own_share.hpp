// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "core/tasks/cgm/training.hpp"

namespace glucose {

/// By head: of a person's correction of the population's, how much is served at each horizon, 0 … 1.
using CgmOwnShares = std::array<std::array<float, kCgmHorizons>, 2>;

/// Where the correction was better on the person's validation rows than the population's alone, and of those around
/// such a horizon only in part, so that a forecast has no steps.
CgmOwnShares cgm_own_shares(const CgmMeasured& of_population, const CgmMeasured& own);

/// What is served: the population's head and so much of the correction.
void fade_to_population(CgmHead& own, const CgmHead& of_population, const std::array<float, kCgmHorizons>& share);

}  // namespace glucose
