// SPDX-License-Identifier: PostgreSQL
// A forecast taken apart, of whatever task, as rows: feature, value, contribution.
#pragma once
#include "core/asking/scored.hpp"
#include "pg/work/serving.hpp"

namespace glucose::pg {

/// COMPUTE, polling for interrupts; owned by `context`. Raises 0A000 for a task whose forecasts cannot be.
const Explanation* explained(const Served& served, int minutes_ahead, MemoryContext context);

/// The baseline first, then the parts; `shown` gives a contribution as a datum, in the unit that is asked for.
void put_explanation(ReturnSetInfo* result, const Explanation& explanation, Datum (*shown)(float, const Asking&),
                     const Asking& asking);
/// The same in the one unit there is.
inline void put_explanation(ReturnSetInfo* result, const Explanation& explanation, const Asking& asking) {
  put_explanation(
      result, explanation, [](float value, const Asking&) { return Float4GetDatum(value); }, asking);
}

}  // namespace glucose::pg
