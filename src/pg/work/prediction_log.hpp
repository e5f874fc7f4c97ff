// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "pg/work/serving.hpp"

extern "C" {
#include "portability/instr_time.h"
}

namespace glucose::pg {

/// Writes the log row of an answer and returns its prediction_id; nullptr when nothing may be written: on a standby, in
/// a read-only transaction, without the privilege, or when the caller or a setting says not to.
const pg_uuid_t* log_prediction(const Served& served, const Answer& answer, const char* predictions,
                                instr_time started);

/// When the artifact that answers last answered this person, by the log; -infinity when it never has.
TimestampTz last_use(const Served& served);

}  // namespace glucose::pg
