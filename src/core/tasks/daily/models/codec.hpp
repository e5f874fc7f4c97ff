// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "core/tasks/daily/models/daily_model.hpp"

namespace glucose {

std::vector<std::uint8_t> encode_daily(const DailyModel& model);
/// Throws Error model_mismatch when the bytes are not such a model.
DailyModel decode_daily(std::span<const std::uint8_t> bytes);

}  // namespace glucose
