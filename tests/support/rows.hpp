// SPDX-License-Identifier: PostgreSQL
// Rows for tests: short ways to say a reading, a meal, a feature vector.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <initializer_list>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/types.hpp"
#include "core/tasks/meal/features/feature_schema.hpp"
#include "core/tasks/meal/features/timeline.hpp"

namespace glucose {

inline Micros minutes(double n) {
  return static_cast<Micros>(n * static_cast<double>(kMinute));
}
/// A reading `minute` minutes from time 0, learnt when measured.
inline Reading reading(double minute, float mg_dl) {
  return {minutes(minute), minutes(minute), mg_dl};
}
inline Reading late_reading(double minute, double recorded_minute, float mg_dl) {
  return {minutes(minute), minutes(recorded_minute), mg_dl};
}
inline Meal meal_at(Micros eaten_at, float carbs_g = 50) {
  return {{}, eaten_at, {12 * 60, 3}, MealType::lunch, {500, carbs_g, 20, 15, 5}};
}

/// A whole and harmless feature vector: lunch on a Wednesday noon, glucose flat at `mg_dl`.
inline FeatureVector plain_features(float mg_dl = 120) {
  FeatureVector x{500, 60, 25, 18, 6, 0, 1, 0, 0, 0, -1, 0.43388373F, -0.90096885F};
  for (std::size_t i = 0; i < kHistorySteps; ++i) x[kHistory + i] = mg_dl;
  x[kBaseline] = 130;
  x[kBaseline + 1] = 35;
  x[kBaseline + 2] = 55;
  return x;
}

/// The same in both schemas, long after anything that is remembered: 60 g of carbohydrate, nothing unusual.
inline Moment plain_moment(float mg_dl = 120) {
  Moment moment{1000 * kDay, plain_features(mg_dl), {}};
  moment.rich[0] = mg_dl;
  std::copy_n(moment.features.begin(), 5, moment.rich.begin() + 28);  // nutrients
  moment.rich[52] = moment.features[kClock], moment.rich[53] = moment.features[kClock + 1];
  moment.rich[57] = 1;  // lunch
  return moment;
}

/// By bits, so that an unknown (NaN) equals itself.
template <class Range>
std::vector<std::uint32_t> bits_of(const Range& values) {
  std::vector<std::uint32_t> bits;
  bits.reserve(std::size(values));
  for (const float value : values) bits.push_back(std::bit_cast<std::uint32_t>(value));
  return bits;
}

/// The Error that `f` throws; fails the test when it throws none.
template <class F>
Error error_of(F&& f) {
  try {
    f();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error was thrown";
  return Error(ErrorCode::internal, "none");
}

}  // namespace glucose
