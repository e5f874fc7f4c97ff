// SPDX-License-Identifier: PostgreSQL
#include "pg/tables/rate_limits.hpp"

#include "pg/boundary/guard.hpp"
#include "pg/tables/identity.hpp"
#include "pg/tables/kept_calls.hpp"

extern "C" {
#include "access/parallel.h"
#include "access/xlog.h"
#include "catalog/pg_proc.h"
}

namespace glucose::pg {

namespace {

const Declared* first_declared = nullptr;
bool nothing_counts = false;

constexpr const char* kCostNames[kCosts] = {"prediction", "expensive"};
constexpr const char* kManyOf[kCosts] = {"forecasts", "expensive calls"};
constexpr const char* kSettings[kCosts] = {"glucose.rate_limit_predictions", "glucose.rate_limit_expensive"};

// Nobody known is one more to count, until the function says that it answers only whom it knows.
const char* asker() {
  const char* identity = current_identity();
  return identity != nullptr ? identity : psprintf("(role %s)", GetUserNameFromId(GetUserId(), true));
}

// What reads writes nothing, not even that it was called.
bool may_write(FunctionCallInfo fcinfo) {
  return !XactReadOnly && !RecoveryInProgress() && !IsInParallelMode() && fcinfo->flinfo != nullptr &&
         func_volatile(fcinfo->flinfo->fn_oid) == PROVOLATILE_VOLATILE;
}

[[noreturn]] void raise_too_often(Cost cost, TimestampTz wait) {
  const int kind = static_cast<int>(cost);
  const auto seconds = static_cast<int>((wait + USECS_PER_SEC - 1) / USECS_PER_SEC);
  forget_failure();  // nothing that concerns one person only
  ereport(ERROR, (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED), errmsg("rate limit exceeded for %s", kManyOf[kind]),
                  errdetail("One identity may ask for %d in a minute (%s).", limit_of(cost), kSettings[kind]),
                  errhint_plural("Try again in %d second.", "Try again in %d seconds.",
                                 static_cast<unsigned long>(seconds), seconds)));
  pg_unreachable();
}

bool is_under_way() {
  for (const ErrorContextCallback* c = error_context_stack; c != nullptr; c = c->previous)
    if (c->callback == say_nothing) return true;
  return false;
}

void put_bucket(const ReturnSetInfo* result, const char* identity, Cost cost, int available, TimestampTz next_at) {
  Datum values[5] = {CStringGetTextDatum(identity), CStringGetTextDatum(kCostNames[static_cast<int>(cost)]),
                     Int32GetDatum(limit_of(cost)), Int32GetDatum(available), TimestampTzGetDatum(next_at)};
  bool nulls[5] = {false, false, false, false, available > 0};
  tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

void put_shared_buckets(const ReturnSetInfo* result, const char* identity, TimestampTz now) {
  int n;
  const SharedBuckets* all = read_shared_buckets(identity, &n);
  for (int i = 0; i < n; ++i)
    for (int kind = 0; kind < kCosts; ++kind) {
      TokenBucket bucket = all[i].buckets[kind];
      const int limit = limit_of(static_cast<Cost>(kind));
      if (limit == 0 || bucket.is_full(now)) continue;
      const int available = bucket.available(limit, now);
      put_bucket(result, all[i].identity, static_cast<Cost>(kind), available, now + bucket.take(limit, now));
    }
}

void put_kept_calls(const ReturnSetInfo* result, const char* identity, TimestampTz now) {
  for (int kind = 0; kind < kCosts; ++kind) {
    const auto cost = static_cast<Cost>(kind);
    const int limit = limit_of(cost);
    if (limit == 0) continue;
    begin_for_policy(Volatility::is_volatile);
    const KeptCalls calls = read_kept_calls(identity, kCostNames[kind], limit, now);
    for (uint64 i = 0; i < calls.n; ++i)
      put_bucket(result, calls.identities[i], cost, limit - calls.counts[i], now + calls.waits[i]);
    end(Volatility::is_volatile);
  }
}

}  // namespace

Declared::Declared(const char* function, Cost kind) : name(function), cost(kind), next(first_declared) {
  first_declared = this;
}

void count_call(Cost cost, FunctionCallInfo fcinfo) {
  if (nothing_counts || is_under_way() || caller_is_steward()) return;
  const TimestampTz now = GetCurrentTimestamp();
  TimestampTz wait = 0;
  if (have_shared_buckets())
    wait = take_shared_token(asker(), cost, limit_of(cost), now);
  else if (may_write(fcinfo))
    wait = keep_call(asker(), kCostNames[static_cast<int>(cost)], limit_of(cost), now);
  if (wait > 0) raise_too_often(cost, wait);
}

void say_nothing(void*) {}

void require_counted() {
  if (nothing_counts || is_under_way()) return;
  elog(ERROR, "a function that computes has not said what it costs: see COUNTED_FUNCTION");
}

void count_nothing() {
  nothing_counts = true;
}

}  // namespace glucose::pg

using namespace glucose::pg;

SQL_FUNCTION(call_costs) {
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  InitMaterializedSRF(fcinfo, 0);
  for (const Declared* d = first_declared; d != nullptr; d = d->next) {
    Datum values[2] = {CStringGetTextDatum(d->name), CStringGetTextDatum(kCostNames[static_cast<int>(d->cost)])};
    bool nulls[2] = {};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
  }
  return static_cast<Datum>(0);
}

// Of others only who decides about all is told.
SQL_FUNCTION(rate_limits) {
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  InitMaterializedSRF(fcinfo, 0);
  const char* identity = caller_is_steward() ? nullptr : asker();
  const TimestampTz now = GetCurrentTimestamp();
  if (have_shared_buckets())
    put_shared_buckets(result, identity, now);
  else
    put_kept_calls(result, identity, now);
  return static_cast<Datum>(0);
}
