// SPDX-License-Identifier: PostgreSQL
// What is said of a probability in words. Of wellness: nothing of medicine, dose, diagnosis or urgency.
#pragma once
#include <string>
#include <string_view>

#include "core/readings/sensor.hpp"

namespace glucose {

struct EventSaying {
  std::string_view what;            // the event in words, or its name
  float probability, lower, upper;  // 0 … 1
  float usual;                      // how often it is so; NaN: not known
  Confidence confidence;
  bool is_glucose;  // the event is about glucose: what is usual need not be well
};

/// At most 512 bytes, whatever the event's words.
std::string event_interpretation(const EventSaying& saying, bool german);
/// Says what is compared, and never that anything is well or may go on as it is.
std::string event_recommendation(const EventSaying& saying, bool german);

}  // namespace glucose
