// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "pg/boundary/guard.hpp"

extern "C" {
#include "utils/resowner.h"
}

namespace glucose::pg {

/// Runs `body` in a subtransaction: what it raises is undone and returned, nullptr when it raised nothing. A cancelled
/// query and a transaction that cannot be serialized end the whole statement all the same. No C++ object with a
/// destructor may be alive in `body`, nor where it is called from.
template <class Body>
ErrorData* attempt(Body&& body) {
  MemoryContext context = CurrentMemoryContext;
  ResourceOwner resources = CurrentResourceOwner;
  ErrorData* volatile failure = nullptr;
  BeginInternalSubTransaction(nullptr);
  MemoryContextSwitchTo(context);
  PG_TRY();
  {
    body();
    ReleaseCurrentSubTransaction();
  }
  PG_CATCH();
  {
    MemoryContextSwitchTo(context);
    failure = CopyErrorData();
    FlushErrorState();
    RollbackAndReleaseCurrentSubTransaction();
  }
  PG_END_TRY();
  MemoryContextSwitchTo(context);
  CurrentResourceOwner = resources;
  if (failure != nullptr &&
      (failure->sqlerrcode == ERRCODE_QUERY_CANCELED || failure->sqlerrcode == ERRCODE_T_R_SERIALIZATION_FAILURE))
    ReThrowError(failure);
  return failure;
}

/// The same without a subtransaction, so that it costs nothing and works in parallel queries, too: returns only what
/// this library has raised by itself while it held nothing of the server's (failing_plainly()). All else is raised
/// again, and so is running out of memory, unless what was too much has been let go of (`is_let_go`). `body` only
/// reads.
template <class Body>
ErrorData* attempt_plainly(Body&& body, bool is_let_go = false) {
  MemoryContext context = CurrentMemoryContext;
  ErrorData* volatile failure = nullptr;
  const int statements = statements_running;
  forget_failure();
  PG_TRY();
  { body(); }
  PG_CATCH();
  {
    if (!failed_plainly(statements) || (geterrcode() == ERRCODE_OUT_OF_MEMORY && !is_let_go)) PG_RE_THROW();
    MemoryContextSwitchTo(context);
    failure = CopyErrorData();
    FlushErrorState();
    forget_failure();
  }
  PG_END_TRY();
  MemoryContextSwitchTo(context);
  return failure;
}

}  // namespace glucose::pg
