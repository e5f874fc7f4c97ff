// SPDX-License-Identifier: PostgreSQL
// How often one identity may ask for what costs: each function that computes forecasts or trainings says so where it is
// defined, by COUNTED_FUNCTION instead of SQL_FUNCTION, and is counted there and nowhere else.
#pragma once
#include "pg/boundary/settings.hpp"
#include "pg/boundary/shared_buckets.hpp"

namespace glucose::pg {

/// What a function has said of itself, for call_costs(); a list of all of them.
struct Declared {
  const char* name;
  Cost cost;
  const Declared* next;
  Declared(const char* function, Cost kind);
};

/// Counts a call for who asks; raises 53400 with when to try again. Not counted: the owner of the tables, stewards who
/// manage and superusers, background workers, and what a counted function calls to do its work.
void count_call(Cost cost, FunctionCallInfo fcinfo);

inline int limit_of(Cost cost) {
  return cost == Cost::prediction ? settings::rate_limit_predictions : settings::rate_limit_expensive;
}

/// A name in the stack of error contexts that says nothing: an error unwinds it, as it does every other.
void say_nothing(void*);

/// Runs the body of a counted function.
inline Datum counted(FunctionCallInfo fcinfo, PGFunction body, Cost cost) {
  if (limit_of(cost) > 0) count_call(cost, fcinfo);
  ErrorContextCallback mark = {error_context_stack, say_nothing, nullptr};
  error_context_stack = &mark;
  const Datum result = body(fcinfo);
  error_context_stack = mark.previous;
  return result;
}

/// Raises XX000 unless a counted function is under way: called by what loads a model or reads for a training, so that a
/// new function that does either cannot forget to say what it costs.
void require_counted();

/// In a process that works on its own account, a background worker: nothing there is counted.
void count_nothing();

}  // namespace glucose::pg

/// Defines a function callable from SQL that counts as a prediction or as expensive.
#define COUNTED_FUNCTION(name, kind)                                                  \
  static Datum counted_##name(PG_FUNCTION_ARGS);                                      \
  static const glucose::pg::Declared declared_##name(#name, glucose::pg::Cost::kind); \
  SQL_FUNCTION(name) {                                                                \
    return glucose::pg::counted(fcinfo, counted_##name, declared_##name.cost);        \
  }                                                                                   \
  static Datum counted_##name(PG_FUNCTION_ARGS)
