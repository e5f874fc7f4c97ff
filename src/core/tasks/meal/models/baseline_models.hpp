// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <vector>

#include "core/tasks/meal/features/dataset.hpp"
#include "core/tasks/meal/features/design_matrix.hpp"

namespace glucose {

/// Glucose stays what it is: the forecast every other model must beat.
struct Persistence {
  void predict(const FeatureVector& x, int horizons, float* out) const {
    for (int k = 0; k < horizons; ++k) out[k] = last_glucose(x);
  }
};

/// The mean outcome of the training rows at each horizon, mg/dL.
struct MeanModel {
  std::vector<float> mean_mg_dl;  // [K]

  void predict(const FeatureVector& /*x*/, int horizons, float* out) const {
    for (int k = 0; k < horizons; ++k) out[k] = mean_mg_dl[static_cast<std::size_t>(k)];
  }

  static MeanModel fit(Samples rows, int horizons) {
    MeanModel model;
    for (std::size_t k = 0; k < static_cast<std::size_t>(horizons); ++k) {
      double sum = 0;
      for (const Sample& row : rows) sum += static_cast<double>(row.targets[k]);
      model.mean_mg_dl.push_back(static_cast<float>(sum / static_cast<double>(rows.size())));
    }
    return model;
  }
};

}  // namespace glucose
