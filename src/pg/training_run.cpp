// SPDX-License-Identifier: PostgreSQL
#include "pg/training_run.hpp"

#include "pg/owned.hpp"
#include "pg/settings.hpp"

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

Training* start_training(const std::vector<Sample>& samples, const TrainRequest& request, MemoryContext context) {
  const auto cap = static_cast<size_t>(settings::max_train_memory_kb) * 1024;
  return owned<Training>(context, [&] { return Training(samples, request.algorithm, request.options, cap); });
}

bool step_training(Training* training) {
  bool done = false;
  guarded([&] {
    training->step();
    done = training->done();
  });
  return done;
}

}  // namespace glucose::pg
