// SPDX-License-Identifier: PostgreSQL
#include "core/seeing/unusual.hpp"

#include <algorithm>
#include <cmath>

#include "core/math/correlation.hpp"
#include "core/seeing/speech.hpp"

namespace glucose {

namespace {
constexpr double kLeastSpread = 1;  // mg/dL
constexpr double kRarest = 1e-6;    // beyond it numbers say nothing
}  // namespace

double probability_of(const ServedForecast& f) {
  const double tail = (1 - f.level) / 2, away = f.outcome - f.median;
  const double limit = away >= 0 ? f.upper - f.median : f.median - f.lower;
  const double spread = std::max(limit / std::log(0.5 / tail), kLeastSpread);
  return std::clamp(std::exp(-std::abs(away) / spread), kRarest, 1.0);
}

std::vector<Response> responses_of(std::span<const ServedForecast> forecasts) {
  std::vector<Response> responses;
  for (std::size_t i = 0; i < forecasts.size();) {
    Response r{i, probability_of(forecasts[i]), 1};
    std::size_t next = i + 1;
    for (; next < forecasts.size() && forecasts[next].meal == forecasts[i].meal; ++next)
      if (const double p = probability_of(forecasts[next]); p < r.p_value) r.forecast = next, r.p_value = p;
    r.p_value = std::min(1.0, r.p_value * static_cast<double>(next - i));
    responses.push_back(r);
    i = next;
  }
  std::vector<double> p_values;
  p_values.reserve(responses.size());
  for (const Response& r : responses) p_values.push_back(r.p_value);
  const std::vector<double> rates = false_discovery_rates(p_values);
  for (std::size_t i = 0; i < rates.size(); ++i) responses[i].rate = rates[i];
  return responses;
}

std::string in_words(const ServedForecast& f, double p_value, GlucoseUnit unit, bool german) {
  const Speech say{unit, german};
  const std::string took = say.minutes(f.minutes_ahead * kMinute), came = say.level(f.outcome),
                    low = say.number_of(f.lower), high = say.level(f.upper);
  const double one_of = 1 / std::max(p_value, kRarest);
  const double digits = std::pow(10, std::floor(std::log10(one_of)));
  const std::string rare = say.number(std::floor(one_of / digits) * digits, 0);
  return say.either(took + " after the meal " + came + ", where " + low + " to " + high +
                        " were expected: the forecast held that for as rare as one meal in " + rare + ".",
                    took + " nach der Mahlzeit " + came + ", erwartet waren " + low + " bis " + high +
                        ": nach der Vorhersage so selten wie eine von " + rare + " Mahlzeiten.");
}

}  // namespace glucose
