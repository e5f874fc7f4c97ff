// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "core/training/options.hpp"
#include "pg/tables/read.hpp"

namespace glucose::pg {

/// What train_model was asked for.
struct TrainRequest {
  pg_uuid_t person_id;
  char model_type[kLongestName];
  Algorithm algorithm = Algorithm::automatic;
  TrainOptions options;
  TimestampTz start_at = DT_NOBEGIN, end_at = DT_NOEND;
  enum class Deploy { when_none_is_active, yes, no } deploy = Deploy::when_none_is_active;
};

/// Copies a model type into out [kLongestName]; raises 22023 for one that cannot be trained.
void require_model_type(const char* model_type, char* out);

/// Checks what a training is asked for; raises 22023.
TrainRequest make_train_request(const pg_uuid_t* person_id, const char* model_type, const char* algorithm,
                                Jsonb* options, const TrainOptions& defaults = {});

/// The arguments of train_model and train_model_async: person_id, model_type, algorithm, options.
TrainRequest read_train_request(FunctionCallInfo fcinfo);

/// The options in force, as stored with the model.
Jsonb* hyperparameters(const TrainRequest& request);

/// The options an algorithm listens to, at their defaults; null where the default is not a value.
Jsonb* default_options(Algorithm algorithm);

}  // namespace glucose::pg
