// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "core/tasks/cgm/model.hpp"
#include "pg/work/train_request.hpp"

namespace glucose::pg {

/// How models of readings alone are fitted. Asked for as auto, a population's linear heads get trees where they help;
/// what is stored is called linear or trees.
inline constexpr const char *kCgmLinear = "linear", *kCgmTrees = "trees";

/// The options of a cgm training: start_at, end_at, deploy and min_days (7 for a person, 1 for each person of a
/// population). `person_id` may be nullptr. request.algorithm: automatic, or ridge for linear heads and nothing else.
/// Raises 22023 naming an unknown key, algorithm or a wrong value.
TrainRequest make_cgm_train_request(const pg_uuid_t* person_id, const char* algorithm, Jsonb* options);

/// The options in force, as stored with the model.
Jsonb* cgm_hyperparameters(const TrainRequest& request);

/// What cgm_forecast is asked; version is empty unless named.
struct CgmRequest {
  CgmQuestion question;
  char version[kLongestVersion] = "";
};

/// The options of cgm_forecast: minutes, level, head, version. Raises 22023; 22008 when the last moment is none.
CgmRequest read_cgm_request(TimestampTz at, Jsonb* options);

}  // namespace glucose::pg
