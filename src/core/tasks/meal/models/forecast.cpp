// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/models/forecast.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/error.hpp"
#include "core/readings/time_grid.hpp"

namespace glucose {

namespace {

constexpr int kEnoughReadings = 8;
constexpr float kSteadySd = 30.0F;                  // mg/dL
constexpr double kLow = 70, kHigh = 180;            // mg/dL, the usual range between meals and after them
constexpr double kNearMgDl = 20, kNearShare = 0.2;  // what counts as near a forecast
constexpr int kFlatReadings = 4;
constexpr Micros kFlatSpan = 60 * kMinute;
constexpr Micros kWindow = kHistorySteps * kHistoryStepMin * kMinute;

void describe_window(const FeatureVector& x, SensorState& state) {
  float sum = 0, squares = 0;
  for (int i = 0; i < kHistorySteps; ++i) {
    const float value = x[static_cast<std::size_t>(kHistory + i)];
    if (std::isnan(value)) continue;
    ++state.readings_used;
    sum += value;
  }
  const auto n = static_cast<float>(state.readings_used);
  if (state.readings_used < 2) return;
  for (int i = 0; i < kHistorySteps; ++i) {
    const float value = x[static_cast<std::size_t>(kHistory + i)];
    if (!std::isnan(value)) squares += (value - sum / n) * (value - sum / n);
  }
  state.sd_mg_dl = std::sqrt(squares / (n - 1));
}

Confidence lowered(Confidence c) {
  return c == Confidence::high ? Confidence::medium : Confidence::low;
}

Confidence confidence_of(const SensorState& s) {
  const bool complete = s.readings_used == kHistorySteps, steady = s.sd_mg_dl < kSteadySd;
  Confidence c = complete && steady                   ? Confidence::high
                 : s.readings_used >= kEnoughReadings ? Confidence::medium
                                                      : Confidence::low;
  if ((s.issues & kStale) != 0) c = lowered(c);
  if ((s.issues & kFlat) != 0) c = lowered(c);
  if ((s.issues & kSingleReading) != 0) c = Confidence::low;
  return c;
}

float limit(float mg_dl) {
  return std::clamp(mg_dl, kGlucoseLow, kGlucoseHigh);
}

}  // namespace

SensorState assess_sensor(const FeatureVector& x, std::span<const Reading> readings, Micros at) {
  SensorState state;
  describe_window(x, state);
  int in_window = 0;
  int unchanged = 0;  // readings of the newest value, back from the last one
  Micros unchanged_since = at;
  float newest = kUnknown;
  for (std::size_t i = readings.size(); i-- > 0;) {
    const Reading& r = readings[i];
    if (r.measured_at > at || r.recorded_at > at) continue;
    if (!state.has_last) {
      state.has_last = true;
      state.last_reading_at = r.measured_at;
      newest = r.mg_dl;
    }
    if (r.measured_at < at - kWindow) break;
    if (unchanged == in_window++ && r.mg_dl == newest) {
      ++unchanged;
      unchanged_since = r.measured_at;
    }
  }
  if (!state.has_last || at - state.last_reading_at > kReachOfReading) state.issues |= kStale;
  if (unchanged >= kFlatReadings && state.last_reading_at - unchanged_since >= kFlatSpan) state.issues |= kFlat;
  if (in_window == 1) state.issues |= kSingleReading;
  if (state.readings_used < kHistorySteps) state.issues |= kGaps;
  return state;
}

Outlook outlook_of(const Model& model, const Moment& moment, const Recollection& known, const PointForecast& said,
                   std::size_t k) {
  const float point = said.mg_dl[k];
  const float scale = model.intervals.scale[k].at(scale_columns(moment.rich, point), said.variance[k]);
  if (!std::isfinite(point) || !std::isfinite(scale))
    throw Error(ErrorCode::model_mismatch, "the model's forecast is not finite", "Train the model again.");
  return {model.intervals, known.memory().meals, k, model.horizons_min[k], moment.eaten_at, point, scale};
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

Follower::Follower(const Model& model)
    : model_(model),
      known_(model.recollection()),
      after_(model.memory.meals.empty() ? std::numeric_limits<Micros>::min() : model.memory.meals.back().eaten_at) {}

void Follower::answer(const Sample& sample, double level, HorizonForecast* out) {
  forecast_horizons(model_, sample, known_, model_.predict(sample, known_), level, out);
  follow(sample);
}

void Follower::follow(const Sample& sample) {
  if (sample.eaten_at <= after_) return;
  const PointForecast said = model_.predict(sample, known_);
  known_.add(remember(sample, said, model_.horizons_min.size()));
  judge(model_.intervals, known_.meals(), model_.horizons_min, said.mg_dl, said.variance, sample.targets);
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
