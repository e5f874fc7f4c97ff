// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "pg/work/serving.hpp"

namespace glucose::pg {

/// The "predictions" array of an answer.
char* predictions_text(const Served& served, const Answer& answer);

/// The whole answer. `prediction_id` is nullptr when it was not logged.
Jsonb* answer_document(const Served& served, const Answer& answer, const char* predictions,
                       const pg_uuid_t* prediction_id);

}  // namespace glucose::pg
