// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "core/model/artifact.hpp"
#include "core/tasks/meal/models/model.hpp"

namespace glucose {

/// Model ↔ bytes, in the envelope of model/artifact.hpp: algorithm, horizons, intervals, predictor, memory;
/// little-endian. decode throws Error model_mismatch for anything damaged, foreign, oversized or not finite.
std::vector<std::uint8_t> encode(const Model& model);
Model decode(std::span<const std::uint8_t> bytes);

}  // namespace glucose
