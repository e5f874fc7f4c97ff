// SPDX-License-Identifier: PostgreSQL
// What meals do to glucose in general, known before any person of a database is. Shapes: P = kRichFeatures, L =
// kLineColumns, C = kCurveSteps.
#pragma once
#include <array>

#include "core/tasks/meal/features/dataset.hpp"
#include "core/tasks/meal/models/population_model.hpp"

namespace glucose {

/// A linear forecast of the change from the level every 15 minutes to 180, mg/dL, in standardised columns of 'meal/2';
/// learnt from open data of 73 persons without diabetes, with prediabetes, type 1 and type 2 (design.md says whose).
struct OpenPrior {
  std::array<float, kRichFeatures> mean, inverse_sd;                        // [P]
  std::array<float, kCurveSteps> intercept;                                 // [C]
  std::array<float, std::size_t{kCurveSteps} * kLineColumns> coefficients;  // [C × L]
  std::array<float, kCurveSteps> residual_sd;                               // [C] of persons left out
};
extern const OpenPrior kOpenPrior;

}  // namespace glucose
