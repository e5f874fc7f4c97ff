// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "pg/work/serving.hpp"

extern "C" {
#include "portability/instr_time.h"
}

namespace glucose::pg {

/// Writes the log row of an answer and returns its prediction_id; nullptr when nothing can be written: on a standby and
/// in a read-only transaction. No caller can switch it off.
/// answer, predictions (in mg/dL) and said are not looked at where served.repeated is found: the row is a pointer then,
/// and the id is that of the row that has the answer.
const pg_uuid_t* log_prediction(const Served& served, const Answer* answer, Jsonb* predictions, Datum said,
                                instr_time started);

}  // namespace glucose::pg
