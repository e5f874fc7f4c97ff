// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "pg/boundary/server.hpp"

namespace glucose::pg {

/// Puts a row (what, prediction_id, seal_no, issued_at, detail) into the result for everything that is wrong with a
/// person's log. The rows are read as the caller, who has been found to see the person; the seals as the owner. Between
/// begin() and end().
void check_log_of(const pg_uuid_t* person_id, ReturnSetInfo* result);

/// The same of the seals themselves, of all persons: each of them, and that none is missing.
void check_seals(ReturnSetInfo* result);

/// Whether the newest seal, or none, is after this one: numbers and macs, as seal_log() has returned it.
void check_head(const char* head, ReturnSetInfo* result);

}  // namespace glucose::pg
