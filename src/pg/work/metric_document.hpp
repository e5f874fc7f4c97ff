// SPDX-License-Identifier: PostgreSQL
// What is told of a forecast of a metric: numbers of the last days beside it, and words.
#pragma once
#include "core/tasks/daily/asking/standing.hpp"
#include "pg/work/serving.hpp"

extern "C" {
#include "utils/date.h"
}

namespace glucose::pg {

/// What is stored of a model that served. NaN: not known.
struct ServedFacts {
  double r2, sequence_length;
};

/// A forecast of a metric with what it is held against.
struct MetricStanding {
  ServedFacts facts;
  Shown shown;
  Standing standing;
  double quality;     // of the data of the last days, 0 … 1
  float score;        // how sure, 0 … 1
  int features_used;  // of the 51, known the evening before
};

inline auto members_of(MetricStanding& o) {
  auto& [facts, shown, standing, quality, score, features_used] = o;
  auto& [r2, sequence_length] = facts;
  auto& [value, lower, upper] = shown;
  auto& [days, average, lowest, highest, deviation, percentile] = standing;
  return std::tie(r2, sequence_length, value, lower, upper, days, average, lowest, highest, deviation, percentile,
                  quality, score, features_used);
}

/// Reads how good the model was; computes the rest of what was read for the answer.
MetricStanding standing_of(const Served& served, const Answer& answer, DateADT day);

/// The document of predict_metric().
Jsonb* metric_document(const Served& served, const MetricStanding& standing, DateADT day);

}  // namespace glucose::pg
