// SPDX-License-Identifier: PostgreSQL
// The features of many days, and what can be said of them together.
#pragma once
#include <span>
#include <vector>

#include "core/days/daily_features.hpp"

namespace glucose {

/// Days × features as they are known in a table, and the metric to forecast. Shapes: D days
class DaySeries {
 public:
  /// first to last, both included
  DaySeries(const DayTable& table, std::int32_t first, std::int32_t last);
  std::size_t n() const { return target_.size(); }
  std::span<const float> target() const { return target_; }
  std::span<const float> feature(int i) const { return {columns_.data() + static_cast<std::size_t>(i) * n(), n()}; }

 private:
  std::vector<float> target_, columns_;  // [D], [51 × D]
};

/// NaN where nothing is known.
struct FeatureSummary {
  int known = 0;
  float mean = kUnknown, sd = kUnknown, last = kUnknown;  // SD of the sample
};
FeatureSummary summary_of(std::span<const float> days);

/// How good a ground the last days are: each 0 to 1.
struct DataQuality {
  double known = 0;   // share of known values, of the features of which any is known
  double recent = 0;  // 1: the last day is known; 0: nothing for 14 days
  double days = 0;    // share of the days of which anything is known
  double score() const { return 0.4 * known + 0.3 * recent + 0.3 * days; }
};
/// about_target: recent and days are the metric's to forecast, else those of anything a device or a diary has said.
DataQuality quality_of(const DaySeries& series, bool about_target);

}  // namespace glucose
