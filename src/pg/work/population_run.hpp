// SPDX-License-Identifier: PostgreSQL
// A population's training from meals: reading everybody who shares data, and computing.
#pragma once
#include "core/tasks/meal/training/population_training.hpp"
#include "pg/tables/history.hpp"
#include "pg/work/train_request.hpp"

namespace glucose::pg {

/// The samples of each person who has enough, without a name.
struct PopulationData {
  std::vector<std::vector<Sample>>* persons;
  int64 sharing;  // persons who share their data and whom the caller sees
  TimestampTz first_meal_at, last_meal_at;
};

/// Reads one person after the other; whoever has fewer meals than options.min_meals is left out. Raises MG002 when
/// fewer than two persons remain, 53200 above glucose.max_train_memory.
PopulationData read_population_data(const TrainRequest& request, MemoryContext context);

/// SHA-256 of all samples, hexadecimal.
const char* digest_of(const PopulationData& data);

/// Trains in small steps with interrupts polled in between; owned by `context`. The data are spent.
const TrainingOutcome* train_population(const PopulationData& data, const TrainRequest& request, MemoryContext context);

}  // namespace glucose::pg
