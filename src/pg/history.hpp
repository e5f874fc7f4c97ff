// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "core/dataset.hpp"
#include "pg/read.hpp"

namespace glucose::pg {

/// One person's rows for samples in a period, and what they amount to.
struct History {
  Person person;
  Meals meals;
  Readings readings;
  TimestampTz start_at, end_at;
  double days;  // between the first and the last reading of the period
};

/// Reads what samples with start_at <= eaten_at < end_at need: meals and readings from 30 days before, readings up to
/// the longest horizon after. -infinity and infinity are allowed. Raises 28000, P0002, 53200.
History read_history(const pg_uuid_t* person_id, TimestampTz start_at, TimestampTz end_at, int longest_horizon_min,
                     MemoryContext context);

/// The samples of a history, built in small steps with interrupts polled in between; owned by `context`.
std::vector<Sample>* build_samples(const History& history, const int* horizons_min, int n_horizons,
                                   MemoryContext context);

}  // namespace glucose::pg
