// SPDX-License-Identifier: PostgreSQL
// Irregular readings → glucose at a wanted moment. Readings are sorted by measured_at; equal times are averaged.
#pragma once
#include <limits>
#include <span>

#include "core/base/types.hpp"

namespace glucose {

/// The gap rule: a reading farther than this from the wanted moment says nothing about it.
inline constexpr Micros kReachOfReading = 15 * kMinute;

/// Glucose at `at` from what was known at `as_of` (recorded by then): linear between the nearest reading on each
/// side when both are within reach, the one there is when only one is, NaN (unknown) when none is.
/// in: readings sorted by time, none later than `as_of` is used · out: mg/dL or NaN
float glucose_at(std::span<const Reading> readings, Micros at, Micros as_of);

/// What happened at `at`: linear between readings within reach on *both* sides (one exactly there is enough), else NaN.
/// Readings that were not there yet at `as_of` do not count.
float outcome_at(std::span<const Reading> readings, Micros at, Micros as_of = std::numeric_limits<Micros>::max());

/// `steps` values at at − (steps−1)·step … at, oldest first, by glucose_at(…, as_of = at).
void glucose_window(std::span<const Reading> readings, Micros at, Micros step, std::span<float> out);

/// Those measured at since < t <= until.
std::span<const Reading> readings_within(std::span<const Reading> readings, Micros since, Micros until);

/// Whether anything was measured from < t <= until, whenever it was recorded.
bool was_measured(std::span<const Reading> readings, Micros from, Micros until);

/// What to do about history of which the database seems to have learnt only now.
inline constexpr const char* kImportHint =
    "Import history with recorded_at NULL: UPDATE glucose.glucose_reading SET recorded_at = NULL WHERE person_id = ... "
    "AND recorded_at > measured_at + interval '1 hour'.";

}  // namespace glucose
