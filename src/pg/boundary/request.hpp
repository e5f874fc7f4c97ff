// SPDX-License-Identifier: PostgreSQL
// What a training is asked for, of whatever task: one reader of arguments and options for all.
#pragma once
#include "core/tasks/task.hpp"
#include "pg/boundary/names.hpp"
#include "pg/boundary/server.hpp"

namespace glucose::pg {

struct TrainRequest {
  const Task* task = nullptr;
  bool of_population = false;
  pg_uuid_t person_id{};  // not of a population
  char model_type[kLongestName] = "";
  Algorithm algorithm = Algorithm::automatic;
  TrainOptions options;
  TimestampTz start_at = DT_NOBEGIN, end_at = DT_NOEND;
  bool start_is_local = false, end_is_local = false;  // wall clock's times, until the person's clock is known
  enum class Deploy { when_none_is_active, yes, no } deploy = Deploy::when_none_is_active;
  char patch_of[kLongestVersion] = "";  // the version it learns anew from; empty: a training
  const char* deployed_because = "trained";
};

/// The task of a model type; raises 22023 naming those there are.
const Task& require_task(const char* model_type);

[[noreturn]] void raise_incapable(const char* model_type, const char* what);
/// Raises 0A000 naming the model type when its task cannot do something: when the function of its table is null.
inline void require_capability(bool is_there, const char* model_type, const char* what) {
  if (!is_there) raise_incapable(model_type, what);
}

/// Raises 22023 when the period is none. Where one of its ends is on the person's clock and the other is not, only once
/// that clock is known.
void require_period(const TrainRequest& request);

/// Checks what a training is asked for; raises 22023. person_id: nullptr for a population's.
TrainRequest make_train_request(const pg_uuid_t* person_id, const char* model_type, const char* algorithm,
                                Jsonb* options);

/// The arguments of train_model and train_model_async: person_id, model_type, algorithm, options.
TrainRequest read_train_request(FunctionCallInfo fcinfo);

/// The options in force and the horizons of what came of it, as stored with the model.
Jsonb* hyperparameters(const TrainRequest& request, const std::vector<int>& horizons_min);

/// The options an algorithm listens to, at their defaults; null where the default is not a value.
Jsonb* default_options(const Task& task, const AlgorithmInfo& algorithm);

}  // namespace glucose::pg
