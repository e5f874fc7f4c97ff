// SPDX-License-Identifier: PostgreSQL
#include "core/base/wipe.hpp"

#include "core/tasks/meal/models/model.hpp"

namespace glucose {

namespace {

void wipe(std::span<float> values) {
  wipe_values(values);
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
  wipe_values(std::span(model.memory.meals));
}

}  // namespace glucose
