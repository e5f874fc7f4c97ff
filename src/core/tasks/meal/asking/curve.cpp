// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/asking/curve.hpp"

#include <algorithm>
#include <cmath>

namespace glucose {

namespace {

const PopulationModel* shape_of(const Member& member) {
  const auto* model = std::get_if<PopulationModel>(&member);
  return model != nullptr && model->knows_curve() ? model : nullptr;
}

/// The part of a predictor that knows a curve; null when none does.
const PopulationModel* shape_of(const Predictor& predictor) {
  if (const auto* ensemble = std::get_if<Ensemble>(&predictor)) {
    for (const Member& member : ensemble->members)
      if (const PopulationModel* model = shape_of(member)) return model;
    return nullptr;
  }
  const auto* model = std::get_if<PopulationModel>(&predictor);
  return model != nullptr && model->knows_curve() ? model : nullptr;
}

/// Linear between the points, the outermost values beyond.
double between(const std::vector<double>& x, const std::vector<double>& y, double at) {
  const auto above = std::upper_bound(x.begin(), x.end(), at);
  if (above == x.begin()) return y.front();
  if (above == x.end()) return y.back();
  const auto i = static_cast<std::size_t>(above - x.begin());
  return y[i - 1] + (at - x[i - 1]) / (x[i] - x[i - 1]) * (y[i] - y[i - 1]);
}

/// A shape through its own values every 15 minutes, from the level.
Pchip shape_through(double level, const CurveOutcomes& values) {
  std::vector<double> x{0}, y{level};
  for (const float value : values) {
    x.push_back(x.back() + kCurveStepMin);
    y.push_back(static_cast<double>(value));
  }
  return {std::move(x), std::move(y)};
}

/// A shape moved to where forecasts are: what it misses at them is added, linearly in between.
struct Moved {
  Pchip shape;
  std::vector<double> minutes, missed;

  Moved(Pchip through, const std::vector<double>& at_minutes, const std::vector<double>& served)
      : shape(std::move(through)), minutes(at_minutes), missed(served) {
    for (std::size_t k = 0; k < minutes.size(); ++k) missed[k] -= shape.at(minutes[k]);
  }
  double at(double when) const { return shape.at(when) + between(minutes, missed, when); }
};

/// Where glucose goes, through the level and the forecasts.
struct Course {
  Moved own, usual;
  double first, last;

