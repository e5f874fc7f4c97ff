// SPDX-License-Identifier: PostgreSQL
// Shapes: K horizons.
#pragma once
#include <span>

#include "core/base/types.hpp"
#include "core/readings/sensor.hpp"
#include "core/tasks/meal/models/model.hpp"

namespace glucose {

struct HorizonForecast {
  int minutes_ahead;
  float mg_dl, lower, upper;  // median and interval: lower <= mg_dl <= upper, all in 20 … 600
  float mean_mg_dl;           // what minimises squared errors; in 20 … 600
  float below_70, above_180;  // probabilities
  float near;                 // probability that what happens is within 20 mg/dL or 20 % of mg_dl
  bool limited;               // the model said more or less than a sensor can show
};

struct Forecast {
  int n = 0;
  std::array<HorizonForecast, kMaxHorizons> horizons{};
  Confidence confidence = Confidence::low;
};
static_assert(std::is_trivially_copyable_v<Forecast>);

/// What is to be expected at the k-th horizon, by what the model said of the moment. known: the person's earlier meals.
/// Throws Error model_mismatch when a forecast is not finite.
Outlook outlook_of(const Model& model, const Moment& moment, const Recollection& known, const PointForecast& said,
                   std::size_t k);

/// The median that is served, mg/dL, not yet limited. point: what the model said
float median_of(const Model& model, const Outlook& outlook, float point);

/// What the model said of a moment, with intervals of a level (0 < level < 1), limited to 20 … 600 mg/dL, into out [K].
/// known: the person's earlier meals. Throws Error model_mismatch when a forecast is not finite.
void forecast_horizons(const Model& model, const Moment& moment, const Recollection& known, const PointForecast& said,
                       double level, HorizonForecast* out);

/// Remembers a meal with what is known of its outcome.
void follow(const Model& model, Recollection& known, const Sample& sample);

/// A person's meals one after another, as they would have been answered: each with what was known then, and then
/// remembered. Meals the model remembers already are not remembered twice.
class Follower {
 public:
  explicit Follower(const Model& model);
  const Recollection& known() const { return known_; }
  /// out: [K]; call in time order
  void answer(const Sample& sample, double level, HorizonForecast* out);
  /// Only remembers it.
  void follow(const Sample& sample);

 private:
  const Model& model_;
  Recollection known_;
  Micros after_;  // what the model remembers ends here
};

/// The answer to "what will glucose be": the model's forecasts, limited to 20 … 600 mg/dL, with intervals and
/// confidence. Throws Error too_little_history when there is no reading at all to start from, model_mismatch when the
/// model's forecast is not finite.
Forecast forecast(const Model& model, const Moment& moment, const Recollection& known, double level,
                  const SensorState& sensor);

/// Refuses a meal that cannot be right: a nutrient out of range, or macronutrients that hold far more energy than the
/// calories say, or far less (kilojoules). Throws Error out_of_range; values are not repeated in the message.
void check_meal(const Nutrition& eaten);

}  // namespace glucose
