// SPDX-License-Identifier: PostgreSQL
// The envelope of every model's bytes: magic "PGGM", format 3, task, schema, payload with its size, CRC-32 of all
// before it; little-endian. What is inside is the task's own.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace glucose {

inline constexpr std::size_t kMaxArtifactBytes = std::size_t{32} << 20;

/// What an envelope holds, pointing into its bytes.
struct Artifact {
  std::string_view task, schema;
  std::span<const std::uint8_t> payload;
};

std::vector<std::uint8_t> sealed(std::string_view task, std::string_view schema, std::span<const std::uint8_t> payload);

/// Throws Error model_mismatch for anything damaged, foreign or oversized.
Artifact opened(std::span<const std::uint8_t> bytes);

/// The payload of an artifact of one task and schema; throws Error model_mismatch for another one's.
std::span<const std::uint8_t> payload_of(std::span<const std::uint8_t> bytes, std::string_view task,
                                         std::string_view schema);

}  // namespace glucose
