// SPDX-License-Identifier: PostgreSQL
#include "core/math/paired.hpp"

#include <algorithm>
#include <numeric>

#include "core/math/statistics.hpp"

namespace glucose {

PairedComparison compare_paired(std::span<const double> a, std::span<const double> b) {
  const Comparison t = paired_t(a, b, kPairedLevel);
  const auto mean = [n = static_cast<double>(a.size())](std::span<const double> values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / n;  // NaN for none
  };
  return {static_cast<int>(a.size()), mean(a), mean(b), t.difference, t.ci_low, t.ci_high, t.p_value};
}

std::vector<int> common_horizons(const std::vector<int>& a, const std::vector<int>& b) {
  std::vector<int> common;
  std::copy_if(a.begin(), a.end(), std::back_inserter(common),
               [&](int horizon) { return std::find(b.begin(), b.end(), horizon) != b.end(); });
  std::sort(common.begin(), common.end());
  return common;
}

}  // namespace glucose
