// SPDX-License-Identifier: PostgreSQL
#include "core/forecast.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/time_grid.hpp"

namespace glucose {

namespace {

constexpr int kEnoughReadings = 8;
constexpr float kSteadySd = 30.0F;  // mg/dL
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

// Within the band of its word (low below 0.5, medium to 0.75, high to 1), by completeness and steadiness.
float score_of(const SensorState& s, Confidence c) {
  constexpr std::array<float, 3> kFrom{0.0F, 0.5F, 0.75F}, kTo{0.49F, 0.74F, 1.0F};
  const float complete = static_cast<float>(s.readings_used) / kHistorySteps;
  const float spread = std::isnan(s.sd_mg_dl) ? 1.0F : std::min(s.sd_mg_dl / (2 * kSteadySd), 1.0F);
  const float within = complete * (1.0F - 0.5F * spread);
  const auto band = static_cast<std::size_t>(c);
  return kFrom[band] + (kTo[band] - kFrom[band]) * within;
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

void forecast_horizons(const Model& model, const FeatureVector& x, HorizonForecast* out) {
  std::array<float, kMaxHorizons> raw;
  model.predict(x, raw.data());
  for (std::size_t k = 0; k < model.horizons_min.size(); ++k) {
    if (!std::isfinite(raw[k]))
      throw Error(ErrorCode::model_mismatch, "the model's forecast is not finite", "Train the model again.");
    HorizonForecast& h = out[k];
    h.minutes_ahead = model.horizons_min[k];
    h.mg_dl = limit(raw[k]);
    h.lower = std::min(limit(raw[k] + model.intervals.below[k]), h.mg_dl);
    h.upper = std::max(limit(raw[k] + model.intervals.above[k]), h.mg_dl);
    h.limited = h.mg_dl != raw[k];
  }
}

Forecast forecast(const Model& model, const FeatureVector& x, const SensorState& sensor) {
  // A reading older than the baseline's 30 days is none to start from either.
  if (!sensor.has_last || std::isnan(last_glucose(x)))
    throw Error(ErrorCode::too_little_history, "no glucose reading in the 30 days before this moment",
                "Record glucose readings first; at least one is needed, twelve in the last three hours are best.");
  Forecast answer;
  answer.n = model.horizons();
  answer.confidence = confidence_of(sensor);
  answer.confidence_score = score_of(sensor, answer.confidence);
  forecast_horizons(model, x, answer.horizons.data());
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
