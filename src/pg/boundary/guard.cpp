// SPDX-License-Identifier: PostgreSQL
#include "pg/boundary/guard.hpp"

#include <cstdio>
#include <exception>
#include <new>

#include "core/base/error.hpp"

extern "C" {
#include "storage/ipc.h"
#include "storage/pmsignal.h"
}

namespace glucose::pg {

namespace {

int sqlstate_of(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::bad_argument:
      return ERRCODE_INVALID_PARAMETER_VALUE;
    case ErrorCode::out_of_range:
      return ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE;
    case ErrorCode::too_little_history:
      return kTooLittleHistory;
    case ErrorCode::model_mismatch:
      return kModelMismatch;
    case ErrorCode::out_of_memory:
      return ERRCODE_OUT_OF_MEMORY;
    case ErrorCode::not_available:
      return ERRCODE_FEATURE_NOT_SUPPORTED;
    case ErrorCode::internal:
      break;
  }
  return ERRCODE_INTERNAL_ERROR;
}

void fill(Failure& failure, int sqlstate, const char* message, const char* hint = "",
          const char* detail = "") noexcept {
  failure.sqlstate = sqlstate;
  std::snprintf(failure.message, sizeof failure.message, "%s", message);
  std::snprintf(failure.hint, sizeof failure.hint, "%s", hint);
  std::snprintf(failure.detail, sizeof failure.detail, "%s", detail);
}

}  // namespace

void describe_current_exception(Failure& failure) noexcept {
  try {
    throw;
  } catch (const Error& error) {
    fill(failure, sqlstate_of(error.code()), error.what(), error.hint().c_str(), error.detail().c_str());
  } catch (const std::bad_alloc&) {
    fill(failure, ERRCODE_OUT_OF_MEMORY, "out of memory");
  } catch (const std::exception& error) {
    fill(failure, ERRCODE_INTERNAL_ERROR, error.what());
  } catch (...) {
    fill(failure, ERRCODE_INTERNAL_ERROR, "unrecognized C++ exception");
  }
}

void end_without_postmaster() {
  if (IsUnderPostmaster && !PostmasterIsAlive()) proc_exit(1);
}

int statements_running = 0;

namespace {
constexpr int kNotPlainly = -1;
int failed_under = kNotPlainly;  // so many statements
}  // namespace

void failing_plainly() {
  failed_under = statements_running;
}
bool failed_plainly(int statements) {
  return failed_under == statements;
}
void forget_failure() {
  failed_under = kNotPlainly;
}

void raise(const Failure& failure) {
  // The fixed buffer may have cut a multi-byte character in two.
  const auto length = static_cast<int>(strlen(failure.message));
  char* message = pnstrdup(failure.message, static_cast<Size>(pg_mbcliplen(failure.message, length, length)));
  failing_plainly();
  ereport(ERROR, (errcode(failure.sqlstate), errmsg_internal("%s", message),
                  failure.detail[0] != '\0' ? errdetail_internal("%s", failure.detail) : 0,
                  failure.hint[0] != '\0' ? errhint("%s", failure.hint) : 0));
  pg_unreachable();
}

const char* clipped(const char* text) {
  constexpr int kShown = 64;
  const auto length = static_cast<int>(strlen(text));
  return length <= kShown ? text : pnstrdup(text, static_cast<Size>(pg_mbcliplen(text, length, kShown)));
}

}  // namespace glucose::pg
