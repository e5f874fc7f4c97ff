// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "core/tasks/meal/features/dataset.hpp"
#include "core/tasks/meal/features/features.hpp"
#include "pg/tables/read.hpp"

namespace glucose::pg {

/// One person's rows for samples in a period, and what they amount to.
struct History {
  Person person;
  Meals meals;
  Readings readings;
  TimestampTz start_at, end_at;
  double days;  // between the first and the last reading of the period
};

/// How far back of a moment its features look: 30 days, and a little around where they begin, which decides what is
/// known there. With less, the same meal would have other features than in training.
inline constexpr int kFeatureDays = kBaselineDays + 1;

/// Reads what samples with start_at <= eaten_at < end_at need: meals and readings from kFeatureDays before, readings up
/// to the longest horizon (and the end of the curve) after. -infinity and infinity are allowed. Raises 28000, P0002,
/// 53200.
History read_history(const pg_uuid_t* person_id, TimestampTz start_at, TimestampTz end_at, int longest_horizon_min,
                     MemoryContext context);

/// What a model is to remember of the time before `start_at` begins here: as far back as serving follows.
inline constexpr int kFollowedDays = 30;
TimestampTz remembering_from(TimestampTz start_at);

/// The samples of a history, built in small steps with interrupts polled in between; owned by `context`.
/// whole: each outcome has to be known; else one is enough.
/// With `any`, they are those known at `as_of`.
enum class Outcomes { whole, any };
std::vector<Sample>* build_samples(const History& history, const int* horizons_min, int n_horizons,
                                   MemoryContext context, Outcomes outcomes = Outcomes::whole,
                                   TimestampTz as_of = DT_NOEND);

}  // namespace glucose::pg
