// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "pg/tables/read.hpp"
#include "pg/work/import.hpp"

namespace glucose::pg {

/// Takes the meals of a JSON array, objects whose keys are columns of glucose.meal, and writes them, as the caller. A
/// local time is on the person's clock; of one id the last wins. Raises 22023 when it is no array, and for a key that
/// is no column.
void import_meals(const Person& person, Jsonb* meals, const ImportOptions& options, Tally& tally);

}  // namespace glucose::pg
