// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "pg/boundary/server.hpp"

namespace glucose::pg {

/// A number for all that decides what a read-only statement of the caller finds: transaction and what of it has not
/// been rolled back, command, snapshot, role and identity. While it is the same, so are the rows; what was read is kept
/// beside it. 0: nothing can be kept. Another number does not say that anything has changed.
uint64 sight();

/// The same of the rows of persons that functions read; 0 where more than who asks decides which those are.
uint64 sight_of_rows();

}  // namespace glucose::pg
