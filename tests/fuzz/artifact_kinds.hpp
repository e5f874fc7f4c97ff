// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <cstdint>

namespace glucose {

/// What the first byte of artifact_fuzz's input, by eight, says the rest is: a payload of a task, all but the checksum,
/// or the whole.
enum class ArtifactKind : std::uint8_t { meal, meal2, cgm, daily, event, unsealed, raw };

}  // namespace glucose
