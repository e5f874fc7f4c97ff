// SPDX-License-Identifier: PostgreSQL
// Meals after which something happened that the forecast held for hardly possible.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "core/base/units.hpp"

namespace glucose {

/// A forecast as it was served, and what came, mg/dL. level: of the interval, 0 … 1.
struct ServedForecast {
  int meal;  // ascending; forecasts of one meal follow each other
  int minutes_ahead;
  double median, lower, upper, level, outcome;
};

/// What came of a meal.
struct Response {
  std::size_t forecast = 0;  // of those given: the least probable of the meal
  double p_value = 1;        // of something as far off at any of the meal's horizons
  double rate = 1;           // the false-discovery rate over all meals at which it would be called unusual
};

/// The probability, two-sided, of an outcome as far from the median as this one. Three quantiles are known; between and
/// beyond them the forecast is taken as a Laplace distribution on each side, as residuals are when models learn how far
/// they may be off: what is twice as far as a limit is as much rarer again. Outcomes within a sensor's noise of the
/// median (a spread of 1 mg/dL) say nothing.
double probability_of(const ServedForecast& forecast);

/// One row a meal, in order. A meal's p-value is that of its least probable horizon times their number (Bonferroni:
/// horizons of a meal go together); rates are over all meals that were looked at, false_discovery_rates().
std::vector<Response> responses_of(std::span<const ServedForecast> forecasts);

std::string in_words(const ServedForecast& forecast, double p_value, GlucoseUnit unit, bool german);

}  // namespace glucose
