// SPDX-License-Identifier: PostgreSQL
// Under what a statement reads: as long as it is the same, nothing that was read can be another.
#pragma once
#include "pg/boundary/server.hpp"

namespace glucose::pg {

/// Transaction, subtransaction and command, snapshot, role and identity. Plain data, to be kept beside what was read.
struct Sight {
  static constexpr uint32 kMaxRunning = 64;  // with more transactions in flight nothing is kept

  bool valid = false;
  char identity[256];
  Oid role;
  LocalTransactionId transaction;
  SubTransactionId subtransaction;  // holds within it
  CommandId command;
  TransactionId xmin, xmax;
  uint32 n_running;
  TransactionId running[kMaxRunning];
};

/// Whether what is read by this identity under the active snapshot can be kept at all. identity may be null: nobody.
bool can_be_kept(const char* identity);
/// That of now; can_be_kept() has said so.
void take(Sight& sight, const char* identity);
/// Whether it is still that.
bool still_holds(const Sight& sight, const char* identity);

/// The same of whoever asks now.
bool still_holds(const Sight& sight);
/// Takes it, or leaves it invalid where nothing can be kept.
void take(Sight& sight);

}  // namespace glucose::pg
