// SPDX-License-Identifier: PostgreSQL
#include "core/readings/low_glucose.hpp"

#include <algorithm>
#include <cmath>

namespace glucose {

namespace {

// Measured on persons left out of four public sources: what regression on the shortfall found was 0.10, 0.21, 0.59 and
// 0.79 of it at 15, 30, 60 and 120 minutes.
constexpr double kDefended = 90, kSoftest = 20, kHardest = 0.5;  // mg/dL
constexpr double kFullMinutes = 100, kMostOfIt = 0.7;

constexpr double kSensorLow = 40, kShortestWay = 25;  // mg/dL
constexpr double kLeastLeft = 0.02;                   // of the way: below it the logarithm says no more

double way_down(double forecast_mg_dl) {
  return std::max(forecast_mg_dl - kSensorLow, kShortestWay);
}

}  // namespace

float defended(float mg_dl, int horizon_min, float usual_mg_dl, float usual_sd_mg_dl) {
  double from = kDefended, softness = kSoftest;
  if (std::isfinite(usual_mg_dl) && std::isfinite(usual_sd_mg_dl)) {
    from = std::min(from, static_cast<double>(usual_mg_dl - usual_sd_mg_dl));
    softness = std::clamp(static_cast<double>(usual_sd_mg_dl) / 2, kHardest, softness);
  }
  const double below = (from - static_cast<double>(mg_dl)) / softness;
  const double shortfall = softness * (std::max(below, 0.0) + std::log1p(std::exp(-std::abs(below))));
  return mg_dl + static_cast<float>(std::min(horizon_min / kFullMinutes, kMostOfIt) * shortfall);
}

double deviation(double outcome_mg_dl, double forecast_mg_dl) {
  const double difference = outcome_mg_dl - forecast_mg_dl;
  if (difference >= 0) return difference;
  const double way = way_down(forecast_mg_dl);
  return way * std::log(std::max(1 + difference / way, kLeastLeft));
}

double outcome_of(double deviation, double forecast_mg_dl) {
  if (deviation >= 0) return forecast_mg_dl + deviation;
  const double way = way_down(forecast_mg_dl);
  return forecast_mg_dl + way * std::expm1(deviation / way);
}

}  // namespace glucose
