// SPDX-License-Identifier: PostgreSQL
// What makes two questions the same.
#pragma once
#include "pg/work/serving.hpp"

namespace glucose::pg {

/// A digest of who asks what, the model, and all that it may look at. Rows that a mark stands for are not read for it;
/// served.known is set where this session has them anyway. False: there is none, and every answer is computed.
bool make_key(Served& served, const Reach& reach, MemoryContext context, pg_uuid_t* key);

}  // namespace glucose::pg
