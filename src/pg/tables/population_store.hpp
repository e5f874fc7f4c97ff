// SPDX-License-Identifier: PostgreSQL
// Population models: who may take part, and WRITE.
#pragma once
#include "pg/tables/write.hpp"

namespace glucose::pg {

/// Raises 42501 unless the caller may add a population model: better before an hour of training than after it.
void require_population_writer();

struct Persons {
  Person* rows;
  int64 n;
};

/// The persons whose data may be used for everyone's model (shares_data) and whom the caller sees, in order, palloc'ed.
Persons read_sharing_persons();

/// Locks the table against other trainings and deployments, takes the next version number of the type, and inserts the
/// version; when it goes live, the one before retires and the deployment is written. Raises 42501.
StoredModel store_population_model(const TrainRequest& request, const TrainedModel& trained);

}  // namespace glucose::pg
