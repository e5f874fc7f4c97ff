// SPDX-License-Identifier: PostgreSQL
#include "pg/work/training_run.hpp"

#include <algorithm>

#include "pg/boundary/boosting.hpp"
#include "pg/boundary/owned.hpp"
#include "pg/boundary/settings.hpp"
#include "pg/tables/model_store.hpp"

namespace glucose::pg {

namespace {

void require_enough(const History& history, size_t n_meals, const glucose::TrainOptions& options) {
  if (n_meals >= static_cast<size_t>(options.min_meals) && history.days >= options.min_days) return;
  ereport(
      ERROR,
      (errcode(kTooLittleHistory),
       errmsg("too little history to train: %.1f days of readings and %d usable meals", history.days,
              static_cast<int>(n_meals)),
       errdetail("At least %d days and %d meals are needed; a meal is usable when glucose is known before it and at "
                 "every horizon after it.",
                 options.min_days, options.min_meals),
       errhint("Record more, or predict with a population model until then.")));
}

}  // namespace

History read_history_for(const TrainRequest& request, MemoryContext context) {
  const int longest = request.options.horizons_min[static_cast<size_t>(request.options.n_horizons) - 1];
  return read_history(&request.person_id, request.start_at, request.end_at, longest, context);
}

const std::vector<Sample>* require_samples(const History& history, const TrainRequest& request, MemoryContext context) {
  const TrainOptions& options = request.options;
  const auto* samples = build_samples(history, options.horizons_min.data(), options.n_horizons, context);
  require_enough(history, samples->size(), options);
  return samples;
}

TrainingBasis read_training_basis(const TrainRequest& request, MemoryContext context) {
  TrainingBasis basis;
  const bool is_auto = request.algorithm == Algorithm::automatic;
  if (is_auto || request.algorithm == Algorithm::trees) basis.boosting = find_boosting();
  const bool is_lstm = request.algorithm == Algorithm::lstm;
  if (!is_auto && !is_lstm && request.algorithm != Algorithm::personal) return basis;
  RunningExperiment none;
  const ModelRow row = read_serving_population_model(request.model_type, &none);
  if (!row.found) return basis;
  const Model* model = load_model(row, nullptr, request.model_type);
  const TrainOptions& o = request.options;
  bool fits = false;
  guarded([&] {
    const LstmModel* network = network_of(model->predictor);
    const bool has_network = network != nullptr && network->has_shape_of(o);
    fits = ((!is_lstm && population_of(model->predictor) != nullptr) || (has_network && (is_lstm || is_auto))) &&
           std::equal(model->horizons_min.begin(), model->horizons_min.end(), o.horizons_min.begin(),
                      o.horizons_min.begin() + o.n_horizons);
  });
  if (!fits) return basis;
  basis.population = owned<Model>(context, [&] { return *model; });
  strlcpy(basis.population_version, row.version, sizeof basis.population_version);
  return basis;
}

Training* start_training(const std::vector<Sample>& samples, const TrainRequest& request, const TrainingBasis& basis,
                         MemoryContext context) {
  const auto cap = static_cast<size_t>(settings::max_train_memory_kb) * 1024;
  return owned<Training>(context, [&] {
    return Training(samples, request.algorithm, request.options, cap, basis.population, basis.boosting);
  });
}

bool step_training(Training* training) {
  return guarded_step(training);
}

}  // namespace glucose::pg
