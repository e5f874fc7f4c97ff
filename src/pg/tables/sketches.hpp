// SPDX-License-Identifier: PostgreSQL
// READ: what a version has left behind to tell drift by. Called between begin() and end().
#pragma once
#include "core/watching/watch.hpp"
#include "pg/tables/models.hpp"

namespace glucose::pg {

/// The sketches in a version's metadata, owned by `context`; those that are none are left out. nullptr: it has none, as
/// an imported version. person_id: nullptr for the population's.
const std::vector<KeptSketch>* read_sketches(const ModelRow& row, const pg_uuid_t* person_id, const char* model_type,
                                             MemoryContext context);

}  // namespace glucose::pg
