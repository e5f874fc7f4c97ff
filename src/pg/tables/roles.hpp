// SPDX-License-Identifier: PostgreSQL
// Which role is meant by which identity, when callers are known by their role (glucose.identity = role).
#pragma once
#include "pg/boundary/server.hpp"

namespace glucose::pg {

/// The identity a role is known by, palloc'ed: the name it had when it was first known here, so that a rename changes
/// nothing. nullptr when its name is another role's identity (a name used again must not inherit), or is no text in
/// this database's encoding. Never raises: policies call it.
char* identity_of_role(Oid role);

}  // namespace glucose::pg
