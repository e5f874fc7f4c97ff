// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "pg/tables/write.hpp"

namespace glucose::pg {

/// The row of type training_result that a training function returns. person_id: nullptr for a population model.
Datum result_row(FunctionCallInfo fcinfo, const pg_uuid_t* person_id, const char* model_type,
                 const TrainedModel& trained, const StoredModel& stored, double training_ms);

}  // namespace glucose::pg