  Course(const PopulationModel* model, const Moment& moment, const std::vector<double>& minutes,
         const std::vector<double>& served)
      : own(model != nullptr ? shape_through(served[0], model->predict_curve(moment.rich))
                             : Pchip(minutes, served, true),
            minutes, served),
        usual(model != nullptr ? shape_through(served[0], model->usual_curve(moment.rich)) : own.shape, minutes,
              served),
        first(minutes[1]),
        last(minutes.back()) {}
  double at(double when) const { return (when < first || when > last ? own : usual).at(when); }
};

/// Half the width of an interval at any moment, from those at the horizons. in: minutes and widths that begin with 0, 0
double width_at(const std::vector<double>& minutes, const std::vector<double>& widths, double at) {
  const double first = minutes[1], last = minutes.back();
  if (at < first) return widths[1] * std::sqrt(at / first);
  if (at > last) return widths.back() * std::sqrt(at / last);
  return between(minutes, widths, at);
}

float limit(double mg_dl) {
  return std::clamp(static_cast<float>(mg_dl), kGlucoseLow, kGlucoseHigh);
}

/// The area above 0 of a line from a to b over some minutes.
double area_above(double a, double b, double minutes) {
  if (a >= 0 && b >= 0) return (a + b) / 2 * minutes;
  if (a <= 0 && b <= 0) return 0;
  const double high = std::max(a, b);
  return high / 2 * minutes * high / std::abs(a - b);
}

void add_areas_and_peak(std::vector<CurvePoint>& curve) {
  const auto level = static_cast<double>(curve.front().mg_dl);
  double area = 0;
  std::size_t peak = 0;
  for (std::size_t i = 1; i < curve.size(); ++i) {
    const CurvePoint& before = curve[i - 1];
    area += area_above(static_cast<double>(before.mg_dl) - level, static_cast<double>(curve[i].mg_dl) - level,
                       curve[i].minutes_ahead - before.minutes_ahead);
    curve[i].incremental_area = static_cast<float>(area);
    if (curve[i].mg_dl > curve[peak].mg_dl) peak = i;
  }
  curve[peak].is_peak = true;
}

}  // namespace

Pchip::Pchip(std::vector<double> x, std::vector<double> y, bool flat_start)
    : x_(std::move(x)), y_(std::move(y)), slope_(x_.size()) {
  const std::size_t n = x_.size();
  std::vector<double> width, rise;
  for (std::size_t i = 0; i + 1 < n; ++i) {
    width.push_back(x_[i + 1] - x_[i]);
    rise.push_back((y_[i + 1] - y_[i]) / width.back());
  }
  for (std::size_t i = 1; i + 1 < n; ++i) {
    if (rise[i - 1] * rise[i] <= 0) continue;  // a turn: flat there
    const double a = 2 * width[i] + width[i - 1], b = width[i] + 2 * width[i - 1];
    slope_[i] = (a + b) / (a / rise[i - 1] + b / rise[i]);
  }
  // Three points say which way the ends go; never against their own stretch, nor three times as steep.
  const auto end = [](double h0, double h1, double d0, double d1) {
    const double slope = ((2 * h0 + h1) * d0 - h0 * d1) / (h0 + h1);
    if (slope * d0 <= 0) return 0.0;
    return d0 * d1 <= 0 && std::abs(slope) > 3 * std::abs(d0) ? 3 * d0 : slope;
  };
  slope_[0] = n > 2 ? end(width[0], width[1], rise[0], rise[1]) : rise[0];
  slope_[n - 1] = n > 2 ? end(width[n - 2], width[n - 3], rise[n - 2], rise[n - 3]) : rise[0];
  if (flat_start) slope_[0] = 0;
}

double Pchip::at(double x) const {
  if (x <= x_.front()) return y_.front();
  if (x >= x_.back()) return y_.back();
  const auto i = static_cast<std::size_t>(std::upper_bound(x_.begin(), x_.end(), x) - x_.begin()) - 1;
  const double h = x_[i + 1] - x_[i], t = (x - x_[i]) / h;
  return (1 + 2 * t) * (1 - t) * (1 - t) * y_[i] + t * (1 - t) * (1 - t) * h * slope_[i] +
         t * t * (3 - 2 * t) * y_[i + 1] + t * t * (t - 1) * h * slope_[i + 1];
}

std::vector<CurvePoint> glucose_curve(const Model& model, const Moment& moment,
                                      std::span<const HorizonForecast> forecasts, bool mean, int step_min) {
  const double level = static_cast<double>(limit(static_cast<double>(moment.rich[meal2::kLevel])));
  std::vector<double> minutes{0}, served{level}, below{0}, above{0};
  for (const HorizonForecast& f : forecasts) {
    const float centre = mean ? f.mean_mg_dl : f.mg_dl;
    minutes.push_back(f.minutes_ahead);
    served.push_back(static_cast<double>(centre));
    below.push_back(static_cast<double>(std::max(centre - f.lower, 0.0F)));
    above.push_back(static_cast<double>(std::max(f.upper - centre, 0.0F)));
  }
  const Course course(shape_of(model.predictor), moment, minutes, served);
  std::vector<CurvePoint> curve;
  for (int at = 0; at <= kCurveMin; at += step_min) {
    const float centre = limit(course.at(at));
    const auto from = static_cast<double>(centre);
    curve.push_back(
        {at, centre, limit(from - width_at(minutes, below, at)), limit(from + width_at(minutes, above, at)), 0, false});
  }
  add_areas_and_peak(curve);
  return curve;
}

}  // namespace glucose
