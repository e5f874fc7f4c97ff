// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "pg/work/import.hpp"

namespace glucose::pg {

/// A reading on its way into the table; `place` is where it stands in the arrays, from 1.
struct ArrivingReading {
  TimestampTz at;
  float mg_dl;
  int32 place;
};

struct GivenReadings {
  ArrivingReading* rows;
  int n;
};

/// Of two arrays those readings that the table takes, in mg/dL and in the order of time; the last of a moment wins.
/// What is refused is noted. Raises 22023 for arrays of several dimensions or of unequal length.
GivenReadings read_given_readings(ArrayType* measured_at, ArrayType* mg_dl, const ImportOptions& options, Tally& tally);

/// Writes them, as the caller.
void import_readings(const pg_uuid_t* person_id, const GivenReadings& given, const ImportOptions& options,
                     Tally& tally);

}  // namespace glucose::pg
