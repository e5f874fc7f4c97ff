// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/model.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"
#include "core/base/wipe.hpp"
#include "core/tasks/cgm/features.hpp"
#include "core/tasks/cgm/place.hpp"

namespace glucose {

namespace {

constexpr float kLow = 70, kHigh = 180;  // mg/dL, the usual range
constexpr float kCloseMgDl = 20.0F, kCloseShare = 0.2F;

float limit(float mg_dl) {
  return std::clamp(mg_dl, kGlucoseLow, kGlucoseHigh);
}

/// The distribution of the outcome around the median at a place.
struct Outcome {
  const CgmModel& model;
  const CgmNodes& nodes;
  const CgmPlace& place;

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

CgmForecastPoint point_at(const CgmModel& model, const CgmNodes& nodes, int minutes, const CgmPlace& place,
                          double level) {
  const Outcome outcome{model, nodes, place};
  const float median = place.of(nodes.median), mean = place.of(nodes.mean);
  if (!std::isfinite(median) || !std::isfinite(mean)) forecast_not_finite();
  CgmForecastPoint point;
  point.minutes_ahead = minutes;
  point.mg_dl = limit(median);
  point.mean_mg_dl = limit(mean);
  point.lower = std::min(limit(outcome.quantile((1 - level) / 2)), point.mg_dl);
  point.upper = std::max(limit(outcome.quantile((1 + level) / 2)), point.mg_dl);
  const float close = std::max(kCloseMgDl, kCloseShare * point.mg_dl);
  point.score = std::clamp(outcome.below(point.mg_dl + close) - outcome.below(point.mg_dl - close), 0.0F, 1.0F);
  point.below_70 = std::clamp(outcome.below(kLow), 0.0F, 1.0F);
  point.above_180 = std::clamp(1 - outcome.below(kHigh), 0.0F, 1.0F);
  point.limited = point.mg_dl != median;
  return point;
}

}  // namespace

CgmNodes cgm_nodes(const CgmModel& model, const CgmWindow& window, int minute_of_day) {
  return cgm_nodes(model, cgm_columns(window, minute_of_day).data(), cgm_spread_columns(window), window.back());
}

CgmNodes cgm_nodes(const CgmModel& model, const float* columns, const CgmSpreadColumns& spread, float level) {
  CgmTargets median = cgm_changes(model.median, columns), mean = cgm_changes(model.mean, columns);
  if (model.has_trees()) {
    add_correction(model.median_trees.correction(columns), median);
    add_correction(model.mean_trees.correction(columns), mean);
  }
  CgmNodes nodes;
  for (std::size_t k = 0; k < kCgmHorizons; ++k) {
    nodes.median[k] = level + median[k];
    nodes.mean[k] = level + mean[k];
    nodes.spread[k] = cgm_spread(&model.spread[k * kCgmSpreadColumns], spread);
  }
  return nodes;
}

CgmForecastPoint cgm_point_at_horizon(const CgmModel& model, const CgmNodes& nodes, std::size_t k, double level) {
  return point_at(model, nodes, cgm_minutes(k), CgmPlace(cgm_minutes(k)), level);
}

void forecast_not_finite() {
  throw Error(ErrorCode::model_mismatch, "the model's forecast is not finite", "Train the model again.");
}

void wipe(CgmModel& model) {
  for (auto* weights : {&model.median, &model.mean, &model.spread, &model.quantiles})
    wipe_values(std::span<float>(*weights));
  for (auto* trees : {&model.median_trees, &model.mean_trees}) wipe_values(std::span<float>(trees->linear));
}

CgmSeen cgm_seen(std::span<const Reading> readings, Micros at, int utc_offset_min) {
  const CgmSeries series(readings, at);
  if (series.size() == 0 || at - series.at(series.size() - 1) > kCgmOldestReading)
    throw Error(ErrorCode::too_little_history, "no glucose reading in the hour before this moment",
                "A forecast from readings alone needs a recent one; two hours of them are best.");
  const std::size_t last = series.size() - 1;
  CgmSeen seen;
  series.window(last, seen.window);
  seen.minute_of_day = DayClock{at, {&utc_offset_min, 1}}.minute_of_day(series.at(last));
  seen.since_reading_min = static_cast<double>(at - series.at(last)) / kMinute;
  return seen;
}

CgmForecast cgm_forecast(const CgmModel& model, std::span<const Reading> readings, const CgmQuestion& question) {
  const CgmSeen seen = cgm_seen(readings, question.at, question.utc_offset_min);
  const CgmNodes nodes = cgm_nodes(model, seen.window, seen.minute_of_day);
  CgmForecast forecast;
  forecast.window = seen.window;
  forecast.n = question.n_minutes;
  for (std::size_t i = 0; i < static_cast<std::size_t>(forecast.n); ++i)
    forecast.points[i] = point_at(model, nodes, question.minutes[i],
                                  CgmPlace(question.minutes[i] + seen.since_reading_min), question.level);
  return forecast;
}

}  // namespace glucose
