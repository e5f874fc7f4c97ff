// SPDX-License-Identifier: PostgreSQL
// A period of a person's readings, as it is asked for and as it is read.
#pragma once
#include "core/seeing/summary.hpp"
#include "pg/tables/read.hpp"

namespace glucose::pg {

/// What is looked at where nothing else is said.
inline constexpr int kUsualDays = kEnoughDays;

/// begin <= measured_at < end; infinite where nothing bounds it.
struct Period {
  TimestampTz begin, end;
};

/// An argument that may be NULL: nullptr then, else `at`.
const TimestampTz* optional_time(FunctionCallInfo fcinfo, int i, TimestampTz* at);

/// Without an end: up to the newest reading, that included; without a beginning: the days before the end. Raises 22023
/// for a period without time.
Period period_of(const Person& person, const TimestampTz* begin, const TimestampTz* end, int n_days);

struct Samples {
  SensorValue* rows;
  size_t n;
  std::span<const SensorValue> all() const { return {rows, n}; }
};

/// The readings of a period, settled. Raises 53200 above glucose.max_train_memory.
Samples read_samples(const Person& person, const Period& period);

}  // namespace glucose::pg
