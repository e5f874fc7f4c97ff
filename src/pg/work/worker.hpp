// SPDX-License-Identifier: PostgreSQL
#pragma once

namespace glucose::pg {

/// Lets a background worker start for this database when the transaction commits; it has others start while there is
/// more to do, at most glucose.max_training_workers on the whole server. A transaction that has asked for one cannot be
/// prepared for two-phase commit (0A000): nobody would be there to start it.
void start_workers_at_commit();

}  // namespace glucose::pg
