// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "core/math/metrics.hpp"
#include "pg/tables/write.hpp"

namespace glucose::pg {

/// Columns of the metric rows of a training, before they become arrays. Plain: lives in a memory context.
class MetricRows {
 public:
  /// The five numbers of Metrics, their names after `prefix`.
  void add(const char* split, int minutes_ahead, const char* prefix, const Metrics& metrics);
  void add_one(const char* split, int minutes_ahead, const char* metric, double value, int n);
  void store(TrainedModel& trained) const;

 private:
  static constexpr int kMostRows = 512;
  Datum split_[kMostRows], minutes_[kMostRows], name_[kMostRows], value_[kMostRows], n_[kMostRows];
  int count_ = 0;
};

}  // namespace glucose::pg
