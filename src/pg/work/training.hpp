// SPDX-License-Identifier: PostgreSQL
// A training from the request to what is stored, of a person or of a population, whatever the task: what train_model,
// train_population_model, retrainings and the background workers share.
#pragma once
#include "core/training/trainer.hpp"
#include "pg/boundary/request.hpp"
#include "pg/tables/population.hpp"
#include "pg/tables/versions.hpp"
#include "pg/work/reference.hpp"

extern "C" {
#include "portability/instr_time.h"
}

namespace glucose::pg {

/// How a training went, for who asked for it. NaN, and below 0: nothing of the kind.
struct TrainingCourse {
  double train_loss, val_loss, best_val_loss, mape;  // mean squared errors in the task's unit; percent, on test
  double epochs, early_stopped, sequence_length, features;
  double artifact_bytes;
};

/// What an update makes anew: the version that serves, decoded.
struct Refreshed {
  const AnyModel* model;
  TimestampTz learnt_until;
};

/// A training under way. Plain: what it points to is owned by `context`.
struct TrainingRun {
  const TrainRequest* request;
  MemoryContext context;
  Material material;                     // of a person
  const AnyModel* population = nullptr;  // what it may stand on
  char population_version[kLongestVersion] = "";
  const BoostingApi* boosting = nullptr;
  const Refreshed* refreshed = nullptr;  // of an update
  int64 persons_sharing = 0;             // of a population, and of them those with enough rows
  Members members{};
  std::unique_ptr<Rows>* rows = nullptr;
  const char* data_digest = nullptr;
  Reference* reference = nullptr;  // to tell drift by
  std::unique_ptr<Trainer>* trainer = nullptr;
  Outcome* outcome = nullptr;
  instr_time started;
};

/// READ, between begin() and end(): the person's material and what its training may stand on. What of the period was
/// said on the person's clock becomes moments. Raises 28000, P0002, 22023, 53200.
TrainingRun read_training(TrainRequest& request, MemoryContext context);

/// READ: the same for an update of `of`, which stands on a version of the population's model (empty: on none).
TrainingRun read_update(TrainRequest& request, const Refreshed& of, const char* population_version,
                        MemoryContext context);

/// READ: the rows of everybody who shares data and whom the caller sees, one person after the other. Raises 42501 for
/// who may not add a population model, MG002, 53200.
TrainingRun read_population_training(TrainRequest& request, MemoryContext context);

/// COMPUTE, with or without a transaction: makes the rows, polling for interrupts, and a trainer that has not begun.
/// Raises MG002 with the counts when there is too little, 53200.
void start_training(TrainingRun& run);

/// The same for a search of hyper-parameters; owned by the run's context.
std::unique_ptr<Tuner>* start_tuning(TrainingRun& run, const SearchGrid& grid);

/// One small step; whether it was the last.
bool step_training(TrainingRun& run);

/// All that are left, with a chance to cancel before each.
void finish_training(TrainingRun& run);

/// COMPUTE, with or without a transaction, polling for interrupts: takes the finished training's outcome and measures a
/// person's model as evaluate_model() will: exactly what is stored, on all of its rows.
void measure_training(TrainingRun& run);

/// WRITE, between begin() and end(): the measured training becomes a version.
struct StoredTraining {
  StoredModel model;
  TrainedModel trained;
  TrainingCourse course;
};
StoredTraining store_training(TrainingRun& run);

/// Since it began to read.
double milliseconds_of(const TrainingRun& run);

}  // namespace glucose::pg
