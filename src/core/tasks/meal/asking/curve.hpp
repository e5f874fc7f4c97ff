// SPDX-License-Identifier: PostgreSQL
// Glucose after a meal as a curve. Shapes: K horizons.
#pragma once
#include <span>
#include <vector>

#include "core/tasks/meal/models/forecast.hpp"

namespace glucose {

/// A point of a forecast curve; lower <= mg_dl <= upper, all in 20 … 600 mg/dL.
struct CurvePoint {
  int minutes_ahead;
  float mg_dl, lower, upper;
  float incremental_area;  // mg/dL·min above the level at the meal so far; what is below it does not count
  bool is_peak;            // the highest of all points; the first, when several are
};
static_assert(std::is_trivially_copyable_v<CurvePoint>);

/// Monotone cubic interpolation: no overshoot between the points, the outermost values beyond them.
/// Source: Fritsch and Butland, "A method for constructing local monotone piecewise cubic interpolants", 1984.
class Pchip {
 public:
  /// in: x ascending, y, of one length >= 2 · flat_start: it leaves the first point level
  Pchip(std::vector<double> x, std::vector<double> y, bool flat_start = false);
  double at(double x) const;

 private:
  std::vector<double> x_, y_, slope_;
};

/// The curve from 0 to 180 minutes every step_min (1 … 60), through the level at the meal and the served forecasts
/// [K]. Where the model has a population part, the shape up to the first horizon and beyond the last is its linear one
/// for the moment, and between horizons its average one (what columns say of the bend there does not carry over to new
/// persons); moved by what it misses at the horizons, linearly in between. Other models: a monotone curve that starts
/// flat, as a meal takes time. The interval grows with the square root of time up to the first horizon and beyond the
/// last, linearly in between. mean: through the means, else the medians.
std::vector<CurvePoint> glucose_curve(const Model& model, const Moment& moment,
                                      std::span<const HorizonForecast> forecasts, bool mean, int step_min);

}  // namespace glucose
