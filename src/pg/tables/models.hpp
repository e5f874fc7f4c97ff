// SPDX-License-Identifier: PostgreSQL
// READ: models that may serve, and their weights. Called between begin() and end().
#pragma once
#include "core/tasks/task.hpp"
#include "pg/tables/read.hpp"

namespace glucose::pg {

/// A model that may serve, without its weights.
struct ModelRow {
  bool found = false;
  bool is_population = false;
  char version[kLongestVersion];
  char algorithm[kLongestName];
  char status[kLongestName];
  char feature_schema[kLongestName];
  uint8 sha256[32];
  TimestampTz trained_at;
  TimestampTz training_end;
  int data_points;  // rows it learnt from
  bool has_artifact;
  bool loses = false;  // no better than persistence on its test rows, and not persistence itself; or withdrawn since
};

/// The person's active model of a type (version nullptr), or the named version of it.
ModelRow read_model(const pg_uuid_t* person_id, const char* model_type, const char* version);
/// The same, or MG001 when none is active, P0002 when the version is not there, 55000 when it has no artifact any more.
ModelRow require_model(const pg_uuid_t* person_id, const char* model_type, const char* version);
/// Raises 55000: the artifact of a version of a "model" or a "population model" has been taken.
[[noreturn]] void raise_no_artifact(const char* kind, const char* version);
/// The newest version of a type that was rejected when it was trained.
ModelRow read_rejected_model(const pg_uuid_t* person_id, const char* model_type);
/// The active population model of a type.
ModelRow read_population_model(const char* model_type);
/// A version of it by its number, whatever its status.
ModelRow read_population_version(const char* model_type, const char* version);

/// The experiment that runs for a model type.
struct RunningExperiment {
  bool found = false;
  bool is_shadow = false;
  int percent = 0;
  char name[kLongestName];
  char salt[kLongestName];
  char population_version[kLongestVersion];  // empty: the candidate is a recipe
};

/// The person's active model of a type, or the active population model; with it, in the same statement, the experiment
/// that runs for the type, so that a forecast pays next to nothing for asking.
ModelRow read_serving_model(const pg_uuid_t* person_id, const char* model_type, RunningExperiment* experiment);
ModelRow read_serving_population_model(const char* model_type, RunningExperiment* experiment);
/// The candidate of an experiment for the person.
struct TriedModel {
  bool decided = false;  // false: its training is under way or not asked for
  ModelRow row;          // not found though decided: the training failed, or its model was rejected or deleted
};
TriedModel read_candidate(const RunningExperiment& experiment, const pg_uuid_t* person_id, const char* model_type);

/// The weights of a row, in `context`; nullptr when it is gone.
bytea* read_artifact(const ModelRow& row, const pg_uuid_t* person_id, const char* model_type, MemoryContext context);

/// The decoded model of a row that row-level security has just shown to the caller: from this backend's cache, else
/// read, checked and decoded. Valid until the next call. Raises MG003 when the bytes are damaged or another task's.
const AnyModel* load_model(const Task& task, const ModelRow& row, const pg_uuid_t* person_id, const char* model_type);
/// The same of its own, for as long as `context` lives: what else is loaded meanwhile does not take it away.
const AnyModel* load_own_model(const Task& task, const ModelRow& row, const pg_uuid_t* person_id,
                               const char* model_type, MemoryContext context);

}  // namespace glucose::pg
