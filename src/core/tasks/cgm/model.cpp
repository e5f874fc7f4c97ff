// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/model.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"
#include "core/readings/time_grid.hpp"
#include "core/tasks/cgm/features.hpp"

namespace glucose {

namespace {

constexpr int kQuarterHours = 12, kEnoughQuarterHours = 8;
constexpr float kSteadySd = 30.0F;  // mg/dL
constexpr float kCloseMgDl = 20.0F, kCloseShare = 0.2F;

float limit(float mg_dl) {
  return std::clamp(mg_dl, kGlucoseLow, kGlucoseHigh);
}

Confidence confidence_at(std::span<const Reading> readings, Micros at, Micros last_at) {
  if (at - last_at > kReachOfReading) return Confidence::low;
  std::array<float, kQuarterHours> window;
  glucose_window(readings, at, 15 * kMinute, window);
  int n = 0;
  float sum = 0, squares = 0;
  for (const float value : window)
    if (!std::isnan(value)) ++n, sum += value;
  for (const float value : window)
    if (!std::isnan(value)) squares += (value - sum / static_cast<float>(n)) * (value - sum / static_cast<float>(n));
  if (n < kEnoughQuarterHours) return Confidence::low;
  const bool steady = squares < kSteadySd * kSteadySd * static_cast<float>(n - 1);
  return n == kQuarterHours && steady ? Confidence::high : Confidence::medium;
}

/// A moment between two horizons of the model (or beyond the last), and what the model says of it.
struct Place {
  std::size_t before, after;
  float weight;  // of `after`
  float widen = 1;

  explicit Place(double minutes) {
    const double step = std::max(minutes / kCgmStepMin - 1, 0.0);  // 0: the first horizon
    constexpr std::size_t kLast = kCgmHorizons - 1;
    before = std::min(static_cast<std::size_t>(step), kLast);
    after = std::min(before + 1, kLast);
    weight = after == before ? 0.0F : static_cast<float>(step - static_cast<double>(before));
    if (minutes > kCgmLongestMin) widen = static_cast<float>(std::sqrt(minutes / kCgmLongestMin));
  }
  float between(float a, float b) const { return a + weight * (b - a); }
  float of(const std::array<float, kCgmHorizons>& values) const { return between(values[before], values[after]); }
};

/// The distribution of the outcome around the median at a place.
struct Outcome {
  const CgmModel& model;
  const CgmNodes& nodes;
  const Place& place;

  float quantile(double p) const {
    const auto at = [&](std::size_t k) {
      return nodes.median[k] +
             nodes.spread[k] * static_cast<float>(cgm_quantile(model.quantiles_of(k), p)) * place.widen;
    };
    return place.between(at(place.before), at(place.after));
  }
  float below(float mg_dl) const {
    const auto at = [&](std::size_t k) {
      const float z = (mg_dl - place.of(nodes.median)) / (nodes.spread[k] * place.widen);
      return static_cast<float>(cgm_probability_below(model.quantiles_of(k), static_cast<double>(z)));
    };
    return place.between(at(place.before), at(place.after));
  }
};

CgmForecastPoint point_at(const CgmModel& model, const CgmNodes& nodes, int minutes, double since_reading_min,
                          const CgmQuestion& question) {
  const Place place(minutes + since_reading_min);
  const Outcome outcome{model, nodes, place};
  const float median = place.of(nodes.median);
  const float said = question.head == CgmHeadKind::median ? median : place.of(nodes.mean);
  if (!std::isfinite(said) || !std::isfinite(median))
    throw Error(ErrorCode::model_mismatch, "the model's forecast is not finite", "Train the model again.");
  CgmForecastPoint point;
  point.minutes_ahead = minutes;
  point.mg_dl = limit(said);
  point.lower = std::min({limit(outcome.quantile((1 - question.level) / 2)), limit(median), point.mg_dl});
  point.upper = std::max({limit(outcome.quantile((1 + question.level) / 2)), limit(median), point.mg_dl});
  const float close = std::max(kCloseMgDl, kCloseShare * point.mg_dl);
  point.score = std::clamp(outcome.below(point.mg_dl + close) - outcome.below(point.mg_dl - close), 0.0F, 1.0F);
  return point;
}

}  // namespace

CgmNodes cgm_nodes(const CgmModel& model, const CgmWindow& window, int minute_of_day) {
  const CgmColumns x = cgm_columns(window, minute_of_day);
  const CgmSpreadColumns columns = cgm_spread_columns(window);
  CgmTargets median = cgm_changes(model.median, x.data()), mean = cgm_changes(model.mean, x.data());
  if (model.has_trees()) {
    add_correction(model.median_trees.correction(x.data()), median);
    add_correction(model.mean_trees.correction(x.data()), mean);
  }
  CgmNodes nodes;
  for (std::size_t k = 0; k < kCgmHorizons; ++k) {
    nodes.median[k] = window.back() + median[k];
    nodes.mean[k] = window.back() + mean[k];
    nodes.spread[k] = cgm_spread(&model.spread[k * kCgmSpreadColumns], columns);
  }
  return nodes;
}

CgmForecast cgm_forecast(const CgmModel& model, std::span<const Reading> readings, const CgmQuestion& question) {
  const CgmSeries series(readings, question.at);
  if (series.size() == 0 || question.at - series.at(series.size() - 1) > kCgmOldestReading)
    throw Error(ErrorCode::too_little_history, "no glucose reading in the hour before this moment",
                "A forecast from readings alone needs a recent one; two hours of them are best.");
  const std::size_t last = series.size() - 1;
  const double since_reading_min = static_cast<double>(question.at - series.at(last)) / kMinute;
  CgmWindow window;
  series.window(last, window);
  const CgmClock clock{question.at, {&question.utc_offset_min, 1}};
  const CgmNodes nodes = cgm_nodes(model, window, clock.minute_of_day(series.at(last)));
  CgmForecast forecast;
  forecast.confidence = confidence_at(readings, question.at, series.at(last));
  forecast.n = question.n_minutes;
  for (std::size_t i = 0; i < static_cast<std::size_t>(forecast.n); ++i)
    forecast.points[i] = point_at(model, nodes, question.minutes[i], since_reading_min, question);
  return forecast;
}

}  // namespace glucose
