// SPDX-License-Identifier: PostgreSQL
#include "core/population_model.hpp"

#include <algorithm>
#include <cmath>

namespace glucose {

namespace {

constexpr float kFarthest = 6;                                                // SDs
constexpr std::size_t kLevel = 0;                                             // place in 'meal/2'
constexpr float kLearnsFaster = 3.0F, kOwnLinear = 1.0F / 60, kOwnPrior = 2;  // without a population

/// One of several linear forecasts of a change, mg/dL. in: intercepts [N], coefficients [N × P]
double line(const std::vector<float>& intercept, const std::vector<float>& coefficients, std::size_t n,
            const StandardRow& z) {
  double change = static_cast<double>(intercept[n]);
  for (std::size_t p = 0; p < z.size(); ++p)
    change += static_cast<double>(coefficients[n * z.size() + p]) * static_cast<double>(z[p]);
  return change;
}

}  // namespace

StandardRow PopulationModel::standardise(const RichVector& rich) const {
  StandardRow z;
  scaler.transform(rich, z.data());
  for (float& value : z) value = std::clamp(value, -kFarthest, kFarthest);
  return z;
}

void PopulationModel::predict(const RichVector& rich, int horizons, float* out) const {
  predict_linear(rich, horizons, out);
  for (std::size_t k = 0; k < trees.size(); ++k) out[k] += share_of_trees * trees[k].predict(rich);
}

void PopulationModel::predict_linear(const RichVector& rich, int horizons, float* out) const {
  const StandardRow z = standardise(rich);
  for (int k = 0; k < horizons; ++k)
    out[k] = rich[kLevel] + static_cast<float>(line(intercept, coefficients, static_cast<std::size_t>(k), z));
}

CurveOutcomes PopulationModel::predict_curve(const RichVector& rich) const {
  const StandardRow z = standardise(rich);
  CurveOutcomes out;
  for (std::size_t c = 0; c < out.size(); ++c)
    out[c] = rich[kLevel] + static_cast<float>(line(curve_intercept, curve_coefficients, c, z));
  return out;
}

CurveOutcomes PopulationModel::usual_curve(const RichVector& rich) const {
  CurveOutcomes out;
  for (std::size_t c = 0; c < out.size(); ++c) out[c] = rich[kLevel] + curve_intercept[c];
  return out;
}

PopulationModel prior_model(Samples rows, int horizons) {
  PopulationModel model;
  std::vector<float> columns;
  for (const Sample& row : rows) columns.insert(columns.end(), row.rich.begin(), row.rich.end());
  model.scaler = Scaler::fit(columns, kRichFeatures);
  const auto K = static_cast<std::size_t>(horizons);
  model.coefficients.assign(K * kRichFeatures, 0.0F);
  for (std::size_t k = 0; k < K; ++k) {
    float sum = 0, squares = 0;
    for (const Sample& row : rows) {
      const float change = row.targets[k] - row.rich[kLevel];
      sum += change;
      squares += change * change;
    }
    const auto n = static_cast<float>(rows.size());
    model.intercept.push_back(sum / (n + kOwnPrior));
    model.residual_sd.push_back(std::sqrt(squares / std::max(n, 1.0F)));
  }
  model.curve_coefficients.assign(std::size_t{kCurveSteps} * kRichFeatures, 0.0F);
  for (std::size_t c = 0; c < kCurveSteps; ++c) {
    float sum = 0, n = kOwnPrior;
    for (const Sample& row : rows) {
      const float change = row.curve[c] - row.rich[kLevel];
      if (std::isnan(change)) continue;
      sum += change;
      n += 1;
    }
    model.curve_intercept.push_back(sum / n);
  }
  for (float* part :
       {&model.kernel.person, &model.kernel.clock, &model.kernel.clock_and_level, &model.kernel.nutrients})
    *part *= kLearnsFaster;
  model.kernel.linear = kOwnLinear;
  return model;
}

}  // namespace glucose
