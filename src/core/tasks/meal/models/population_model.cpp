// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/models/population_model.hpp"

#include <algorithm>
#include <cmath>

#include "core/tasks/meal/models/open_prior.hpp"

namespace glucose {

namespace {

constexpr float kFarthest = 6;      // SDs
constexpr float kLearnsFaster = 3;  // without a population
constexpr float kSmallestSd = 3;    // mg/dL

/// One of several linear forecasts of a change, mg/dL. in: intercepts [N], coefficients [N × L]
double line(const std::vector<float>& intercept, const std::vector<float>& coefficients, std::size_t n,
            const LineRow& z) {
  double change = static_cast<double>(intercept[n]);
  for (std::size_t p = 0; p < z.size(); ++p)
    change += static_cast<double>(coefficients[n * z.size() + p]) * static_cast<double>(z[p]);
  return change;
}

/// A horizon among the steps of a curve that begins with no change; the last one stands for all later ones.
struct Between {
  std::size_t after;  // step
  float share;        // of it, the rest is of the step before

  explicit Between(int horizon_min) {
    const float place = std::min(static_cast<float>(horizon_min) / kCurveStepMin, static_cast<float>(kCurveSteps));
    after = static_cast<std::size_t>(std::max(std::ceil(place), 1.0F)) - 1;
    share = place - static_cast<float>(after);
  }
  /// in: values [C] that stand `stride` apart
  float of(const float* values, std::size_t stride) const {
    const float before = after > 0 ? values[(after - 1) * stride] : 0;
    return before + share * (values[after * stride] - before);
  }
};

}  // namespace

StandardRow PopulationModel::standardise(const RichVector& rich) const {
  StandardRow z;
  scaler.transform(rich, z.data());
  for (float& value : z) value = std::clamp(value, -kFarthest, kFarthest);
  return z;
}

LineRow PopulationModel::line_row(const RichVector& rich) const {
  const StandardRow z = standardise(rich);
  const float doubt = doubt_of(rich);
  LineRow row;
  row[z.size()] = doubt;
  for (std::size_t p = 0; p < z.size(); ++p) row[p] = z[p], row[z.size() + 1 + p] = doubt * z[p];
  return row;
}

void PopulationModel::predict(const RichVector& rich, int horizons, float* out) const {
  predict_linear(rich, horizons, out);
  for (std::size_t k = 0; k < trees.size(); ++k) out[k] += share_of_trees * trees[k].predict(rich);
}

void PopulationModel::predict_linear(const RichVector& rich, int horizons, float* out) const {
  const LineRow z = line_row(rich);
  for (int k = 0; k < horizons; ++k)
    out[k] = rich[meal2::kLevel] + static_cast<float>(line(intercept, coefficients, static_cast<std::size_t>(k), z));
}

CurveOutcomes PopulationModel::predict_curve(const RichVector& rich) const {
  const LineRow z = line_row(rich);
  CurveOutcomes out;
  for (std::size_t c = 0; c < out.size(); ++c)
    out[c] = rich[meal2::kLevel] + static_cast<float>(line(curve_intercept, curve_coefficients, c, z));
  return out;
}

CurveOutcomes PopulationModel::usual_curve(const RichVector& rich) const {
  CurveOutcomes out;
  for (std::size_t c = 0; c < out.size(); ++c) out[c] = rich[meal2::kLevel] + curve_intercept[c];
  return out;
}

PopulationModel prior_model(std::span<const int> horizons_min) {
  const OpenPrior& open = kOpenPrior;
  PopulationModel model;
  model.scaler.mean.assign(open.mean.begin(), open.mean.end());
  model.scaler.inverse_sd.assign(open.inverse_sd.begin(), open.inverse_sd.end());
  model.curve_intercept.assign(open.intercept.begin(), open.intercept.end());
  model.curve_coefficients.assign(open.coefficients.begin(), open.coefficients.end());
  for (const int horizon : horizons_min) {
    const Between steps(horizon);
    model.intercept.push_back(steps.of(open.intercept.data(), 1));
    for (std::size_t l = 0; l < kLineColumns; ++l)
      model.coefficients.push_back(steps.of(open.coefficients.data() + l, kLineColumns));
    model.residual_sd.push_back(std::max(steps.of(open.residual_sd.data(), 1), kSmallestSd));
  }
  PersonalKernel& k = model.kernel;
  for (float* part : {&k.person, &k.clock, &k.clock_and_level, &k.nutrients, &k.linear}) *part *= kLearnsFaster;
  return model;
}

}  // namespace glucose
