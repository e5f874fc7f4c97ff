// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "core/model/artifact.hpp"
#include "core/tasks/cgm/model.hpp"

namespace glucose {

/// CgmModel ↔ bytes, as of Model but for the schema. decode throws Error model_mismatch for anything damaged, foreign,
/// oversized or not finite.
std::vector<std::uint8_t> encode_cgm(const CgmModel& model);
CgmModel decode_cgm(std::span<const std::uint8_t> bytes);

}  // namespace glucose
