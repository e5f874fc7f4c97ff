// SPDX-License-Identifier: PostgreSQL
#include "core/model_cache.hpp"

#include <cstring>

namespace glucose {

namespace {

void wipe(std::span<float> values) {
  explicit_bzero(values.data(), values.size_bytes());
}

void wipe(Scaler& scaler) {
  wipe(scaler.mean);
  wipe(scaler.inverse_sd);
}

}  // namespace

void wipe(Model& model) {
  if (auto* mean = std::get_if<MeanModel>(&model.predictor)) wipe(mean->mean_mg_dl);
  if (auto* linear = std::get_if<LinearModel>(&model.predictor)) {
    wipe(linear->coefficients);
    wipe(linear->intercept);
    wipe(linear->scaler);
  }
  if (auto* lstm = std::get_if<LstmModel>(&model.predictor)) {
    wipe(lstm->net.parameters());
    wipe(lstm->glucose);
    wipe(lstm->statics);
    wipe(lstm->targets);
    wipe(lstm->pull);
  }
  wipe(model.intervals.below);
  wipe(model.intervals.above);
}

void wipe(CgmModel& model) {
  for (auto* weights : {&model.median, &model.mean, &model.spread, &model.quantiles}) wipe(*weights);
}

}  // namespace glucose
