// SPDX-License-Identifier: PostgreSQL
// What is told to all sessions when a person is erased, so that none keeps what it has read of persons.
#pragma once
#include "pg/boundary/server.hpp"

namespace glucose::pg {

/// Every session of this database hears of it when the transaction commits.
void announce_erasure();

/// Whether a person has been erased since this was asked with the same `seen`; the first time, from then on.
bool somebody_was_erased(uint64* seen);

}  // namespace glucose::pg
