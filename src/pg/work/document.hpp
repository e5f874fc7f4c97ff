// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "pg/work/serving.hpp"

namespace glucose::pg {

/// Whose the forecast is: personal, population or baseline.
const char* source_of(const Served& served);

/// The unit that a document is in, as it names it.
const char* unit_name_of(const Asking& asking);

/// The "predictions" array of an answer, of glucose in a unit: whole mg/dL, tenths of mmol/L. The log is in mg/dL.
char* predictions_text(const Served& served, const Answer& answer, GlucoseUnit unit);

/// The whole answer around them, `predictions` in the unit of the document, with served.last_used. `prediction_id` is
/// nullptr when it was not logged.
Jsonb* answer_document(const Served& served, const SensorState& sensor, Jsonb* predictions,
                       const pg_uuid_t* prediction_id);

}  // namespace glucose::pg
