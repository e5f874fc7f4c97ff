// SPDX-License-Identifier: PostgreSQL
// Forecasts of many by a background worker: each by the function an application would call, as the role that asked.
#pragma once
#include "pg/tables/jobs.hpp"

namespace glucose::pg {

/// In a worker: takes the batch whose turn it is and answers about a second's worth of it, in pieces that are
/// committed.
Offer serve_next(MemoryContext context);

}  // namespace glucose::pg
