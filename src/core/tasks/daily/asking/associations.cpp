// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/daily/asking/associations.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace glucose {

namespace {

Association associate(const DaySeries& series, int feature, int lag) {
  const auto n = static_cast<std::size_t>(std::max<int>(0, static_cast<int>(series.n()) - lag));
  return {feature, lag,
          correlate(series.feature(feature).first(n),
                    series.target().subspan(std::min(series.n(), static_cast<std::size_t>(lag)))),
          0};
}

void rate(std::vector<Association>& all) {
  std::vector<double> p_values;
  p_values.reserve(all.size());
  for (const Association& a : all) p_values.push_back(a.found.p_value);
  const std::vector<double> rates = false_discovery_rates(p_values);
  for (std::size_t i = 0; i < all.size(); ++i) all[i].rate = rates[i];
}

std::string when(int lag, bool german) {
  if (lag == 0) return german ? "am selben Tag" : "on the same day";
  if (lag == 1) return german ? "am Tag danach" : "on the day after";
  return std::to_string(lag) + (german ? " Tage danach" : " days later");
}

const char* strength(double r, bool german) {
  const double size = std::abs(r);
  if (size < 0.3) return german ? "schwacher" : "weak";
  if (size < 0.5) return german ? "mittlerer" : "moderate";
  return german ? "starker" : "strong";
}

}  // namespace

std::vector<Association> associations(const DaySeries& series, int lag) {
  std::vector<Association> all;
  for (int feature = 0; feature < kDailyFeatures; ++feature) {
    const Association a = associate(series, feature, lag);
    if (!std::isnan(a.found.spearman)) all.push_back(a);
  }
  rate(all);
  const auto key = [](const Association& a) {
    const double sure = std::isnan(a.rate) ? 2 : a.rate;
    return std::tuple(sure, -std::abs(a.found.spearman), a.feature);
  };
  std::sort(all.begin(), all.end(), [&](const Association& a, const Association& b) { return key(a) < key(b); });
  return all;
}

std::vector<Association> lags(const DaySeries& series, int feature, int max_lag) {
  std::vector<Association> all;
  for (int lag = 0; lag <= max_lag; ++lag) all.push_back(associate(series, feature, lag));
  rate(all);
  return all;
}

std::string in_words(const Association& association, std::string_view metric, bool german) {
  const Correlation& c = association.found;
  const std::string feature(kDailyTable[static_cast<std::size_t>(association.feature)].name), what(metric);
  const std::string days = std::to_string(c.n) + (german ? " Tage" : " days");
  if (std::isnan(c.spearman) || std::isnan(c.p_value))
    return german ? "zu wenige Tage, um etwas zu sagen (" + days + ")" : "too few days to say anything (" + days + ")";
  if (!(association.rate <= kMostFalseDiscoveries))
    return german ? "kein Zusammenhang von " + feature + " und " + what + " " + when(association.lag, true) +
                        ", der nicht Zufall sein kann (" + days + ")"
                  : "nothing between " + feature + " and " + what + " " + when(association.lag, false) +
                        " that could not be chance (" + days + ")";
  const bool together = c.spearman > 0;
  if (german)
    return std::string(strength(c.spearman, true)) + " Zusammenhang: bei mehr " + feature + " war " + what + " " +
           when(association.lag, true) + " eher " + (together ? "höher" : "niedriger") + " (" + days +
           "); das nennt keine Ursache";
  return std::string(strength(c.spearman, false)) + " association: with higher " + feature + ", " + what + " " +
         when(association.lag, false) + " tended to be " + (together ? "higher" : "lower") + " (" + days +
         "); this names no cause";
}

}  // namespace glucose
