// SPDX-License-Identifier: PostgreSQL
// The wall between C++ and the server. Inside guarded() no server call; outside it no object with a destructor.
#pragma once
#include <type_traits>

#include "pg/boundary/server.hpp"

namespace glucose::pg {

/// A failure on its way out of C++, in fixed buffers: nothing here owns memory.
struct Failure {
  int sqlstate = 0;  // 0: no failure
  char message[256] = {};
  char hint[256] = {};
  char detail[256] = {};
};
static_assert(std::is_trivially_copyable_v<Failure>);

/// Translates the exception in flight. Call from a catch block only; throws nothing.
void describe_current_exception(Failure& failure) noexcept;

/// Raises `failure` with ereport(ERROR); never returns. No C++ object with a destructor may be alive.
[[noreturn]] void raise(const Failure& failure);

/// How many statements of this library run, one within the other: a view, a policy or a trigger may call a function of
/// it. Such a call leaves alone what its caller looks at (what a session keeps of persons, days and models).
extern int statements_running;
inline bool is_within_statement() {
  return statements_running > 0;
}

/// Runs a statement: `body` hands it to the server.
template <class Body>
void as_statement(Body&& body) {
  ++statements_running;
  PG_TRY();
  { body(); }
  PG_FINALLY();
  { --statements_running; }
  PG_END_TRY();
}

/// Called right before an error that is raised while nothing of the server's is held: no row is being handed over.
/// raise() does it. Only such an error, and not one of a call within a statement, may be caught without a
/// subtransaction, as attempt_plainly() does.
void failing_plainly();
/// Whether the error in flight is such a one, of a call under as many statements.
bool failed_plainly(int statements);
void forget_failure();

/// What a caller wrote, short enough to repeat in a message.
const char* clipped(const char* text);

/// Runs `body` (pure C++), lets its destructors run, and returns what it threw, if anything.
template <class Body>
Failure caught(Body&& body) {
  Failure failure;
  try {
    body();
  } catch (...) {
    describe_current_exception(failure);
  }
  return failure;
}

/// The same, and only then raises it.
template <class Body>
void guarded(Body&& body) {
  const Failure failure = caught(body);
  if (failure.sqlstate != 0) raise(failure);
}

/// Ends the process when the postmaster is gone: what waits for the client notices that by itself, what computes does
/// not, and as long as it lives the server cannot be started again. Only between steps, when nothing is half done.
void end_without_postmaster();

/// One guarded step of something that works in small ones, if there is any left; true when there is none after it.
template <class Work>
bool guarded_step(Work* work) {
  end_without_postmaster();
  bool done = false;
  guarded([&] {
    if (!work->done()) work->step();
    done = work->done();
  });
  return done;
}

/// All its steps, with a chance to cancel before each; there may be none.
template <class Work>
void run_to_end(Work* work) {
  bool done = false;
  guarded([&] { done = work->done(); });
  while (!done) {
    CHECK_FOR_INTERRUPTS();
    done = guarded_step(work);
  }
}

/// The extension's own SQLSTATE class.
inline constexpr int kNoModel = MAKE_SQLSTATE('M', 'G', '0', '0', '1');
inline constexpr int kTooLittleHistory = MAKE_SQLSTATE('M', 'G', '0', '0', '2');
inline constexpr int kModelMismatch = MAKE_SQLSTATE('M', 'G', '0', '0', '3');

}  // namespace glucose::pg
