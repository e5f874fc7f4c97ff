// SPDX-License-Identifier: PostgreSQL
// What is told of the probability of an event.
#pragma once
#include "pg/work/serving.hpp"

namespace glucose::pg {

/// A probability with what it is held against.
struct EventStanding {
  Shown shown;
  float usual, threshold;
  bool is_expected;  // from the threshold on
  Confidence confidence;
  int horizon_min;
};

inline auto members_of(EventStanding& o) {
  auto& [shown, usual, threshold, is_expected, confidence, horizon_min] = o;
  auto& [value, lower, upper] = shown;
  return std::tie(value, lower, upper, usual, threshold, is_expected, confidence, horizon_min);
}

/// Raises MG003 when the model answers another rule than the event's.
EventStanding event_standing(const Served& served, const Answer& answer);

/// The document of predict_event().
Jsonb* event_document(const Served& served, const EventStanding& standing, const pg_uuid_t* prediction_id);

}  // namespace glucose::pg
