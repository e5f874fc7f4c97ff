// SPDX-License-Identifier: PostgreSQL
// Models of yes or no ↔ bytes, inside the envelope of model/artifact.hpp.
#pragma once
#include "core/tasks/event/model.hpp"

namespace glucose {

inline constexpr std::string_view kEventSchema = "event/1";

std::vector<std::uint8_t> encode_event(const EventModel& model);
/// Throws Error model_mismatch for anything damaged.
EventModel decode_event(std::span<const std::uint8_t> bytes);

}  // namespace glucose
