// SPDX-License-Identifier: PostgreSQL
// Which source of a day counts, where a metric has several.
#pragma once
#include "pg/tables/daily.hpp"

namespace glucose::pg {

/// values: by metric, day and name of the source. Those of one metric and day are put in the order in which they count:
/// as the person's row in source_preference names their sources, then as metric.sources does, then by name.
void put_in_order(const Person& person, StoredValues& values);

}  // namespace glucose::pg
