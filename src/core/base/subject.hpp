// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <cstdint>
#include <limits>
#include <string_view>

namespace glucose {

/// What stands behind the ':' of a model_type: a row of which table.
enum class Subjects : std::uint8_t { none, metrics, events };

/// What a model is about, where its task forecasts several things. Empty where it forecasts one.
struct Subject {
  std::string_view name, unit;  // of the metric or the event
  float low = -std::numeric_limits<float>::infinity(), high = std::numeric_limits<float>::infinity();  // of a value
  std::string_view definition;  // of an event: its rule, as JSON
};

}  // namespace glucose
