// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "pg/server.hpp"

namespace glucose::pg {

/// Who asks, palloc'ed, or nullptr when nobody is known. Never raises: policies call it.
char* current_identity();

/// Raises 28000 when nobody is known, else P0002: a person or meal that is not there and one that is somebody else's
/// give the same error, message and code path. `what` is like "meal"; the id is repeated in the message.
[[noreturn]] void raise_not_found(const char* what, const pg_uuid_t* id);

}  // namespace glucose::pg
