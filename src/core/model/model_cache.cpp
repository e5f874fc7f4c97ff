// SPDX-License-Identifier: PostgreSQL
#include "core/model/model_cache.hpp"

#include <cstring>

namespace glucose {

namespace {

template <class T>
void wipe_all(std::span<T> values) {
  static_assert(std::is_trivially_copyable_v<T>);
  if (!values.empty()) explicit_bzero(values.data(), values.size_bytes());
}

void wipe(std::span<float> values) {
  wipe_all(values);
}

void wipe(Scaler& scaler) {
  wipe(scaler.mean);
  wipe(scaler.inverse_sd);
}

// Weights are learnt from a person's data: they do not stay behind in freed memory.
void wipe(Persistence& /*nothing was learnt*/) {}
void wipe(MeanModel& mean) {
  wipe(mean.mean_mg_dl);
}
void wipe(LinearModel& linear) {
  wipe(linear.coefficients);
  wipe(linear.intercept);
  wipe(linear.scaler);
}
void wipe(LstmModel& lstm) {
  wipe(lstm.net.parameters());
  wipe(lstm.glucose);
  wipe(lstm.statics);
  wipe(lstm.targets);
  wipe(lstm.pull);
}
void wipe(PopulationModel& population) {
  wipe(population.coefficients);
  wipe(population.intercept);
  wipe(population.scaler);
  wipe(population.residual_sd);
}
void wipe(Ensemble& ensemble) {
  for (Member& member : ensemble.members) std::visit([](auto& kind) { wipe(kind); }, member);
}

}  // namespace

void wipe(Model& model) {
  std::visit([](auto& kind) { wipe(kind); }, model.predictor);
  wipe(model.intervals.grids);
  wipe_all(std::span(model.memory.meals));
}

void wipe(CgmModel& model) {
  for (auto* weights : {&model.median, &model.mean, &model.spread, &model.quantiles}) wipe(*weights);
  for (auto* trees : {&model.median_trees, &model.mean_trees}) wipe(trees->linear);
}

}  // namespace glucose
