// SPDX-License-Identifier: PostgreSQL
// Experiments as serving sees them: which model answers, and what else is to be forecast beside it.
#pragma once
#include "pg/tables/models.hpp"

namespace glucose::pg {

/// 0 … 99, from SHA-256 over the id and the salt in UTF-8: the same on every machine.
int bucket_of(const pg_uuid_t* person_id, const char* salt);

/// A person's part in the experiment that runs for its model type.
struct Trial {
  char experiment[kLongestName] = "";  // empty: none
  const char* arm = nullptr;           // "stable" or "candidate": what the answer counts for
  ModelRow shadow;                     // found: what forecasts beside
};

/// The model that serves the person, and its part in an experiment: the active model, or the candidate of a canary.
struct Choice {
  ModelRow row;  // not found: neither a personal nor a population model
  Trial trial;
};
Choice choose_serving_model(const pg_uuid_t* person_id, const char* model_type);

}  // namespace glucose::pg
