// SPDX-License-Identifier: PostgreSQL
#pragma once

namespace glucose::pg {

/// Lets background workers start for the calling role and identity when this transaction commits: as many as jobs were
/// queued in it, at most glucose.max_training_workers. Raises 22023 when the identity does not fit a worker's entry.
void start_workers_at_commit();

}  // namespace glucose::pg
