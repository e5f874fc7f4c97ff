// SPDX-License-Identifier: PostgreSQL
// What every prediction shares: request → inputs (READ) → answer (COMPUTE).
#pragma once
#include "core/tasks/meal/models/forecast.hpp"
#include "pg/work/trial.hpp"

namespace glucose::pg {

struct ServingOptions {
  char model_type[kLongestName] = "glucose";
  char version[kLongestVersion] = "";  // empty: the active one
  char lang[8] = "en";
  bool log = true;
  double level = glucose::kIntervalLevel;
  bool mean = false;  // rows show the mean instead of the median
};

/// Reads the options of a prediction; raises 22023 naming an unknown key or a wrong value.
ServingOptions read_serving_options(Jsonb* options);

/// All that a forecast of one meal needs, read under one snapshot.
struct Inputs {
  PersonMeal what;
  Readings readings;        // of kFeatureDays before, or more, in `context`
  Meals meals;              // as far back
  TimestampTz follow_from;  // meals from here on are not in the model's memory yet
  double level;
  bool mean;
  ModelRow row;
  Trial trial;
  const Model* model;
};

/// Reads what the meal's forecast needs. A named version bypasses experiments. Raises MG001 when there is neither a
/// personal nor a population model.
Inputs read_inputs(const PersonMeal& what, const ServingOptions& options, MemoryContext context);

struct Answer {
  Moment moment;
  SensorState sensor;
  Forecast forecast;
};

/// What a row shows of a horizon: the mean or the median, as asked for, in an interval that holds it.
struct Shown {
  float mg_dl, lower, upper;
};
Shown shown(const Inputs& inputs, const HorizonForecast& h);

/// The person's earlier meals as the model remembers them at the meal. Pure C++, for the inside of guarded().
Follower followed(const Model& model, const Inputs& inputs);

/// Pure computing: no server call inside.
Answer compute(const Inputs& inputs);

/// What the shadow of an experiment would have answered; loads its model, so inputs.model is not valid afterwards.
Answer compute_shadow(const Inputs& inputs, const Answer& answer, const char* model_type);

}  // namespace glucose::pg
