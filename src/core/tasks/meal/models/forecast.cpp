// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/models/forecast.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/error.hpp"
#include "core/readings/time_grid.hpp"

namespace glucose {

namespace {

constexpr double kLow = 70, kHigh = 180;            // mg/dL, the usual range between meals and after them
constexpr double kNearMgDl = 20, kNearShare = 0.2;  // what counts as near a forecast

// How far glucose may have gone, unseen, since the last reading, and how much of that an hour later still counts;
// fitted to how intervals hold when the readings before a meal are taken away (docs/why/intervals.md).
constexpr double kUnseen = 0.8;     // of the person's SD, after two hours and more
constexpr double kUnseenHours = 2;  // before, it grows with the root of time
constexpr double kCountsHalf = 60;  // minutes

/// In quadrature to the scale, mg/dL.
double unseen(const Moment& moment, int horizon_min) {
  const std::span<const float, kHistorySteps> history = history_of(moment.features);
  const auto known = std::find_if(history.rbegin(), history.rend(), [](float value) { return !std::isnan(value); });
  const double hours = std::min(static_cast<double>(known - history.rbegin()) * kHistoryStepMin / 60, kUnseenHours);
  return kUnseen * std::sqrt(variance_of(moment.rich) * hours / kUnseenHours) *
         std::exp2((60 - horizon_min) / kCountsHalf);
}

float limit(float mg_dl) {
  return std::clamp(mg_dl, kGlucoseLow, kGlucoseHigh);
}

}  // namespace

Outlook outlook_of(const Model& model, const Moment& moment, const Recollection& known, const PointForecast& said,
                   std::size_t k) {
  const float point = said.mg_dl[k];
  const float usual =
      model.intervals.scale[k].at(scale_columns(moment.rich, point), said.variance[k], moment.rich[meal2::kDoubt]);
  const double doubt = std::hypot(moment.doubt_mg_dl, unseen(moment, model.horizons_min[k]));
  const float scale = doubt > 0 ? std::hypot(usual, static_cast<float>(doubt)) : usual;
  if (!std::isfinite(point) || !std::isfinite(scale))
    throw Error(ErrorCode::model_mismatch, "the model's forecast is not finite", "Train the model again.");
  return {model.intervals, known.own_scores(k, moment.eaten_at, model.intervals.grids.empty()), k, point, scale};
}

float median_of(const Model& model, const Outlook& outlook, float point) {
  // Persistence is what others are measured by: glucose stays what it is.
  return std::holds_alternative<Persistence>(model.predictor) ? point : outlook.quantile(0.5);
}

void forecast_horizons(const Model& model, const Moment& moment, const Recollection& known, const PointForecast& said,
                       double level, HorizonForecast* out) {
  for (std::size_t k = 0; k < model.horizons_min.size(); ++k) {
    const Outlook outlook = outlook_of(model, moment, known, said, k);
    const float median = median_of(model, outlook, said.mg_dl[k]);
    HorizonForecast& h = out[k];
    h.minutes_ahead = model.horizons_min[k];
    h.mg_dl = limit(median);
    h.mean_mg_dl = limit(said.mg_dl[k]);
    h.lower = std::min(limit(outlook.quantile((1 - level) / 2)), h.mg_dl);
    h.upper = std::max(limit(outlook.quantile((1 + level) / 2)), h.mg_dl);
    h.below_70 = static_cast<float>(outlook.probability_below(kLow));
    h.above_180 = static_cast<float>(1 - outlook.probability_below(kHigh));
    const auto centre = static_cast<double>(h.mg_dl), margin = std::max(kNearMgDl, kNearShare * centre);
    h.near =
        static_cast<float>(outlook.probability_below(centre + margin) - outlook.probability_below(centre - margin));
    h.limited = h.mg_dl != median;
  }
}

void follow(const Model& model, Recollection& known, const Sample& sample) {
  const PointForecast said = model.predict(sample, known);
  known.add(remember(sample, said, model.horizons_min.size()));
  score_last(model.intervals, known.meals(), model.horizons_min, said.mg_dl, said.variance, sample.targets);
}

Follower::Follower(const Model& model)
    : model_(model),
      known_(model.recollection()),
      after_(model.memory.meals.empty() ? std::numeric_limits<Micros>::min() : model.memory.meals.back().eaten_at) {}

void Follower::answer(const Sample& sample, double level, HorizonForecast* out) {
  forecast_horizons(model_, sample, known_, model_.predict(sample, known_), level, out);
  follow(sample);
}

void Follower::follow(const Sample& sample) {
  if (sample.eaten_at > after_) glucose::follow(model_, known_, sample);
}

Forecast forecast(const Model& model, const Moment& moment, const Recollection& known, double level,
                  const SensorState& sensor) {
  // A reading older than the baseline's 30 days is none to start from either.
  if (!sensor.has_last || std::isnan(last_glucose(moment.features)))
    throw Error(ErrorCode::too_little_history, "no glucose reading in the 30 days before this moment",
                "Record glucose readings first; at least one is needed, twelve in the last three hours are best.");
  Forecast answer;
  answer.n = model.horizons();
  answer.confidence = confidence_of(sensor);
  forecast_horizons(model, moment, known, model.predict(moment, known), level, answer.horizons.data());
  return answer;
}

void check_meal(const Nutrition& eaten) {
  const std::array<float, 5> values{eaten.calories, eaten.carbs_g, eaten.protein_g, eaten.fat_g, eaten.fiber_g};
  for (std::size_t i = 0; i < values.size(); ++i) {
    const FeatureInfo& info = kFeatureTable[i];
    if (!std::isnan(values[i]) && !(values[i] >= info.low && values[i] <= info.high))
      throw Error(ErrorCode::out_of_range, "\"" + std::string(info.name) + "\" is outside its range",
                  "Calories are 0 to 5000 kcal, nutrients 0 to 500 g.");
  }
  // 4, 4 and 9 kcal/g (Atwater); the margin leaves room for labels, fibre and rounding.
  const auto known = [](float v) { return std::isnan(v) ? 0.0F : v; };
  const float energy = 4 * known(eaten.carbs_g) + 4 * known(eaten.protein_g) + 9 * known(eaten.fat_g);
  if (!std::isnan(eaten.calories) && energy > 2 * eaten.calories + 400)
    throw Error(ErrorCode::out_of_range, "the macronutrients hold far more energy than the calories say",
                "Check the units: calories in kcal, nutrients in grams.");
  // Kilojoules are 4.2 times the kilocalories. Only where all three are known and something was eaten: alcohol and
  // meals logged in part say more calories than their nutrients hold.
  const bool whole = !std::isnan(eaten.carbs_g) && !std::isnan(eaten.protein_g) && !std::isnan(eaten.fat_g);
  if (whole && energy > 0 && eaten.calories > 3 * energy + 400)
    throw Error(ErrorCode::out_of_range, "the calories are far more than the macronutrients hold",
                "Check the units: calories in kcal (not kJ), nutrients in grams.");
}

}  // namespace glucose
