// SPDX-License-Identifier: PostgreSQL
#include "core/training/trainer.hpp"

#include <algorithm>

namespace glucose {

void add_metrics(std::vector<MetricRow>& rows, Split split, int minutes_ahead, std::string_view prefix,
                 const Metrics& metrics) {
  const auto add = [&](const char* name, double value) {
    rows.push_back({split, minutes_ahead, std::string(prefix) + name, value, metrics.n});
  };
  add("mae", metrics.mae);
  add("rmse", metrics.rmse);
  add("r2", metrics.r2);
  add("mape", metrics.mape);
  add("bias", metrics.bias);
}

double Material::days() const {
  const auto before = [](Micros at) { return [at](const Reading& r) { return r.measured_at < at; }; };
  const auto first = std::partition_point(readings.begin(), readings.end(), before(start_at));
  const auto last = std::partition_point(first, readings.end(), before(end_at));
  return first == last ? 0 : static_cast<double>(last[-1].measured_at - first->measured_at) / kDay;
}

}  // namespace glucose
