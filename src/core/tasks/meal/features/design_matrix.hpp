// SPDX-License-Identifier: PostgreSQL
// Feature vector → the columns the models see. Everything here is derived from the 28; unknown stays NaN until the
// scaler puts the training mean in its place, and indicator columns let a model learn what being unknown means.
#pragma once
#include <array>
#include <string_view>

#include "core/tasks/meal/features/feature_schema.hpp"

namespace glucose {

/// The 12 glucose values without holes: an unknown one takes the nearest known in time (the earlier of two equally
/// near), none known the baseline mean. NaN only when that is unknown too.
std::array<float, kHistorySteps> filled_history(const FeatureVector& x);

/// Glucose to start from: the newest value of filled_history.
float last_glucose(const FeatureVector& x);

inline constexpr int kMissingIndicators = 6;  // the five nutrients, the window having a hole
/// 1 where a nutrient is unknown, and 1 where a value of the window is.
std::array<float, kMissingIndicators> missing_indicators(const FeatureVector& x);

inline constexpr int kDesignColumns = 47;
using DesignRow = std::array<float, kDesignColumns>;
/// The columns of the linear models: changes between the window's values, level against the person's baseline,
/// spread, nutrients and their damped forms, clock with a second harmonic, type, missing indicators.
DesignRow design_row(const FeatureVector& x);

extern const std::array<std::string_view, kDesignColumns> kDesignNames;

/// How hard each column's coefficient is pulled to 0, times the common penalty. Where glucose is against the person's
/// own level is what every forecast needs (0.1: a forecast may return to the mean); what refines other columns has to
/// earn its place (3).
constexpr std::array<double, kDesignColumns> column_penalties() {
  std::array<double, kDesignColumns> own;
  own.fill(1);
  own[0] = own[17] = 0.1;                                 // level, and against the baseline
  own[18] = 3;                                            // baseline SD
  for (std::size_t i : {29U, 30U, 31U, 32U}) own[i] = 3;  // second harmonic, weekday
  for (std::size_t i : {37U, 38U, 39U, 40U}) own[i] = 3;  // carbohydrate by type of meal
  return own;
}

/// The static inputs of the LSTM: nutrients, type, clock, baseline, missing indicators.
inline constexpr int kStaticInputs = kFeatures - kHistorySteps + kMissingIndicators;
std::array<float, kStaticInputs> static_inputs(const FeatureVector& x);
extern const std::array<std::string_view, kStaticInputs> kStaticNames;

}  // namespace glucose
