// SPDX-License-Identifier: PostgreSQL
// What goes together with a metric, without a word of what causes what.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/days/day_series.hpp"
#include "core/math/correlation.hpp"

namespace glucose {

/// A feature and the metric so many days later.
struct Association {
  int feature = 0, lag = 0;
  Correlation found{};
  double rate = 0;  // false discovery, over all that were asked together; NaN: not asked
};

inline constexpr double kMostFalseDiscoveries = 0.1;  // what is more may be chance

/// All features whose correlation can be said, the surest first, then the strongest.
std::vector<Association> associations(const DaySeries& series, int lag);

/// One feature, 0 to max_lag days before the metric.
std::vector<Association> lags(const DaySeries& series, int feature, int max_lag);

/// One sentence in 'en' or 'de'; neither names a cause.
std::string in_words(const Association& association, std::string_view metric, bool german);

}  // namespace glucose
