// SPDX-License-Identifier: PostgreSQL
// PATCH versions of a person's model: their numbers, and that of each MAJOR.MINOR only the newest keeps its artifact.
// Called under the lock of store_version.
#pragma once
#include "pg/boundary/request.hpp"

namespace glucose::pg {

/// The next PATCH of the version that request.patch_of names.
void next_patch(const TrainRequest& request, char* out);

/// When a PATCH of a person's model has been stored: older ones of any MAJOR.MINOR lose their artifact, but for what
/// serves, what a rollback would go back to and what a running experiment tries.
void take_older_patches(const TrainRequest& of, const char* stored);

}  // namespace glucose::pg
