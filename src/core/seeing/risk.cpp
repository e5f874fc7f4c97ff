// SPDX-License-Identifier: PostgreSQL
#include "core/seeing/risk.hpp"

#include <cmath>

namespace glucose {

Risk risk_of(double mg_dl) {
  const double f = 1.509 * (std::pow(std::log(mg_dl), 1.084) - 5.381);
  const double r = 10 * f * f;
  return f < 0 ? Risk{r, 0} : Risk{0, r};
}

Risk mean_risk(const Stretch& stretch) {
  Risk sum;
  for (const StretchPoint& p : stretch.points) {
    const Risk r = risk_of(p.mg_dl);
    sum.low += r.low * static_cast<double>(p.covers);
    sum.high += r.high * static_cast<double>(p.covers);
  }
  const auto all = static_cast<double>(stretch.covered);
  return {sum.low / all, sum.high / all};
}

Micros day_number(Micros at, std::span<const Micros> midnights) {
  if (midnights.empty()) return at / kDay - (at % kDay < 0 ? 1 : 0);
  return std::upper_bound(midnights.begin(), midnights.end(), at) - midnights.begin() - 1;
}

double average_daily_risk_range(const Stretch& stretch, std::span<const Micros> midnights) {
  constexpr int kFewest = 3;
  double sum = 0;
  int days = 0, n = 0;
  // Risk falls and rises with the level, so a day's extremes are all that is needed.
  double lowest = 0, highest = 0;
  Micros today = 0;
  const auto close = [&] {
    if (n >= kFewest) sum += risk_of(lowest).low + risk_of(highest).high, ++days;
  };
  for (const StretchPoint& p : stretch.points) {
    const Micros day = day_number(p.at, midnights);
    if (n == 0 || day != today) {
      close();
      today = day, n = 0, lowest = highest = p.mg_dl;
    }
    ++n, lowest = std::min(lowest, p.mg_dl), highest = std::max(highest, p.mg_dl);
  }
  close();
  return days > 0 ? sum / days : std::numeric_limits<double>::quiet_NaN();
}

double glycemia_risk_index(double below_54_pct, double below_70_pct, double above_180_pct, double above_250_pct) {
  return std::min(100.0, 3.0 * below_54_pct + 2.4 * (below_70_pct - below_54_pct) + 1.6 * above_250_pct +
                             0.8 * (above_180_pct - above_250_pct));
}

}  // namespace glucose
