// SPDX-License-Identifier: PostgreSQL
#include "core/training/trainer.hpp"

#include <algorithm>

namespace glucose {

void add_metrics(std::vector<MetricRow>& rows, Split split, int minutes_ahead, std::string_view prefix,
                 const Metrics& metrics, std::string_view head) {
  const auto add = [&](const char* name, double value) {
    rows.push_back({split, minutes_ahead, std::string(prefix) + name, value, metrics.n, head});
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
  if (first == last) return 0;
  const double span = static_cast<double>(last[-1].measured_at - first->measured_at) / kDay;
  int days = 0, of_day = 0;
  Micros day = 0;
  for (auto r = first; r != last; ++r) {
    const Micros its_day = r->measured_at / kDay;
    if (its_day != day || r == first) of_day = 0;
    day = its_day;
    if (++of_day == kReadingsOfADay) ++days;
  }
  return std::min(span, static_cast<double>(days));
}

}  // namespace glucose
