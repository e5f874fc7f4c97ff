// SPDX-License-Identifier: PostgreSQL
// The aggregate cgm_summary: readings of any query, in any order and in parts, as a glucose_summary.
#include "pg/boundary/guard.hpp"
#include "pg/work/statistics.hpp"

using namespace glucose::pg;
using glucose::SensorValue;
using glucose::Summary;

namespace {

/// The readings themselves: whether one is before a gap, or ends an episode, says only who stands beside it in the end.
/// In memory of the server's, so that it knows how much its groups take.
struct State {
  MemoryContext context;
  SensorValue* rows;
  int64 n, capacity;
  int64 sorted;  // of the first: in order, none twice
};

// Half of what fits into one piece of memory: parts are put together.
constexpr int64 kMostReadings = static_cast<int64>(MaxAllocSize / sizeof(SensorValue) / 2);
constexpr Size kSampleBytes = sizeof(int64) + sizeof(float4);
constexpr uint32 kMagic = 0x63677331;  // "cgs1"

MemoryContext aggregate_context(FunctionCallInfo fcinfo) {
  MemoryContext context = nullptr;
  if (AggCheckCallContext(fcinfo, &context) == 0)
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("this is a part of an aggregate"),
                    errhint("Call glucose.cgm_summary(measured_at, mg_dl).")));
  return context;
}

State* new_state(MemoryContext context, int64 capacity) {
  auto* state = static_cast<State*>(MemoryContextAllocZero(context, sizeof(State)));
  state->context = context;
  state->capacity = std::max<int64>(capacity, 64);
  state->rows =
      static_cast<SensorValue*>(MemoryContextAlloc(context, static_cast<Size>(state->capacity) * sizeof(SensorValue)));
  return state;
}

void make_room(State* state, int64 more) {
  const int64 needed = state->n + more;
  if (needed <= state->capacity) return;
  if (needed > kMostReadings)
    ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("too many readings in one group"),
                    errhint("Group them by person, or by a shorter time.")));
  state->capacity = std::min(kMostReadings, std::max(needed, state->capacity * 2));
  state->rows =
      static_cast<SensorValue*>(repalloc(state->rows, static_cast<Size>(state->capacity) * sizeof(SensorValue)));
}

void settle(State* state) {
  if (state->sorted == state->n) return;
  guarded([&] {
    state->n = static_cast<int64>(
        glucose::settle({state->rows, static_cast<size_t>(state->n)}, static_cast<size_t>(state->sorted)));
  });
  state->sorted = state->n;
}

void require_reading(TimestampTz measured_at, float4 mg_dl) {
  if (TIMESTAMP_NOT_FINITE(measured_at))
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"%s\" must be a finite time", "measured_at")));
  if (!(mg_dl >= glucose::kGlucoseLow && mg_dl <= glucose::kGlucoseHigh))
    ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE), errmsg("\"mg_dl\" must be from 20 to 600"),
                    errhint("glucose.to_mg_dl(value, 'mmol/L') converts what is in mmol/L.")));
}

State* state_argument(FunctionCallInfo fcinfo, int i) {
  return PG_ARGISNULL(i) ? nullptr : reinterpret_cast<State*>(PG_GETARG_POINTER(i));
}

}  // namespace

SQL_FUNCTION(cgm_summary_add) {
  MemoryContext context = aggregate_context(fcinfo);
  State* state = state_argument(fcinfo, 0);
  if (PG_ARGISNULL(1) || PG_ARGISNULL(2)) {
    if (state == nullptr) PG_RETURN_NULL();
    PG_RETURN_POINTER(state);
  }
  const TimestampTz measured_at = PG_GETARG_TIMESTAMPTZ(1);
  const float4 mg_dl = PG_GETARG_FLOAT4(2);
  require_reading(measured_at, mg_dl);
  if (state == nullptr) state = new_state(context, 0);
  make_room(state, 1);
  // Most come in order; then there is nothing to be sorted in the end.
  const bool follows = state->n == 0 || state->rows[state->n - 1].at < measured_at;
  if (state->sorted == state->n && follows) ++state->sorted;
  state->rows[state->n++] = {measured_at, mg_dl};
  PG_RETURN_POINTER(state);
}

SQL_FUNCTION(cgm_summary_combine) {
  MemoryContext context = aggregate_context(fcinfo);
  State *left = state_argument(fcinfo, 0), *right = state_argument(fcinfo, 1);
  if (right == nullptr) {
    if (left == nullptr) PG_RETURN_NULL();
    PG_RETURN_POINTER(left);
  }
  if (left == nullptr) left = new_state(context, right->n);
  make_room(left, right->n);
  if (left->n == 0) left->sorted = right->sorted;
  std::copy(right->rows, right->rows + right->n, left->rows + left->n);
  left->n += right->n;
  PG_RETURN_POINTER(left);
}

// Settled, so that it is as short as it can be. In network order, since parts may come from other machines.
SQL_FUNCTION(cgm_summary_serial) {
  (void)aggregate_context(fcinfo);
  State* state = state_argument(fcinfo, 0);
  settle(state);
  StringInfoData out;
  pq_begintypsend(&out);
  enlargeStringInfo(&out, static_cast<int>(static_cast<Size>(state->n) * kSampleBytes + sizeof kMagic));
  pq_sendint32(&out, kMagic);
  for (int64 i = 0; i < state->n; ++i) {
    pq_sendint64(&out, static_cast<uint64>(state->rows[i].at));
    pq_sendfloat4(&out, state->rows[i].mg_dl);
  }
  PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

SQL_FUNCTION(cgm_summary_deserial) {
  (void)aggregate_context(fcinfo);
  bytea* bytes = PG_GETARG_BYTEA_PP(0);
  StringInfoData in;
  initStringInfo(&in);
  appendBinaryStringInfo(&in, VARDATA_ANY(bytes), static_cast<int>(VARSIZE_ANY_EXHDR(bytes)));
  const auto size = static_cast<Size>(in.len);
  if (size < sizeof kMagic || (size - sizeof kMagic) % kSampleBytes != 0 || pq_getmsgint(&in, 4) != kMagic)
    ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION), errmsg("this is no state of cgm_summary")));
  const auto n = static_cast<int64>((size - sizeof kMagic) / kSampleBytes);
  State* state = new_state(CurrentMemoryContext, 0);
  make_room(state, n);
  for (; state->n < n; ++state->n) {
    const auto at = static_cast<TimestampTz>(pq_getmsgint64(&in));
    const float4 mg_dl = pq_getmsgfloat4(&in);
    require_reading(at, mg_dl);
    state->rows[state->n] = {at, mg_dl};
  }
  pfree(in.data);
  PG_RETURN_POINTER(state);
}

// Settling leaves the state what it is, so that as a window's it may go on.
SQL_FUNCTION(cgm_summary_final) {
  (void)aggregate_context(fcinfo);
  State* state = state_argument(fcinfo, 0);
  if (state != nullptr) settle(state);
  const size_t n = state != nullptr ? static_cast<size_t>(state->n) : 0;
  const StatisticsOptions options;
  Summary summary;
  guarded([&] {
    summary = glucose::summary_of(glucose::stretch_of({n > 0 ? state->rows : nullptr, n}), options.targets);
  });
  TupleDesc row;
  if (get_call_result_type(fcinfo, nullptr, &row) != TYPEFUNC_COMPOSITE) elog(ERROR, "return type must be a row type");
  Datum values[kSummaryColumns];
  bool nulls[kSummaryColumns];
  put_summary(summary, options, values, nulls);
  PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), values, nulls)));
}
